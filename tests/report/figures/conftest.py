"""A small results folder: three hypernetworks of different sizes over twelve clips of four voices, with sound."""

import dataclasses
import hashlib
import shutil

import numpy as np
import pytest

from hsbench.audio.io import wav_bytes, write_wav
from hsbench.files import replace_atomically
from hsbench.results.store import Results
from hsbench.results.view import View, ViewCorpus, ViewRow
from hsbench.spec import Cell, Part, freeze

RATE, SAMPLES = 22050, 8192
VOICES = {"v1": "F", "v2": "F", "v3": "M", "v4": "M"}
CLIPS = tuple(f"{voice}_{take}-0" for take in range(3) for voice in VOICES)
ROWS = {"10x": 1000, "4x": 2500, "1x": 10000}


VIEW = View(
    group="demo--quick--fixed-1",
    experiment="table2b",
    title="HyperSound FMLP by compression ratio",
    table="2b",
    source="hypersound_2023",
    corpora={"demo": ViewCorpus("synthetic speech", "f", SAMPLES, RATE, clips=CLIPS)},
    absent={},
    budget="quick",
    protocol="fixed-1",
    split="validation",
    clips_paper=512,
    limit=None,
    metrics=("mse", "lsd"),
    rows=tuple(ViewRow(name, "hypersound-fmlp", "demo", name, (f"cell-{name}",)) for name in ROWS),
)


def make_view(**changes):
    """Return the view with changed fields."""
    return dataclasses.replace(VIEW, **changes)


def tone(clip):
    """Return a tone whose pitch depends on the clip: [SAMPLES], float32."""
    pitch = 200 + 50 * CLIPS.index(clip)
    return np.sin(2 * np.pi * pitch / RATE * np.arange(SAMPLES)).astype(np.float32)


def save_weights(folder, weights):
    from safetensors.numpy import save

    for clip, tensors in weights.items():
        replace_atomically(folder.weights(clip), save(tensors))


def spec(**settings):
    corpus = Part("demo", 1, freeze({"fingerprint": "f"}))
    return Cell(Part("hypersound-siren", 1, freeze(settings)), corpus, Part("quick", 1), Part("fixed-1", 1), 0)


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """The results folder, written once; tests work on copies."""
    store = Results(tmp_path_factory.mktemp("made") / "results")
    references = []
    for clip in CLIPS:
        voice, _, _ = clip.partition("_")
        facts = {"clip": clip, "corpus": "demo", "fingerprint": "f", "speaker": voice, "sex": VOICES[voice]}
        facts |= {"source": f"{clip[:-2]}.flac", "offset": 0, "samples": SAMPLES, "sample_rate": RATE}
        digest = hashlib.sha256(tone(clip).tobytes()).hexdigest()
        references.append(({**facts, "audio": f"{digest}.wav"}, wav_bytes(tone(clip), RATE)))
    store.add_references(references)
    generator = np.random.default_rng(0)
    for row, numbers in ROWS.items():
        folder = store.folder(f"cell-{row}")
        folder.write_spec(spec(kind="fmlp"))
        made = {"status": "ok", "numbers": numbers, "bits": 32 * numbers, "steps": 0, "seconds": 1.0, "clipped": 0.0}
        folder.append_reconstructions({"clip": clip, **made} for clip in CLIPS)
        folder.append_scores(
            {"clip": clip, "metric": metric, "version": 1, "value": place / numbers, "status": "ok", "seconds": 0}
            for metric in ("mse", "lsd")
            for place, clip in enumerate(CLIPS)
        )
        for clip in CLIPS:
            write_wav(folder.audio(clip), 0.5 * tone(clip), RATE)
        folder.write_fit({"generated": numbers, "total": 10 * numbers, "steps": 3, "status": "ok"})
        weights = {}
        for clip in CLIPS:
            centre = 3.0 * list(VOICES).index(clip[:2])
            weights[clip] = {"w0": (centre + generator.normal(size=(4, 5))).astype(np.float32), "b0": np.ones(4, "f")}
        save_weights(folder, weights)
    return store.root


@pytest.fixture
def results(made, tmp_path):
    return Results(shutil.copytree(made, tmp_path / "results"))
