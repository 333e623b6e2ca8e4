"""What an option can be: names and labels that help texts show. Nothing heavy is imported."""

from __future__ import annotations

from hsbench.device import EXPERIMENTAL
from hsbench.spec import BUDGETS, PAPER_METRICS

__all__ = ["BUDGETS", "DEVICE_HELP", "EXPERIMENTAL", "PAPER_METRICS"]

DEVICE_HELP = f"auto, cpu or cuda ({EXPERIMENTAL['cuda']})."
