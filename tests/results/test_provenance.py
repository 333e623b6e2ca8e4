"""Facts about torch in the provenance of a session."""

import torch  # noqa: F401  torch_facts is empty in a process that has not imported torch

from hsbench.results.provenance import torch_facts


def test_a_run_without_compiled_networks_and_graphs_is_named():
    assert "eager" not in torch_facts("cpu", "fp32")
    assert torch_facts("cpu", "fp32", eager=True)["eager"] is True
