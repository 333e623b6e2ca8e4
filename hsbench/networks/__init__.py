"""Trained networks as files with a card: their names, where they are looked up, and whether they are whole."""
