"""Small trained cells, one whose model gives back what it gets, and what the command line does with them."""

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
    """Gives back what it is given, or what a test asks for."""

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
    """A few partials, [samples]."""
    rng = np.random.default_rng(seed)
    t = np.arange(samples) / rate
    x = sum(np.sin(2 * np.pi * f * t + rng.uniform(0, 6)) for f in rng.uniform(100, 800, 5))
    return (0.6 * x / np.abs(x).max()).astype(np.float32)


def cell_of(model, settings=None, training=None, corpus=None):
    """A cell of clips of SAMPLES at RATE."""
    descriptor = registry.get("models", model)
    switches = protocols.switches("fixed", descriptor.switches)
    full = {**descriptor.defaults, **(settings or {})}
    if descriptor.resolve is not None:
        full = widths.resolve(full, switches, SAMPLES)
    part = {"fingerprint": "0" * 64, "sample_rate": RATE, "samples": SAMPLES, **(corpus or {})}
    return Cell(
        model=Part(model, descriptor.version, freeze(full)),
        corpus=Part("demo", 1, freeze(part)),
        budget=Part(
            "smoke", 1, freeze({**descriptor.budgets.get("smoke", {}), "coordinates": None, **(training or {})})
        ),
        protocol=Part("fixed-1", 1, freeze(switches)),
        seed=0,
    )


def train(folder, cell):
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
def kept(tmp_path_factory):
    """A results folder with a small trained hypernetwork and two cells of individual INRs."""
    results = Results(tmp_path_factory.mktemp("using") / "results")
    for model, (settings, training) in SMALL.items():
        cell = cell_of(model, settings, training)
        folder = results.cell(cell)
        folder.write_spec(cell)
        if model.startswith("hypersound"):
            train(folder, cell)
    return results


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    """A small network on many threads of a busy machine waits for them more than it computes."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0})
    monkeypatch.setenv("GOMP_SPINCOUNT", "20000")


@pytest.fixture
def results(kept, tmp_path):
    """A copy of it that a test may spoil."""
    shutil.copytree(kept.root, tmp_path / "results")
    return Results(tmp_path / "results")


@pytest.fixture
def path():
    """The folder of the one cell whose name begins so."""

    def find(results, model):
        (name,) = [name for name in results.cells() if name.startswith(model)]
        return results.folder(name).path

    return find


@pytest.fixture(params=list(SMALL))
def model(request):
    """The name of each model that has a cell there."""
    return request.param


@pytest.fixture
def small():
    """The settings and the training of each."""
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
    """Write a waveform to a file of this name: its path."""

    def write(name, waveform, rate=RATE):
        soundfile.write(tmp_path / name, waveform, rate, subtype="FLOAT")
        return tmp_path / name

    return write


@pytest.fixture
def rebuild(hsbench_here, sound, tmp_path):
    """Rebuild a sound with a cell: waveform, rate, standard error."""

    def run(cell, waveform, *options, rate=RATE):
        audio = sound("in.wav", waveform, rate)
        code, out, err = hsbench_here("reconstruct", cell, audio, "-o", tmp_path / "out" / "out.wav", *options)
        assert code == 0, err
        assert "wrote" in out
        made, found = read_mono(tmp_path / "out" / "out.wav")
        return made, found, err

    return run


@pytest.fixture
def refused(hsbench_here, sound, tmp_path):
    """A command that must fail with one sentence and write nothing: the sentence."""

    def run(verb, cell, *options, audio=None, output="out.wav"):
        given = [] if verb == "export" else [audio or sound("in.wav", tone(3000))]
        code, _, err = hsbench_here(verb, cell, *given, "-o", tmp_path / output, *options)
        assert code == 2, err
        assert err.startswith("hsbench: ")
        assert err.count("\n") == 1
        assert not (tmp_path / output).is_file()
        return err

    return run
