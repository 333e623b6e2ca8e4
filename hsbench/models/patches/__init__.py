"""INRs of short patches: one small network shared by all clips, and a few numbers per patch that shift its layers."""
