"""Baselines and reruns of rows that were trained on another corpus than the scored one."""

import dataclasses

from hsbench.corpora.base import Source
from hsbench.drift import baseline, reruns
from hsbench.drift.baseline import Baseline
from hsbench.drift.snapshot import RowFacts, snapshot
from hsbench.planning.job import Job
from hsbench.results.store import Results
from hsbench.results.view import View, ViewCorpus, ViewRow, ViewTrainCorpus
from hsbench.spec import Cell, Part, freeze

FORMAT = {"sample_rate": 22050, "samples": 4096}
SCORED, TRAINED = (Part(name, 1, freeze({**FORMAT, "fingerprint": name[0] * 64})) for name in ("vctk", "demo"))
CELL = Cell(Part("hypersound-fmlp", 1), SCORED, Part("smoke", 1), Part("fixed-1", 1), 0, TRAINED)
VIEW = View(
    group="vctk--smoke--fixed-1--trained-on-demo",
    experiment="table2b",
    title="",
    table=None,
    source=None,
    corpora={"vctk": ViewCorpus("speech", "v" * 64, 4096, 22050, clips=("a",))},
    absent={},
    budget="smoke",
    protocol="fixed-1",
    split="validation",
    clips_paper=1,
    limit=None,
    metrics=("mse",),
    rows=(
        ViewRow("learner", "hypersound-fmlp", "vctk", cells=(CELL.folder,), trained_on="demo"),
        ViewRow("control", "silence", "vctk", cells=("silence--x",)),
    ),
    train_corpus=ViewTrainCorpus("demo", "synthetic speech", "d" * 64),
)


def test_a_baseline_keeps_the_training_corpus_of_each_row(tmp_path):
    taken = snapshot(Results(tmp_path / "results"), VIEW)
    assert taken.fingerprints == {"vctk": "v" * 64, "demo": "d" * 64}
    assert taken.rows["learner"] == RowFacts("learner", "hypersound-fmlp", 0, "vctk", 0.0, "demo")
    taken = dataclasses.replace(taken, environment={"cpu": "toy"})
    place = baseline.write(tmp_path, Baseline(taken, {}, {}, (), {"time": "now", "reason": "test"}))
    again = baseline.read(tmp_path, "table2b").snapshot
    assert (again.rows, again.fingerprints) == (taken.rows, taken.fingerprints)
    assert (place / "baseline.json").read_text().count("trained_on") == 1


def test_a_rerun_opens_both_corpora_as_the_first_run_did():
    sources = (Source(settings=freeze({"clip_samples": samples})) for samples in (4096, 8192))
    scored, trained = sources
    job = Job(CELL, ("a",), ("mse",), "cpu", 1, scored, train_source=trained)
    planned = reruns._planned(VIEW.rows[0], job, VIEW, 3)
    assert (planned.cell.seed, planned.cell.train_corpus) == (3, TRAINED)
    assert (planned.source, planned.train_source) == (scored, trained)
