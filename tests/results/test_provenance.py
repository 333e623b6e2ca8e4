"""Facts about torch in the provenance of a session."""

import torch  # noqa: F401  torch_facts is empty in a process that has not imported torch

from hsbench.results.provenance import torch_facts


def test_switches_that_are_on_are_named(monkeypatch):
    monkeypatch.delenv("HSBENCH_COMPILE", raising=False)
    monkeypatch.setenv("HSBENCH_CUDA_GRAPHS", "0")
    assert "switches" not in torch_facts("cpu", "fp32")
    monkeypatch.setenv("HSBENCH_COMPILE", "1")
    assert torch_facts("cpu", "fp32")["switches"] == ["HSBENCH_COMPILE"]
