"""Possible values of options, for help texts. No large package is imported."""

from __future__ import annotations

from hsbench.budgets import BUDGETS
from hsbench.device import EXPERIMENTAL
from hsbench.spec import PAPER_METRICS

__all__ = ["BUDGETS", "DEVICE_HELP", "EXPERIMENTAL", "PAPER_METRICS"]

DEVICE_HELP = f"Device to compute on: cpu, cuda ({EXPERIMENTAL['cuda']}), or auto (cuda if there is a GPU, else cpu)."
