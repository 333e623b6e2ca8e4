"""View files: a written view is read back, optional fields are filled in, damaged files are refused."""

import dataclasses
import json

import pytest

from hsbench.errors import DataError
from hsbench.files import read_json, write_json
from hsbench.results.store import Results
from hsbench.results.view import ABSENT, SCHEMA, View, ViewCorpus, ViewRow, ViewTrainCorpus

CORPUS = ViewCorpus(
    description="synthetic speech",
    fingerprint="f" * 64,
    samples=32768,
    sample_rate=22050,
    incomplete=("partial corpus: 3 of 9 files",),
    clips=("a", "b", "c"),
    splits={"train": ("a",), "validation": ("b", "c")},
)
SIREN = ViewRow("SIREN", "inr-siren", "demo", "SIREN", ("s0", "s1"), ("width=3",), ("steps 10 (paper 20)",), ("note",))
FMLP = ViewRow("FMLP", "inr-fmlp", "vctk")
VIEW = View(
    group="demo+vctk--quick--fixed-1",
    experiment="table2d",
    title="Individual INRs",
    table="2d",
    source="hypersound_2023",
    corpora={"demo": CORPUS},
    absent={"vctk": "VCTK is not at hand"},
    budget="quick",
    protocol="fixed-1",
    split="all",
    clips_paper=512,
    limit=3,
    metrics=("mse", "lsd@48000"),
    rows=(SIREN, FMLP),
)
BARE = View(
    group="demo--smoke--fixed-1",
    experiment="toys",
    title="",
    table=None,
    source=None,
    corpora={},
    absent={},
    budget="smoke",
    protocol="fixed-1",
    split="",
    clips_paper=0,
    limit=None,
    metrics=(),
    rows=(),
)


@pytest.fixture
def results(tmp_path):
    return Results(tmp_path)


def write(results, groups, **document):
    """Write the view file of the experiment toys, and return its path."""
    path = results.root / "views" / "toys.json"
    write_json(path, {"schema": SCHEMA, "groups": groups, **document})
    return path


@pytest.mark.parametrize("view", [VIEW, BARE, dataclasses.replace(VIEW, table=None, source=None, limit=None)])
def test_a_view_survives_writing_and_reading(results, view):
    results.write_view(view)
    assert results.views(view.experiment) == {view.group: view}


def test_a_file_holds_every_group_of_its_experiment_and_the_later_view_of_a_group(results):
    other, later = dataclasses.replace(VIEW, group="other"), dataclasses.replace(VIEW, metrics=("mse",))
    for view in (VIEW, other, BARE, later):
        results.write_view(view)
    assert results.experiments() == ["table2d", "toys"]
    assert results.views("table2d") == {VIEW.group: later, "other": other}
    assert results.views("toys") == {BARE.group: BARE}
    assert results.views("table2b") == {}


def test_a_view_knows_its_cells_and_corpora():
    assert [(row.name, cell) for row, cell in VIEW.cells()] == [("SIREN", "s0"), ("SIREN", "s1")]
    assert VIEW.row_corpora() == ("demo", "vctk")
    assert (VIEW.corpus(SIREN), VIEW.corpus(FMLP)) == (CORPUS, ABSENT)


def test_a_view_of_schema_one_is_upgraded(results):
    """Schema 1 knew a single corpus, whose facts stood beside the others of the group."""
    entry = json.loads(json.dumps(VIEW.document()))
    facts, row = entry.pop("corpora")["demo"], entry["rows"][0]
    del entry["absent"], row["corpus"], row["notes"], facts["splits"]
    facts["corpus_description"], facts["incomplete_corpus"] = facts.pop("description"), facts.pop("incomplete")
    write(results, {"demo--quick--fixed-1": {**entry, "corpus": "demo", **facts, "rows": [row]}}, schema=1)
    (view,) = results.views("toys").values()
    assert view == dataclasses.replace(
        VIEW,
        group="demo--quick--fixed-1",
        corpora={"demo": dataclasses.replace(CORPUS, splits={})},
        absent={},
        rows=(dataclasses.replace(SIREN, notes=()),),
    )


def test_fields_that_a_report_does_not_need_are_filled_in(results):
    """A corpus that is not declared complete counts as incomplete."""
    corpora = {"demo": {"fingerprint": "f", "clips": ["a"]}}
    entry = {"experiment": "toys", "budget": "smoke", "protocol": "fixed-1", "metrics": [], "corpora": corpora}
    write(results, {BARE.group: {**entry, "rows": [{"row": "loud", "corpus": "demo", "cells": []}]}})
    (view,) = results.views("toys").values()
    corpus = ViewCorpus(fingerprint="f", incomplete=("not said to be complete",), clips=("a",))
    assert view == dataclasses.replace(BARE, corpora={"demo": corpus}, rows=(ViewRow("loud", "", "demo"),))


@pytest.mark.parametrize(
    "document",
    [[], {}, {"groups": []}, {"schema": SCHEMA, "groups": {"g": []}}, {"schema": SCHEMA, "groups": {"g": {}}}],
    ids=str,
)
def test_a_garbled_file_is_refused_in_one_sentence(results, document):
    path = results.root / "views" / "toys.json"
    write_json(path, document)
    with pytest.raises(DataError) as caught:
        results.views("toys")
    assert str(caught.value) == f"{path} is not a view written by hsbench; remove it and run the experiment again."


@pytest.mark.parametrize("field", ["row", "corpus", "cells"])
def test_a_row_without_its_name_corpus_or_cells_is_refused(results, field):
    entry = json.loads(json.dumps(VIEW.document()))
    del entry["rows"][0][field]
    write(results, {VIEW.group: entry})
    with pytest.raises(DataError, match="is not a view written by hsbench"):
        results.views("toys")


@pytest.mark.parametrize("change", [{"name": "."}, {"name": ".."}, {"corpus": "ljspeech"}], ids=str)
def test_a_row_named_like_a_folder_or_of_a_corpus_that_the_view_lacks_is_refused(results, change):
    write(results, {VIEW.group: dataclasses.replace(VIEW, rows=(dataclasses.replace(SIREN, **change),)).document()})
    with pytest.raises(DataError, match="is not a view written by hsbench"):
        results.views("toys")


def test_a_view_cannot_be_added_to_a_garbled_file(results):
    """Its content may be of value to somebody, so it is not overwritten."""
    path = write(results, [])
    with pytest.raises(DataError, match="is not a view written by hsbench"):
        results.write_view(BARE)
    assert read_json(path)["groups"] == []


TRAINED = dataclasses.replace(
    BARE,
    group="vctk--smoke--fixed-1--trained-on-demo",
    corpora={"vctk": CORPUS},
    rows=(ViewRow("learner", "toy", "vctk", trained_on="demo"), ViewRow("control", "silence", "vctk")),
    train_corpus=ViewTrainCorpus("demo", "synthetic speech", "e" * 64, ("partial corpus: 3 of 9 files",)),
)


def test_a_training_corpus_is_read_back_and_leaves_no_trace_without_one(results):
    results.write_view(TRAINED)
    results.write_view(BARE)
    views = results.views("toys")
    assert views == {TRAINED.group: TRAINED, BARE.group: BARE}
    learner, control = TRAINED.rows
    assert views[TRAINED.group].training(learner) == TRAINED.train_corpus
    assert views[TRAINED.group].training(control) is None
    assert str(TRAINED.train_corpus) == "demo (synthetic speech, partial corpus)"
    groups = read_json(results.root / "views" / "toys.json")["groups"]
    assert "train_corpus" not in groups[BARE.group]
    assert "trained_on" not in groups[TRAINED.group]["rows"][1]


@pytest.mark.parametrize(
    "change",
    [
        {"train_corpus": "demo"},
        {"train_corpus": ["demo"]},
        {"train_corpus": {"name": "demo"}},
        {"train_corpus": {"name": 1, "description": "", "fingerprint": "f", "incomplete": []}},
        {"train_corpus": {"name": "other", "description": "", "fingerprint": "f", "incomplete": []}},
        {"train_corpus": None},
        {"rows": [{"row": "learner", "corpus": "vctk", "cells": [], "trained_on": "vctk"}]},
        {"rows": [{"row": "learner", "corpus": "vctk", "cells": [], "trained_on": ["demo"]}]},
    ],
)
def test_an_impossible_training_corpus_is_refused(results, change):
    results.write_view(TRAINED)
    path = results.root / "views" / "toys.json"
    document = read_json(path)
    document["groups"][TRAINED.group] |= change
    write_json(path, document)
    with pytest.raises(DataError, match="is not a view written by hsbench"):
        results.views("toys")
