"""Engines: they start the worker processes of a plan's cells, on this machine or on many machines."""
