"""From a request to files: plan, cells, store, engine. The only part of hsbench that computes and keeps."""
