"""Clips, files, spectra: what the rest of the house means by sound."""
