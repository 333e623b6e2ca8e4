"""The start of individual INRs in cells: keys, plans and `hsbench.fit_inr`."""

from pathlib import Path

import numpy as np
import pytest

import hsbench
from hsbench import registry, widths
from hsbench.errors import UsageError
from hsbench.models.inr.descriptors import START
from hsbench.planning import plan
from hsbench.planning.changes import parse
from hsbench.planning.request import Request
from hsbench.planning.selection import select
from hsbench.results.store import Results
from hsbench.spec import Resources
from hsbench.testing.model import check_model

BEFORE = {
    "inr-fmlp--demo--smoke--s0--60e03b643435",
    "inr-siren--demo--smoke--s0--b2aa573488c9",
    "inr-fmlp--demo--quick--s0--80b5a9c8d4df",
    "inr-siren--demo--quick--s0--fed9daf8375d",
    "inr-fmlp--demo--standard--s0--960d145975ca",
    "inr-siren--demo--standard--s0--a73467e2432c",
    "inr-fmlp--demo--paper--s0--ad7a5d3fca90",
    "inr-siren--demo--paper--s0--70529558409b",
}
"""Cells of Table 2d before there was a choice of the start; those of the long budgets were in fp32."""


def planned(budget, *changes):
    """The plan of the two INRs of Table 2d."""
    if budget in ("standard", "paper"):
        changes = (*changes, "inr-fmlp.precision=fp32", "inr-siren.precision=fp32")
    protocol = "fixed-1" if budget in ("smoke", "quick") else None
    request = Request(("table2d",), budget=budget, protocol=protocol, limit=2, changes=parse(list(changes)))
    made = plan.make(select(request), Results(Path("nowhere")), Resources())
    return made, {p.cell.model.name: p.cell for p in made.cells if p.cell.model.name.startswith("inr-")}


def test_a_random_start_leaves_every_key_as_it_was():
    cells = {cell.folder for budget in ("smoke", "quick", "standard", "paper") for cell in planned(budget)[1].values()}
    assert cells == BEFORE


def test_settings_of_the_training_do_not_matter_to_a_random_start():
    _, cells = planned("quick", "inr-siren.start_steps=7", "inr-siren.start_rate=0.5")
    assert cells["inr-siren"].folder in BEFORE


def test_a_learned_start_is_another_cell_and_says_how_it_was_learned():
    _, cells = planned("quick", "inr-siren.start=learned")
    cell = cells["inr-siren"]
    assert cell.folder not in BEFORE
    assert cells["inr-fmlp"].folder in BEFORE
    assert dict(cell.model.settings)["start"] == "learned"
    assert set(START) <= set(dict(cell.budget.settings))
    _, others = planned("quick", "inr-siren.start=learned", "inr-siren.start_steps=7")
    assert others["inr-siren"].key != cell.key
    _, same = planned("quick", "inr-siren.start=learned", "inr-siren.shared_start=true")
    assert same["inr-siren"].key == cell.key


@pytest.mark.parametrize(("start", "listed"), [("random", False), ("learned", True)])
def test_only_a_learned_start_departs_from_the_start_of_the_paper_budget(start, listed):
    made, _ = planned("quick", f"inr-siren.start={start}")
    (row,) = [row for view in made.views for row in view.rows if row.model == "inr-siren"]
    assert any(departure.startswith("start_") for departure in row.departures) == listed


def test_the_estimate_counts_the_training_of_the_start():
    descriptor = registry.model("inr-siren")
    settings = {**descriptor.defaults, "width": 90}
    training = descriptor.budgets["quick"]
    learned = widths.individual(settings, training, 32768)
    random = widths.individual(settings, {**training, **dict.fromkeys(START)}, 32768)
    assert learned.each == random.each
    assert random.shared == 0
    steps = training["start_steps"] * training["start_batch"] * training["start_inner_steps"]
    own = training["steps"] * training["coordinates"] / training["start_coordinates"]
    assert learned.shared / learned.each == pytest.approx(steps / own)


def test_one_sound_has_nothing_to_learn_a_start_from():
    tone = np.sin(np.arange(1000) / 5).astype(np.float32)
    with pytest.raises(UsageError, match="start=learned needs a training split to learn from"):
        hsbench.fit_inr("inr-siren", tone, 22050, budget="smoke", width=8, layers=2, start="learned")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["inr-fmlp", "inr-siren"])
def test_it_meets_the_requirements_of_a_model(name):
    settings = {"start": "learned", "width": 16, "layers": 2}
    check_model(name, settings=settings, training={"steps": 20, "start_steps": 5}, samples=4096)
