"""Fixtures for calling models outside a run: a context, a clip of speech, and records of compiled and recorded code."""

import pytest

from hsbench.models.base import Context


@pytest.fixture
def bare(tmp_path):
    """Build a context without a run around it; keyword arguments replace its values."""

    def build(samples, sample_rate=22050, **changes):
        values = {
            "seed": 0,
            "sample_rate": sample_rate,
            "samples": samples,
            "switches": {},
            "training": {},
            "device": "cpu",
            "threads": 1,
            "scratch": tmp_path / "scratch",
            "kept": tmp_path / "kept",
            "record": lambda row: None,
            "progress": lambda done, total: None,
        }
        return Context(**(values | changes))

    return build


@pytest.fixture(scope="session")
def speech():
    """A clip of the demo corpus, 32768 samples at 22050 Hz."""
    from hsbench.planning.corpus_view import open_corpus

    _, corpus = open_corpus("demo", None, {})
    return corpus.load(corpus.manifest("validation").items[0])


@pytest.fixture
def compiled(monkeypatch):
    """List of the backends that torch.compile is called with; code is traced but not generated."""
    import torch

    backends, torch_compile = [], torch.compile

    def trace(function, backend, **options):
        backends.append(backend)
        return torch_compile(function, backend="eager", dynamic=options.get("dynamic"))

    monkeypatch.setattr(torch, "compile", trace)
    return backends


@pytest.fixture
def fast(monkeypatch):
    """Return a function that makes models do on this device what they do on CUDA: compile networks, record steps."""

    def switch_on():
        monkeypatch.setattr(Context, "fast", True)
        monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", "")  # restored afterwards
        monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR")

    return switch_on


@pytest.fixture
def recorded_calls(monkeypatch):
    """List with one entry per call of a recorded step: the number of its inputs."""
    from hsbench.fit.graphs import Recorded

    calls, call = [], Recorded.__call__

    def count(self, *inputs):
        calls.append(len(inputs))
        return call(self, *inputs)

    monkeypatch.setattr(Recorded, "__call__", count)
    return calls
