"""Cells, their keys and their JSON form; budgets; metrics that a budget leaves out."""

import dataclasses
import json

import pytest

from hsbench import budgets
from hsbench.errors import DataError, UnknownNameError
from hsbench.spec import Cell, Experiment, Part, freeze


def cell(**changes):
    parts = {
        "model": Part("toy", 1, freeze({"width": 8, "omega": 30.0})),
        "corpus": Part("demo", 1, freeze({"fingerprint": "abc", "split": "validation"})),
        "budget": Part("quick", 1, freeze({"steps": 10})),
        "protocol": Part("fixed-1", 1, freeze({"inr_loss": "l1"})),
        "seed": 0,
    }
    return Cell(**(parts | changes))


def test_the_key_of_a_cell_never_changes():
    assert cell().key == "f26fcf44c7e8bc4b14bd2264d00f9eb5463d1a87d4cac9be2e59c8886a4f88ae"
    assert cell().key == cell(model=Part("toy", 1, freeze({"omega": 30.0, "width": 8}))).key
    assert cell().folder == f"toy--demo--quick--s0--{cell().key[:12]}"


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"model": Part("toy", 2, freeze({"width": 8, "omega": 30.0}))},
        {"model": Part("toy", 1, freeze({"width": 9, "omega": 30.0}))},
        {"corpus": Part("demo", 1, freeze({"fingerprint": "abd", "split": "validation"}))},
        {"budget": Part("quick", 1, freeze({"steps": 11}))},
        {"protocol": Part("paper", 1, freeze({"inr_loss": "l1"}))},
    ],
)
def test_every_part_enters_the_key(change):
    assert cell(**change).key != cell().key


def test_a_cell_is_unchanged_after_writing_and_reading_json():
    assert Cell.read(json.loads(json.dumps(cell().document()))) == cell()
    assert hash(Cell.read(cell().document())) == hash(cell())


FORMAT = {"fingerprint": "abc", "sample_rate": 22050, "samples": 32768}
TRAINED = {"corpus": Part("vctk", 2, freeze(FORMAT)), "train_corpus": Part("demo", 1, freeze(FORMAT))}


def test_a_training_corpus_enters_the_key_only_where_there_is_one():
    plain, trained = cell(corpus=TRAINED["corpus"]), cell(**TRAINED)
    assert "train_corpus" not in plain.document()
    assert trained.document() == {**plain.document(), "train_corpus": TRAINED["train_corpus"].document()}
    assert trained.key != plain.key
    assert trained.folder == f"toy--vctk--quick--s0--{trained.key[:12]}"
    assert Cell.read(json.loads(json.dumps(trained.document()))) == trained


@pytest.mark.parametrize(
    "part",
    [
        None,
        "demo",
        {},
        {"name": "../demo", "version": 1, "settings": FORMAT},
        {"name": "demo", "version": True, "settings": FORMAT},
        {"name": "demo", "version": 1, "settings": []},
        {"name": "demo", "version": 1, "settings": {**FORMAT, "fingerprint": 7}},
        {"name": "demo", "version": 1, "settings": {**FORMAT, "sample_rate": 44100}},
        {"name": "demo", "version": 1, "settings": {**FORMAT, "sample_rate": 22050.0}},
        {"name": "demo", "version": 1, "settings": {**FORMAT, "samples": 32767}},
        {"name": "demo", "version": 1, "settings": {**FORMAT, "samples": "many"}},
        {"name": "demo", "version": 1, "settings": {"fingerprint": "abc"}},
        {"name": "vctk", "version": 2, "settings": FORMAT},
    ],
)
def test_an_impossible_training_corpus_is_refused_in_a_sentence(part):
    with pytest.raises(DataError, match="lacks or garbles"):
        Cell.read({**cell(**TRAINED).document(), "train_corpus": part})


def test_a_cell_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        cell().seed = 3


def test_a_newer_schema_is_refused_with_advice():
    with pytest.raises(DataError, match="schema 2 and this hsbench reads up to 1; install a newer"):
        Cell.read(cell().document() | {"schema": 2})


@pytest.mark.parametrize("missing", ["model", "corpus", "seed"])
def test_a_specification_without_a_part_is_refused(missing):
    document = cell().document()
    del document[missing]
    with pytest.raises(DataError, match="lacks or garbles"):
        Cell.read(document)


def test_the_error_of_an_unknown_budget_suggests_a_known_one():
    with pytest.raises(UnknownNameError, match="did you mean 'quick'"):
        budgets.budget("quik")


def test_an_experiment_can_leave_out_metrics_under_a_budget():
    metrics = ("mse", "cdpam")
    experiment = Experiment("e", "E", (), metrics, (), left_out=freeze({"smoke": ("cdpam",)}))
    assert experiment.metrics_at("smoke") == ("mse",)
    assert experiment.metrics_at("paper") == metrics
