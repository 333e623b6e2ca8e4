"""A results folder with Table 2d on six clips: FMLP and SIREN, with known scores."""

import dataclasses

import pytest

from hsbench.corpora.demo import DemoCorpus
from hsbench.results.store import Results
from hsbench.results.view import View, ViewCorpus, ViewRow

CLIPS = tuple(item.id for item in DemoCorpus().manifest("validation").evaluation()[:6])
MSE = {"FMLP": [0.002, 0.003, 0.004, 0.002, 0.003, 0.004], "SIREN": [0.001, 0.001, 0.002, 0.001, 0.001, 0.002]}


CORPUS = ViewCorpus("synthetic speech", "f", 32768, 22050, clips=CLIPS)
ROWS = tuple(
    ViewRow(name, f"inr-{name.lower()}", "demo", name, (f"inr-{name.lower()}--x",), (), ("steps 10 (paper 100000)",))
    for name in MSE
)
VIEW = View(
    group="demo--quick--fixed-1",
    experiment="table2d",
    title="Individual INRs (upper bound)",
    table="2d",
    source="hypersound_2023",
    corpora={"demo": CORPUS},
    absent={},
    budget="quick",
    protocol="fixed-1",
    split="validation",
    clips_paper=30,
    limit=None,
    metrics=("mse", "si_snr"),
    rows=ROWS,
)


def make_view(**changes):
    """Return the view with changed fields."""
    return dataclasses.replace(VIEW, **changes)


@pytest.fixture
def results(tmp_path):
    store = Results(tmp_path)
    for name, values in MSE.items():
        folder = store.folder(f"inr-{name.lower()}--x")
        facts = {"status": "ok", "numbers": 33031, "bits": 1, "steps": 10, "seconds": 1.0, "clipped": 0.0}
        folder.append_reconstructions({"clip": clip, **facts} for clip in CLIPS)
        for clip, value in zip(CLIPS, values, strict=True):
            scored = {"clip": clip, "metric": "mse", "version": 1, "value": value, "status": "ok", "seconds": 0.0}
            lost = {**scored, "metric": "si_snr", "value": None, "status": "estimate_silent"}
            ok = {**scored, "metric": "si_snr", "value": 10 + 1000 * value}
            folder.append_scores([scored, lost if (name, clip) == ("FMLP", CLIPS[0]) else ok])
        folder.add_provenance({"code": {"hsbench": "0", "commit": None, "dirty": False}})
    return store
