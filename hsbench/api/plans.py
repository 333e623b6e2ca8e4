"""Plans: the cells that a request needs and the work that is missing in each. Nothing is computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hsbench.planning import plan as planning
from hsbench.planning import text
from hsbench.planning.resources import resources_of
from hsbench.planning.selection import select
from hsbench.results.store import Results

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import RenderableType

    from hsbench.planning.plan import Plan
    from hsbench.planning.request import Request
    from hsbench.spec import Resources


@dataclass(frozen=True)
class Planned:
    """A plan, in the forms that a reader may want.

    Attributes:
        plan: the cells and their missing work.
        results: the results folder that the plan was made for.
        resources: devices and processes that would compute the cells.
    """

    plan: Plan
    results: Results
    resources: Resources

    def as_text(self) -> str:
        """Return a text table: one line per cell, then the total time."""
        return text.table(self.plan, self.resources)

    def drawn(self, width: int | None = None) -> RenderableType:
        """Return the plan for a terminal, to be printed by a console of rich.

        Args:
            width: columns of the terminal; None shows everything, however wide.
        """
        from rich.console import Group

        from hsbench.report.drawing import listing, paragraph

        cell = len(text.HEAD) - 1
        counts = [text.HEAD.index(name) for name in ("clips to fit", "scores", "estimate")]
        table = listing(text.HEAD, text.lines(self.plan), width, wrapped=1, spare=[cell], right=counts)
        below = text.remarks(self.plan, self.resources)
        return Group(table, *(paragraph(words, width or text.READABLE) for words in below))

    def as_document(self, imports: Sequence[str]) -> dict[str, Any]:
        """Return a JSON document: each cell with its job and the command that computes it.

        Args:
            imports: absolute paths of Python files that register plug-ins.
        """
        return text.document(self.plan, self.results, self.resources, imports)

    def require_possible(self) -> None:
        """Raise if something in the results folder is not possible and was left out of the plan.

        Raises:
            IncompleteError: the message names what was left out.
        """
        self.results.require_possible(self.plan.views)


def make(request: Request, results: Path) -> Planned:
    """Return the plan of a request.

    Args:
        request: the options that the user gave.
        results: the results folder.

    Raises:
        UnknownNameError: an experiment, corpus, budget, protocol, model, metric or setting has no such name.
        UsageError: a value is out of range, or no row matches.
    """
    selections, store = select(request), Results(results)
    resources = resources_of(selections)
    return Planned(planning.make(selections, store, resources), store, resources)
