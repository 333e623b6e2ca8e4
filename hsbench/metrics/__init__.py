"""Metrics: pure functions (reference [samples], estimate [samples], sample rate in Hz) -> float, one value per clip."""
