"""Drift checks: blessed baselines, verdicts, and the noise that a verdict has to exceed."""
