"""Engines: where the worker processes of a plan's cells run."""
