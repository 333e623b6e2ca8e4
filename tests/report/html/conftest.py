"""A results folder with sound: two rows on three clips of one corpus, with markup in every text."""

from __future__ import annotations

import dataclasses
import hashlib

import numpy as np
import pytest

from hsbench.audio.io import wav_bytes, write_wav
from hsbench.results.store import Results
from hsbench.results.view import View, ViewCorpus, ViewRow
from hsbench.spec import Cell, Part, freeze

RATE, SAMPLES = 22050, 32768
CLIPS = ["c-0", "c-1", "c-2"]
EVIL = '<img src=x onerror="document.title=1">'
MSE = {"plain": [0.9, 0.05, 0.1], EVIL: [10.0, 2.0, None]}
GROUP = "toys--quick--fixed-1"


def tone(number):
    time = np.arange(SAMPLES) / RATE
    return np.sin(2 * np.pi * (300 + 200 * number) * time).astype(np.float32)


VIEW = View(
    group=GROUP,
    experiment="table2d",
    title=f"Individual {EVIL}",
    table="2d",
    source="hypersound_2023",
    corpora={"toys": ViewCorpus(f"tones {EVIL}", "f" * 64, SAMPLES, RATE, clips=tuple(CLIPS))},
    absent={},
    budget="quick",
    protocol="fixed-1",
    split="validation",
    clips_paper=30,
    limit=None,
    metrics=("mse", "si_snr"),
    rows=tuple(
        ViewRow(name, "inr-fmlp", "toys", "FMLP", (f"cell-{index}",), (), (f"note {EVIL} (paper 1)",), (EVIL,))
        for index, name in enumerate(MSE)
    ),
)


def make_view(**changes):
    """Return the view with changed fields."""
    return dataclasses.replace(VIEW, **changes)


def fill(store):
    originals = []
    for number, clip in enumerate(CLIPS):
        data = wav_bytes(tone(number), RATE)
        facts = {"speaker": EVIL, "sex": "F", "source": f"{EVIL}.flac", "offset": 0, "silent_frames": 0.0}
        row = {"clip": clip, "corpus": "toys", "fingerprint": "f" * 64, "samples": SAMPLES, "sample_rate": RATE}
        originals.append((row | facts | {"audio": f"{hashlib.sha256(data).hexdigest()}.wav"}, data))
    store.add_references(originals)
    for index, (name, values) in enumerate(MSE.items()):
        folder = store.folder(f"cell-{index}")
        corpus = freeze({"fingerprint": "f" * 64, "sample_rate": RATE, "samples": SAMPLES})
        model = Part("inr-fmlp", 1, freeze({"width": 87, "name": EVIL}))
        budget, protocol = Part("quick", 1, freeze({"steps": 10})), Part("fixed-1", 1)
        folder.write_spec(Cell(model, Part("toys", 1, corpus), budget, protocol, index))
        for number, (clip, value) in enumerate(zip(CLIPS, values, strict=True)):
            write_wav(folder.audio(clip), 0.5 * (1 + index) * tone(number), RATE)
            made = {"clip": clip, "status": "ok", "numbers": 32539, "bits": 1, "steps": 10, "seconds": 1.0}
            folder.append_reconstructions([{**made, "clipped": 5 / SAMPLES if name == EVIL else 0.0}])
            status = "ok" if value is not None else EVIL
            score = {"clip": clip, "metric": "mse", "version": 1, "value": value, "status": status, "seconds": 0.0}
            folder.append_scores([score, {**score, "metric": "si_snr", "value": 10.0 + number, "status": "ok"}])
        folder.append_curve({"step": 0, "loss": 1.0, "lr": 0.1, "seconds": 1.0, "first": "c-0"})
        folder.append_curve({"step": 9, "loss": 0.5, "lr": 0.1, "seconds": 1.0, "first": "c-0"})
        session = {"started": "2026-01-01T00:00:00Z", "seconds": 65.0, "command": ["hsbench", "run", EVIL]}
        folder.add_provenance({**session, "code": {"hsbench": "0.1.0", "commit": "abcdef123", "dirty": False}})
        folder.set_status("failed", f"said {EVIL}")
        folder.log.write_text(f"log {EVIL}\n")
    store.write_view(make_view())
    return store


@pytest.fixture
def results(tmp_path):
    return fill(Results(tmp_path / "results"))


@pytest.fixture
def written(results, tmp_path, monkeypatch):
    """A function that writes the report and returns its folder; figures take most of the time and are left out."""
    from hsbench.report.html import figures
    from hsbench.report.html.write import write

    drawn = figures.write

    def make(output=tmp_path / "report", *, with_figures=False, **options):
        monkeypatch.setattr(figures, "write", drawn if with_figures else lambda *_: [])
        write(results, list(results.views("table2d").values()), output, **options)
        return output

    return make


@pytest.fixture
def toys():
    """What the results folder holds: clips, markup, sample rate, length and waveforms."""
    from types import SimpleNamespace

    return SimpleNamespace(clips=CLIPS, evil=EVIL, rate=RATE, samples=SAMPLES, tone=tone, view=make_view)


@pytest.fixture(scope="session")
def report(tmp_path_factory):
    """A report of such a folder, written once; tests only read it."""
    from hsbench.report.html.write import write

    root = tmp_path_factory.mktemp("html")
    write(fill(Results(root / "results")), [make_view()], root / "report")
    return root / "report"
