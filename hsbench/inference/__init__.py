"""Using a trained cell, or an exported file, on any sound."""
