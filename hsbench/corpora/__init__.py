"""Corpora: who speaks, where each clip lies, which clips validate."""
