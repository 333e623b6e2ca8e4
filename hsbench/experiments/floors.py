"""The floors of a table: rows that know nothing of a clip but its level, which show what a value is worth."""

from __future__ import annotations

from hsbench.spec import FLOOR_MODELS, Row

FLOORS = tuple(Row(model, model) for model in FLOOR_MODELS)
"""White noise at the level of each clip, and silence."""

SHORT_TRAININGS = ("smoke", "quick")
"""Budgets whose trainings are too short for held-out clips; tables show the clips of the training beside them."""
