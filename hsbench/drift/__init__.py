"""Drift checks: blessed baselines, verdicts, and the noise floor that a difference has to exceed."""
