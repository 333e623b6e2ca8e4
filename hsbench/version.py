"""The version of hsbench and the folder of its package."""

from __future__ import annotations

from pathlib import Path

__version__ = "0.1.0"

PACKAGE = Path(__file__).parent
"""Folder of the package; in a checkout, its parent is the root of the repository."""
