"""Corpora: their recordings and speakers, how clips are cut from them, and which clips are for validation."""
