"""Wording of printed text: numbers with their nouns in the singular or plural."""

from __future__ import annotations

from hsbench.planning.text import quantity

__all__ = ["quantity"]
