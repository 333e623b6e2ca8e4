"""The budgets: how much computation an experiment may cost."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from hsbench.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Budget:
    """How much computation an experiment may cost; each model's descriptor has its training settings per budget.

    Attributes:
        name: "smoke", "quick", "standard" or "paper".
        protocol: protocol that is used unless the user names another.
        timeout: seconds after which a cell is stopped, unless --timeout gives another limit; None for no limit.
        summary: description in one line.
    """

    name: str
    protocol: str
    timeout: float | None
    summary: str


BUDGETS: Mapping[str, Budget] = MappingProxyType(
    {
        budget.name: budget
        for budget in (
            Budget("smoke", "fixed", 900.0, "an experiment in a minute on 2 CPU cores"),
            Budget("quick", "fixed", 3600.0, "an experiment in up to twenty minutes on 2 CPU cores"),
            Budget("standard", "reference", 6 * 3600.0, "an experiment in some hours on one GPU"),
            Budget("paper", "reference", None, "exactly the published training"),
        )
    }
)


def budget(name: str) -> Budget:
    """Return the budget of a name.

    Raises:
        UnknownNameError: no budget has the name.
    """
    if name not in BUDGETS:
        raise UnknownNameError("budget", name, BUDGETS)
    return BUDGETS[name]


def default_budget(device: str) -> str:
    """Return the name of the budget that is used where the user names none.

    Args:
        device: "cpu" or "cuda".
    """
    return "standard" if device == "cuda" else "quick"
