"""A context in which a model can be called, without a run around it."""

import pytest

from hsbench.models.base import Context


@pytest.fixture
def bare(tmp_path):
    def build(samples, sample_rate=22050, **changes):
        facts = {
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
        return Context(**(facts | changes))

    return build


@pytest.fixture(scope="session")
def speech():
    """A clip of the demo corpus, 32768 samples at 22050 Hz."""
    from hsbench.planning.corpus_view import open_corpus

    _, corpus = open_corpus("demo", None, {})
    return corpus.load(corpus.manifest("validation").items[0])


@pytest.fixture
def compiled(monkeypatch):
    """A list of what torch is to compile; it is traced, and no code generated."""
    import torch

    asked, own = [], torch.compile

    def traced(function, backend):
        asked.append(backend)
        return own(function, backend="eager")

    monkeypatch.setattr(torch, "compile", traced)
    return asked


@pytest.fixture
def recorded_calls(monkeypatch):
    """A list that grows with every step that goes through a recording."""
    from hsbench.fit.graphs import Recorded

    calls, call = [], Recorded.__call__

    def counted(self, *inputs):
        calls.append(len(inputs))
        return call(self, *inputs)

    monkeypatch.setattr(Recorded, "__call__", counted)
    return calls
