"""Cells that hsbench wrote at commit 28dda25 are still valid: same keys, nothing to compute, same audio.

A cell of a model whose version was raised since then is an exception: it keeps its key, and is not used any more.
"""

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
REQUEST = Request(
    ("table2d", "table2b"), budget="smoke", protocol="fixed-1", split="validation", filters=("model~-",), limit=2
)


@pytest.fixture
def results():
    return Results(OLD / "results")


def test_every_specification_has_the_key_in_the_name_of_its_folder(results):
    cells = results.cells()
    assert len(cells) == 8
    for name in cells:
        cell = results.folder(name).spec()
        assert cell.folder == name
        assert cell.document() == json.loads((results.folder(name).path / "spec.json").read_text())


def of_present_version(results):
    """Folder names of the cells whose model still has the version that it had at 28dda25."""
    models = {name: results.folder(name).spec().model for name in results.cells()}
    return [name for name, model in models.items() if model.version == registry.model(model.name).version]


def test_a_plan_finds_every_old_cell_done(results):
    cells = plan.make(select(REQUEST), results, Resources()).cells
    done = {planned.cell.folder: (planned.rebuilds, planned.scores) for planned in cells if planned.state == "done"}
    assert done == dict.fromkeys(of_present_version(results), (0, 0))
    assert len(done) >= 6
    assert len(cells) == 8


def test_a_deleted_score_is_pending_and_needs_its_clip_rebuilt(results, tmp_path):
    shutil.copytree(results.root, tmp_path / "results")
    copy = Results(tmp_path / "results")
    name = of_present_version(copy)[0]
    path = copy.folder(name).path / "scores.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[1:]))
    cells = plan.make(select(REQUEST), copy, Resources()).cells
    partial = {
        planned.cell.folder: (planned.rebuilds, planned.scores) for planned in cells if planned.state == "partial"
    }
    assert partial == {name: (1, 1)}


def test_an_exported_network_gives_the_same_samples():
    network = hsbench.load(OLD / "network.safetensors", device="cpu")
    sound, rate = soundfile.read(DATA / "k03" / "k03_001.flac", dtype="float32")
    with pytest.warns(UserWarning, match="collapsed"):
        rebuilt = network.reconstruct(sound, rate)
    expected, expected_rate = soundfile.read(OLD / "reconstruction.flac", dtype="float64")
    assert network.sample_rate == expected_rate
    np.testing.assert_allclose(rebuilt, expected, rtol=0, atol=1e-5)


@pytest.fixture
def new_descriptor(monkeypatch):
    """Add two settings to `inr-siren` that did not exist at 28dda25, one of the model and one of its training."""
    old = dataclasses.replace(registry.model("inr-siren"), version=1)  # the version at 28dda25
    budgets = {name: {**training, "finetune_bits": 0} for name, training in old.budgets.items()}
    new = dataclasses.replace(
        old,
        defaults={**old.defaults, "decay_hz": None},
        budgets=budgets,
        neutral={**old.neutral, "decay_hz": None, "finetune_bits": 0},
    )
    monkeypatch.setitem(registry._table("models"), "inr-siren", new)
    return new


def cell_of(**changes) -> Cell:
    """The SIREN cell of a request for Table 2d."""
    request = Request(("table2d",), budget="smoke", protocol="fixed-1", limit=2, **changes)
    cells = [planned.cell for planned in plan.make(select(request), Results(Path("nowhere")), Resources()).cells]
    (siren,) = [cell for cell in cells if cell.model.name == "inr-siren"]
    return siren


def test_a_new_setting_at_its_neutral_value_keeps_the_key(results, new_descriptor):
    cell = cell_of()
    assert cell.folder in results.cells()
    assert "decay_hz" not in dict(cell.model.settings)
    assert new_descriptor.model_settings(dict(cell.model.settings))["decay_hz"] is None
    assert new_descriptor.training_settings(dict(cell.budget.settings), "smoke")["finetune_bits"] == 0


@pytest.mark.parametrize("change", ["inr-siren.decay_hz=1700", "inr-siren.finetune_bits=8"])
def test_a_new_setting_at_another_value_makes_another_cell(results, new_descriptor, change):
    cell = cell_of(changes=parse([change]))
    assert cell.folder not in results.cells()
    assert change.split(".")[1].split("=")[0] in {**dict(cell.model.settings), **dict(cell.budget.settings)}


def test_a_new_default_that_is_not_neutral_makes_another_cell(results, new_descriptor, monkeypatch):
    moved = dataclasses.replace(new_descriptor, defaults={**new_descriptor.defaults, "decay_hz": 1700.0})
    monkeypatch.setitem(registry._table("models"), "inr-siren", moved)
    assert cell_of().folder not in results.cells()
    assert cell_of(changes={"inr-siren": {"decay_hz": None}}).folder in results.cells()
