"""Experiments: functions that return a view of cells, one file per table or figure."""
