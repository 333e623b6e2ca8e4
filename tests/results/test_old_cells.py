"""Cells that 28dda25 wrote are the cells of today: the same keys, nothing to compute, the same sound."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

import hsbench
from hsbench import registry
from hsbench.corpora.demo import DATA
from hsbench.planning import plan
from hsbench.planning.changes import parse
from hsbench.planning.request import Request
from hsbench.planning.selection import select
from hsbench.results.store import Results
from hsbench.spec import Cell, Resources

OLD = Path(__file__).parent.parent / "fixtures" / "28dda25"
REQUEST = Request(("table2d", "table2b"), budget="smoke", limit=2)


@pytest.fixture
def results():
    return Results(OLD / "results")


def test_the_key_of_every_specification_is_the_one_that_its_folder_was_named_by(results):
    cells = results.cells()
    assert len(cells) == 8
    for name in cells:
        cell = results.folder(name).spec()
        assert cell.folder == name
        assert cell.document() == json.loads((results.folder(name).path / "spec.json").read_text())


def test_a_plan_of_today_finds_every_cell_done(results):
    made = plan.make(select(REQUEST), results, Resources())
    assert sorted(planned.cell.folder for planned in made.cells) == results.cells()
    assert {(planned.state, planned.rebuilds, planned.scores) for planned in made.cells} == {("done", 0, 0)}


def test_a_score_that_is_gone_is_pending_and_needs_its_clip_rebuilt(results, tmp_path):
    shutil.copytree(results.root, tmp_path / "results")
    copy = Results(tmp_path / "results")
    name = next(name for name in copy.cells() if name.startswith("inr-siren"))
    path = copy.folder(name).path / "scores.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[1:]))
    made = plan.make(select(REQUEST), copy, Resources())
    assert {planned.cell.folder: planned.state for planned in made.cells if planned.pending} == {name: "partial"}
    assert {(planned.rebuilds, planned.scores) for planned in made.cells if planned.pending} == {(1, 1)}


def test_an_exported_network_gives_the_same_samples():
    network = hsbench.load(OLD / "network.safetensors", device="cpu")
    sound, rate = soundfile.read(DATA / "k03" / "k03_001.flac", dtype="float32")
    with pytest.warns(UserWarning, match="collapsed"):
        rebuilt = network.reconstruct(sound, rate)
    wanted, wanted_rate = soundfile.read(OLD / "reconstruction.flac", dtype="float64")
    assert network.sample_rate == wanted_rate
    np.testing.assert_allclose(rebuilt, wanted, rtol=0, atol=1e-5)


@pytest.fixture
def grown(monkeypatch):
    """Gives `inr-siren` two settings that came after 28dda25: one of the model and one of its training."""
    old = registry.model("inr-siren")
    budgets = {name: {**training, "finetune_bits": 0} for name, training in old.budgets.items()}
    new = dataclasses.replace(
        old,
        defaults={**old.defaults, "first_hz": None},
        budgets=budgets,
        neutral={"first_hz": None, "finetune_bits": 0},
    )
    monkeypatch.setitem(registry._table("models"), "inr-siren", new)
    return new


def cell_of(**changes) -> Cell:
    request = Request(("table2d",), budget="smoke", limit=2, **changes)
    made = plan.make(select(request), Results(Path("nowhere")), Resources())
    (found,) = [planned.cell for planned in made.cells if planned.cell.model.name == "inr-siren"]
    return found


def test_a_new_setting_at_its_neutral_value_keeps_the_key(results, grown):
    cell = cell_of()
    assert cell.folder in results.cells()
    assert "first_hz" not in dict(cell.model.settings)
    assert grown.model_settings(dict(cell.model.settings))["first_hz"] is None
    assert grown.training_settings(dict(cell.budget.settings), "smoke")["finetune_bits"] == 0


@pytest.mark.parametrize("change", ["inr-siren.first_hz=1700", "inr-siren.finetune_bits=8"])
def test_a_new_setting_at_another_value_makes_another_cell(results, grown, change):
    cell = cell_of(changes=parse([change]))
    assert cell.folder not in results.cells()
    assert change.split(".")[1].split("=")[0] in {**dict(cell.model.settings), **dict(cell.budget.settings)}


def test_a_new_default_that_is_not_neutral_makes_another_cell(results, grown, monkeypatch):
    moved = dataclasses.replace(grown, defaults={**grown.defaults, "first_hz": 1700.0})
    monkeypatch.setitem(registry._table("models"), "inr-siren", moved)
    assert cell_of().folder not in results.cells()
    assert cell_of(changes={"inr-siren": {"first_hz": None}}).folder in results.cells()
