"""From a request to a plan: which cells an experiment needs, and what each of them still lacks."""
