"""`--train-corpus`: it changes the cells of models that learn, and no others; corpora that do not fit are refused."""

import dataclasses
import json

import numpy as np
import pytest
import soundfile

from hsbench import registry
from hsbench.errors import DataError, UnknownNameError, UsageError
from hsbench.planning import plan
from hsbench.planning.changes import parse
from hsbench.planning.corpus_view import open_corpus
from hsbench.planning.job import Job
from hsbench.planning.request import Request
from hsbench.planning.selection import select
from hsbench.results.store import Results
from hsbench.spec import Resources


@pytest.fixture(scope="session")
def sounds(tmp_path_factory):
    """A prepared corpus `folder`: three voices at 22050 Hz, one of them in the validation split."""
    root = tmp_path_factory.mktemp("sounds")
    for number, voice in enumerate(("a", "b", "c")):
        (root / voice).mkdir()
        noise = np.random.default_rng(number).standard_normal(70000)
        soundfile.write(root / voice / f"{voice}.wav", 0.1 * noise, 22050)
    open_corpus("folder", root, {})[1].prepare(1, lambda _done, _total: None)
    return root


def planned(experiment, tmp_path, sets=(), **options):
    request = Request((experiment,), budget="smoke", changes=parse(sets), **options)
    return plan.make(select(request), Results(tmp_path), Resources())


def name(cell):
    return cell.rows[0].split("/")[1]


def keys(made):
    return {name(cell): cell.cell.key for cell in made.cells}


def test_only_the_keys_of_models_that_learn_change(sounds, tmp_path):
    plain, trained = (planned("smoke", tmp_path, data_root=sounds, train_corpus=corpus) for corpus in (None, "folder"))
    learners = {name(cell) for cell in trained.cells if cell.cell.train_corpus is not None}
    assert {cell.cell.model.name for cell in trained.cells if name(cell) in learners} == {"hypersound-fmlp"}
    assert {"inr-fmlp", "inr-siren", "identity"} <= {cell.cell.model.name for cell in trained.cells}
    assert {row for row, key in keys(trained).items() if keys(plain)[row] != key} == learners
    for cell in trained.cells:
        assert (cell.train_source is None) == (cell.cell.train_corpus is None)
        assert cell.cell.corpus.name == "demo"
    assert all("train_corpus" not in cell.cell.document() for cell in plain.cells)


def test_the_part_states_the_content_of_the_training_corpus(sounds, tmp_path):
    (cell, *_) = [cell.cell for cell in planned("table2b", tmp_path, data_root=sounds, train_corpus="folder").cells]
    part = cell.document()["train_corpus"]
    assert part["name"] == "folder"
    assert part["settings"].keys() == {"fingerprint", "sample_rate", "samples"}
    assert part["settings"]["fingerprint"] != cell.corpus["fingerprint"]
    assert type(cell).read(cell.document()) == cell


def test_the_scored_corpus_as_training_corpus_changes_nothing(tmp_path):
    plain, same = (planned("table2b", tmp_path, train_corpus=name) for name in (None, "demo"))
    assert keys(plain) == keys(same)
    assert plain.views == same.views


def test_groups_with_and_without_a_training_corpus_are_two(sounds, tmp_path):
    (plain,), (trained,) = (
        planned("table2b", tmp_path, data_root=sounds, train_corpus=name).views for name in (None, "folder")
    )
    assert plain.group == "demo--smoke--fixed-2"
    assert trained.group == "demo--smoke--fixed-2--trained-on-folder"
    assert str(trained.train_corpus) == "folder (a folder of the user's)"
    rows = {row.model: row.trained_on for row in trained.rows}
    assert rows == {model: "folder" if model.startswith("hypersound-") else None for model in rows}


def test_a_job_keeps_the_source_of_both_corpora(sounds, tmp_path):
    (cell, *_) = planned("table2b", tmp_path, data_root=sounds, train_corpus="folder").cells
    job = cell.job(Resources(), (), ())
    job.write(tmp_path / "job.json")
    assert Job.read(tmp_path / "job.json") == job
    document = job.document()
    del document["train_source"]
    (tmp_path / "job.json").write_text(json.dumps(document))
    with pytest.raises(DataError, match="is not a job file"):
        Job.read(tmp_path / "job.json")


def test_a_model_may_learn_with_some_of_its_settings_only():
    siren = dataclasses.replace(registry.model("inr-siren"), trains=False, trains_when={"shared_start": True})
    assert siren.learns({"shared_start": True})
    assert not siren.learns({"shared_start": False})
    assert dataclasses.replace(siren, trains=True).learns({})
    neutral = dataclasses.replace(siren, neutral={"shared_start": True})
    assert neutral.learns({}), "a setting that is absent has its neutral value"


@pytest.mark.parametrize(
    ("options", "sets", "error", "sentence"),
    [
        ({"train_corpus": "dmo"}, [], UnknownNameError, "unknown corpus 'dmo'; did you mean 'demo'"),
        (
            {"train_corpus": "vctk", "data_root": None},
            [],
            UsageError,
            "vctk needs the folder that holds VCTK 0.92; give it with --data-root, or get the corpus with: hsbench",
        ),
        (
            {"train_corpus": "folder"},
            ["folder.block_samples=4096", "folder.clip_samples=4096"],
            DataError,
            "is not prepared, .* prepare it with: hsbench corpus prepare folder --data-root",
        ),
        (
            {"corpus": "folder", "train_corpus": "demo"},
            ["demo.clip_samples=8192"],
            UsageError,
            r"32768 samples as folder has, .* 8192; change one: --set demo.clip_samples=32768 or --set folder.clip_",
        ),
    ],
)
def test_a_corpus_that_cannot_be_trained_on_is_refused(options, sets, error, sentence, sounds, tmp_path):
    with pytest.raises(error, match=sentence):
        planned("table2b", tmp_path, sets, **{"data_root": sounds, **options})


def test_another_sample_rate_is_refused(sounds, tmp_path):
    sets = ["folder.sample_rate=16000"]
    open_corpus("folder", sounds, parse(sets))[1].prepare(1, lambda _done, _total: None)
    sentence = "a corpus of 22050 Hz as demo has, and folder has 16000 Hz; resample one: --set folder.sample_rate=22050"
    with pytest.raises(UsageError, match=sentence):
        planned("table2b", tmp_path, sets, data_root=sounds, train_corpus="folder")
    sentence = "a corpus of 16000 Hz as folder has, and demo has 22050 Hz; resample one: --set folder.sample_rate=22050"
    with pytest.raises(UsageError, match=sentence):
        planned("table2b", tmp_path, sets, data_root=sounds, corpus="folder", train_corpus="demo")


def test_an_experiment_without_a_model_that_learns_is_refused(sounds, tmp_path):
    with pytest.raises(UsageError, match="--train-corpus folder expects a row whose model learns"):
        planned("table2d", tmp_path, data_root=sounds, train_corpus="folder")
    assert keys(planned("table2d", tmp_path, train_corpus="demo"))


def test_rows_with_corpora_of_their_own_are_trained_on_it_too(sounds, tmp_path):
    """Table 5 has a corpus in every row. Those that are not at hand are absent, as without the option."""
    made = planned("table5", tmp_path, data_root=sounds, train_corpus="demo")
    (view,) = made.views
    assert view.group.endswith("--trained-on-demo")
    trained_on = {row.trained_on for row in view.rows if row.model == "hypersound-fmlp" and row.corpus != "demo"}
    assert trained_on == {"demo"}
    assert set(made.absent) == {
        f"table5/{floor}{corpus}"
        for corpus in ("VCTK", "LJ Speech", "LibriSpeech")
        for floor in ("", "noise ", "silence ")
    }


def test_every_model_of_hsbench_says_if_it_learns():
    learns = {name for name in registry.names("models") if registry.model(name).trains}
    silent = {"identity", "silence", "noise", "scaled", "delayed", "decimation", "mdct-top-k", "inr-fmlp", "inr-siren"}
    assert {"hypersound-fmlp", "hypersound-siren", "rave-v1"} <= learns
    assert not learns & (silent | {"pqmf", "random-phase", "mel-griffin-lim", "opus", "mp3", "recon-dir", "rave"})
