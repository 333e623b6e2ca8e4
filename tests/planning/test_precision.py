"""Precision by budget, and what a table says about it."""

import pytest

from hsbench.planning.plan import make
from hsbench.planning.request import Request
from hsbench.planning.resources import resources_of
from hsbench.planning.selection import select
from hsbench.results.store import Results


@pytest.mark.parametrize(
    ("budget", "precision", "named"),
    [("smoke", "fp32", False), ("quick", "fp32", False), ("standard", "bf16", True), ("paper", "tf32", False)],
)
@pytest.mark.parametrize("experiment", ["table2b", "table2d"])
def test_budgets_have_a_precision_and_tables_name_a_coarser_one(experiment, budget, precision, named, tmp_path):
    """A setting at its neutral value, fp32 for individual INRs, is not written into a cell."""
    selections = select(Request((experiment,), budget=budget))
    plan = make(selections, Results(tmp_path), resources_of(selections))
    learning = [one.cell for one in plan.cells if one.cell.model.name.startswith(("hypersound-", "inr-"))]
    assert learning
    for cell in learning:
        assert dict(cell.budget.settings).get("precision", "fp32") == precision
        assert ("precision" in dict(cell.budget.settings)) == (
            cell.model.name.startswith("hyper") or budget in ("standard", "paper")
        )
    rows = [row for row in plan.views[0].rows if row.model.startswith(("hypersound-", "inr-"))]
    assert {any("precision" in text for text in row.departures) for row in rows} == {named}
