"""Small trained cells, a cell whose model returns its input, and the commands that use a cell."""

import os
import shutil
import sys

import numpy as np
import pytest
import soundfile

from hsbench import protocols, registry, widths
from hsbench.audio.clip import Clip
from hsbench.audio.io import read_mono
from hsbench.audio.passages import joined
from hsbench.descriptors import ModelDescriptor
from hsbench.models.base import Context, Payload, Reconstruction
from hsbench.results.cell_folder import CellFolder
from hsbench.results.store import Results
from hsbench.spec import Cell, Part, freeze

RATE, SAMPLES = 22050, 2048
SMALL = {
    "hypersound-fmlp": ({"width": 12, "layers": 2}, {"epochs": 1, "epoch_samples": 4, "channels": 1, "hidden": "16"}),
    "inr-fmlp": ({"width": 16, "layers": 2}, {"steps": 20}),
    "inr-siren": ({"width": 16, "layers": 2, "omega_0": 100.0}, {"steps": 20}),
}


class Echo:
    """A model that returns its input, or what the function `answer` makes of it; `seen` lists its inputs."""

    name, version, group = "echo", 1, 3
    seen, answer, trains = [], staticmethod(lambda waveform, number: (waveform, "ok")), False

    def fit(self, train, context):
        return {"clips": len(train)} if self.trains else None

    def reconstruct(self, clips, context):
        for clip in clips:
            waveform, status = self.answer(clip.waveform, len(self.seen))
            self.seen.append(clip.waveform)
            yield Reconstruction(clip.id, waveform.astype(np.float32), Payload(1), 0.0, status)


def tone(samples, rate=RATE, seed=0):
    """A sum of five sinusoids, [samples]."""
    rng = np.random.default_rng(seed)
    t = np.arange(samples) / rate
    x = sum(np.sin(2 * np.pi * f * t + rng.uniform(0, 6)) for f in rng.uniform(100, 800, 5))
    return (0.6 * x / np.abs(x).max()).astype(np.float32)


def cell_of(model, settings=None, training=None, corpus=None):
    """A cell whose clips have SAMPLES samples at RATE Hz."""
    descriptor = registry.get("models", model)
    switches = protocols.switches("fixed", descriptor.switches)
    all_settings = {**descriptor.defaults, **(settings or {})}
    if descriptor.resolve is not None:
        all_settings = widths.resolve(all_settings, switches, SAMPLES)
    corpus_settings = {"fingerprint": "0" * 64, "sample_rate": RATE, "samples": SAMPLES, **(corpus or {})}
    return Cell(
        model=Part(model, descriptor.version, freeze(all_settings)),
        corpus=Part("demo", 1, freeze(corpus_settings)),
        budget=Part(
            "smoke", 1, freeze({**descriptor.budgets.get("smoke", {}), "coordinates": None, **(training or {})})
        ),
        protocol=Part("fixed-1", 1, freeze(switches)),
        seed=0,
    )


def train(folder, cell):
    """Train the network of a cell on four clips, and write it into the cell's folder."""

    class Clips(list):
        def first(self, count):
            return Clips(self[:count])

        def passages(self):
            return joined([np.round(clip.waveform * 32767).astype(np.int16) for clip in self])

    context = Context(
        seed=0,
        sample_rate=RATE,
        samples=SAMPLES,
        switches=dict(cell.protocol.settings),
        training=dict(cell.budget.settings),
        device="cpu",
        threads=1,
        scratch=folder.scratch,
        kept=folder.kept,
        record=folder.append_curve,
        progress=lambda done, total: None,
    )
    model = registry.get("models", cell.model.name).load()(**dict(cell.model.settings))
    folder.write_fit(model.fit(Clips(Clip(f"c{n}", tone(SAMPLES, seed=n), RATE) for n in range(4)), context))


@pytest.fixture(scope="session")
def session_results(tmp_path_factory):
    """A results folder with a small trained hypernetwork and two cells of individual INRs."""
    results = Results(tmp_path_factory.mktemp("inference") / "results")
    for model, (settings, training) in SMALL.items():
        cell = cell_of(model, settings, training)
        folder = results.cell(cell)
        folder.write_spec(cell)
        if model.startswith("hypersound"):
            train(folder, cell)
    return results


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    """Use one thread: on a busy machine, many threads of a small network wait more than they compute."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0})
    monkeypatch.setenv("GOMP_SPINCOUNT", "20000")


@pytest.fixture
def results(session_results, tmp_path):
    """A copy of `session_results` that a test may change."""
    shutil.copytree(session_results.root, tmp_path / "results")
    return Results(tmp_path / "results")


@pytest.fixture
def trained_cell(results):
    """Train one more cell in `results`, and return its folder."""

    def build(model, settings, training):
        cell = cell_of(model, settings, training)
        folder = results.cell(cell)
        folder.write_spec(cell)
        train(folder, cell)
        return folder

    return build


@pytest.fixture
def path():
    """Find the folder of the one cell whose name begins with a text."""

    def find(results, model):
        (name,) = [name for name in results.cells() if name.startswith(model)]
        return results.folder(name).path

    return find


@pytest.fixture(params=list(SMALL))
def model(request):
    """The name of each model that has a cell in `results`."""
    return request.param


@pytest.fixture
def small():
    """Name of each model -> its settings and its training settings."""
    return SMALL


@pytest.fixture(name="tone")
def _tone():
    return tone


@pytest.fixture(name="cell_of")
def _cell_of():
    return cell_of


@pytest.fixture
def echo_model():
    return Echo


@pytest.fixture
def echo(monkeypatch, tmp_path):
    """The path of a cell whose model is Echo."""
    monkeypatch.setattr(Echo, "seen", [])
    monkeypatch.setitem(sys.modules, "echoing", sys.modules[Echo.__module__])
    descriptor = ModelDescriptor("echo", "echoing:Echo", origin="tests")
    monkeypatch.setitem(registry._table("models"), "echo", descriptor)
    folder = CellFolder(tmp_path / "echo")
    folder.write_spec(cell_of("echo"))
    return folder.path


@pytest.fixture
def sound(tmp_path):
    """Write a waveform to a file, and return the path."""

    def write(name, waveform, rate=RATE):
        soundfile.write(tmp_path / name, waveform, rate, subtype="FLOAT")
        return tmp_path / name

    return write


@pytest.fixture
def rebuild(hsbench_here, sound, tmp_path):
    """Reconstruct a sound with a cell, and return waveform, sample rate and standard error."""

    def run(cell, original, *options, rate=RATE):
        audio = sound("in.wav", original, rate)
        code, out, err = hsbench_here("reconstruct", cell, audio, "-o", tmp_path / "out" / "out.wav", *options)
        assert code == 0, err
        assert "wrote" in out
        waveform, sample_rate = read_mono(tmp_path / "out" / "out.wav")
        return waveform, sample_rate, err

    return run


@pytest.fixture
def refused(hsbench_here, sound, tmp_path):
    """Run a command that must fail with one sentence and write nothing, and return the sentence."""

    def run(verb, cell, *options, audio=None, output="out.wav"):
        inputs = [] if verb == "export" else [audio or sound("in.wav", tone(3000))]
        code, _, err = hsbench_here(verb, cell, *inputs, "-o", tmp_path / output, *options)
        assert code == 2, err
        assert err.startswith("hsbench: ")
        assert err.count("\n") == 1
        assert not (tmp_path / output).is_file()
        return err

    return run
