"""The claims of the HyperSound paper as paired experiments: definitions, measurements, intervals and verdicts."""
