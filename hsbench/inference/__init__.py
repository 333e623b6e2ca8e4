"""Use of a trained cell, or of an exported file, on any sound."""
