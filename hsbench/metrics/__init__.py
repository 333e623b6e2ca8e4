"""Metrics: pure functions (reference [samples], estimate [samples], sample_rate) -> float, one value per clip."""
