"""Real runs with `train_corpus`: which clips a model learned from, and what is computed again."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

import hsbench
from hsbench import registry
from hsbench.audio.io import read_mono
from hsbench.corpora.base import Clips
from hsbench.corpora.demo import DemoCorpus
from hsbench.errors import DataError, UsageError
from hsbench.execution.task import open_corpora
from hsbench.planning.job import Job
from hsbench.results.store import Results

LEARNER = Path(__file__).parent.parent / "toys" / "learner.py"
SHORT = 8192
SETS = [f"folder.{key}={SHORT}" for key in ("block_samples", "clip_samples")]


@pytest.fixture
def learners(tmp_path, monkeypatch):
    """Return a function that scores clips of two noisy voices; the registry is restored after the test."""
    before = {kind: dict(registry._table(kind)) for kind in registry.KINDS}
    for number, voice in enumerate(("a", "b")):
        (tmp_path / "sounds" / voice).mkdir(parents=True)
        noise = 0.1 * np.random.default_rng(number).standard_normal(4 * SHORT)
        soundfile.write(tmp_path / "sounds" / voice / f"{voice}.wav", noise, 22050)

    def run(*names, **options):
        defaults = {"budget": "smoke", "imports": [LEARNER], "results": tmp_path / "results", "progress": False}
        scored = {"corpus": "folder", "data_root": tmp_path / "sounds", "changes": SETS}
        return hsbench.run(*(names or ("learners",)), **{**defaults, **scored, **options})

    yield run
    for kind, table in before.items():
        registry._table(kind).clear()
        registry._table(kind).update(table)
    registry._from_file.clear()


def learned(results, train_corpus):
    """The facts of the one training on a corpus (None: the scored one), and the folder of its cell."""
    store = Results(results)
    folders = [store.folder(name) for name in store.cells()]
    (folder,) = [
        folder
        for folder in folders
        if folder.spec().model.name == "toy-learner"
        and (folder.spec().train_corpus and folder.spec().train_corpus.name) == train_corpus
    ]
    return folder.fit(), folder


def test_a_model_learns_from_the_other_corpus_and_is_scored_on_its_own(learners, tmp_path):
    study = learners(train_corpus="demo")
    assert study.complete, study.problems
    facts, folder = learned(tmp_path / "results", "demo")
    expected = Clips.of(DemoCorpus(), "train")
    assert facts["clips"].split() == [item.id for item in expected.items[:2]]
    assert (facts["number"], facts["lengths"]) == (len(expected), f"[{SHORT}]")
    clips = list(folder.reconstructions())
    assert clips
    assert all(clip.startswith("b_b-") for clip in clips)
    mean = np.mean([clip.waveform for clip in Clips.of(DemoCorpus(), "train", SHORT).first(2)], axis=0)
    np.testing.assert_allclose(read_mono(folder.audio(clips[0]))[0], mean, rtol=0, atol=1e-6)
    (session,) = folder.provenance()["sessions"]
    assert session["train_corpus"] == {"name": "demo", "fingerprint": folder.spec().train_corpus["fingerprint"]}
    assert session["fingerprint"] == folder.spec().corpus["fingerprint"]
    assert "train_corpus='demo'" in session["command"][0]
    assert folder.path.name.startswith("toy-learner--folder--smoke--s0--")


def test_the_same_experiment_without_the_option_is_another_group_and_shares_the_controls(learners, tmp_path):
    learners(train_corpus="demo")
    study = learners()
    assert len(study.outcomes) == 1, "the control was computed again"
    facts, folder = learned(tmp_path / "results", None)
    assert facts["clips"].startswith("a_a-")
    assert "train_corpus" not in folder.provenance()["sessions"][0]
    assert not learners(train_corpus="demo").outcomes
    assert not learners(train_corpus="folder").outcomes
    opened = hsbench.open_results(tmp_path / "results")
    frame = opened.frame("learners")
    values = frame[frame.row == "learner"].groupby("train_corpus").value.mean()
    assert set(values.index) == {"", "demo"}
    assert values[""] != values["demo"]
    assert set(frame[frame.row == "control"].train_corpus) == {""}
    summary = opened.table("learners").summary()
    assert set(summary[summary.row == "learner"].train_corpus.fillna("")) == {"", "demo"}
    text = opened.table("learners").to_markdown()
    assert text.count("trained on demo (synthetic speech), fingerprint") == 1
    assert text.count("- trained on demo (synthetic speech) instead of the training split of folder") == 1


def test_a_larger_limit_adds_clips_without_training_again(learners, tmp_path):
    learners(train_corpus="demo", limit=1)
    _, folder = learned(tmp_path / "results", "demo")
    kept = next(folder.kept.iterdir())
    before = kept.stat().st_mtime_ns
    assert learners(train_corpus="demo").complete
    assert kept.stat().st_mtime_ns == before
    assert len(folder.reconstructions()) == 3


def test_a_row_with_a_corpus_of_its_own_is_trained_on_the_other_one_too(learners, tmp_path):
    plain = {"corpus": None, "changes": ["demo.clip_samples=8192", *SETS]}
    study = learners("mixed", train_corpus="folder", **plain)
    assert study.complete, study.problems
    facts, folder = learned(tmp_path / "results", "folder")
    assert facts["clips"].startswith("a_a-")
    assert folder.spec().corpus.name == "demo"


def test_a_model_that_says_it_learns_nothing_gets_no_training_clips(learners):
    study = learners(filters=["row~control"], changes=[*SETS, "toy-sneak.sneak=true"])
    (problem,) = study.problems
    assert "toy-sneak says that its fit reads no training clips (trains=False), and it reads them" in problem


def test_a_setting_can_make_a_model_learn(learners, tmp_path):
    with pytest.raises(UsageError, match="expects a row whose model learns"):
        learners(train_corpus="demo", filters=["row~control"])
    study = learners(train_corpus="demo", filters=["row~control"], changes=[*SETS, "toy-sneak.start=learned"])
    assert study.complete, study.problems
    (folder,) = (tmp_path / "results").glob("toy-sneak--*")
    assert json.loads((folder / "spec.json").read_text())["train_corpus"]["name"] == "demo"


def test_a_training_corpus_that_changed_after_the_plan_is_named(learners, tmp_path):
    learners(train_corpus="demo", limit=1, filters=["row~learner"])
    _, folder = learned(tmp_path / "results", "demo")
    job = json.loads(folder.job.read_text())
    job["train_source"]["settings"]["clip_samples"] = 16384
    folder.job.write_text(json.dumps(job))
    with pytest.raises(DataError, match="corpus 'demo' has fingerprint .* plan the run again"):
        open_corpora(Job.read(folder.job))
