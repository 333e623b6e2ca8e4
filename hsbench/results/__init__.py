"""The results folder: its files, what may stand in them, and what is still missing."""
