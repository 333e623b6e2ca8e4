"""From a request to a plan: the cells that an experiment needs, and the work that is still missing in each of them."""
