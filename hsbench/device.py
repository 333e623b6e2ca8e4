"""Devices: which of them is there, what has not run on it yet, and the switches that concern it."""

from __future__ import annotations

import os
from pathlib import Path

EXPERIMENTAL = {"cuda": "experimental: not yet run on CUDA"}
"""Device -> the label of what has not run on it yet, for help texts, provenance and `hsbench doctor`."""
COMPILE, GRAPHS, KERNELS = "HSBENCH_COMPILE", "HSBENCH_CUDA_GRAPHS", "HSBENCH_TRITON"
SWITCHES = {
    COMPILE: "has torch compile the networks",
    GRAPHS: "replays a training step as one CUDA graph",
    KERNELS: "uses kernels of our own in Triton",
}
"""Environment variables that, set to 1, make CUDA faster and no number different but for rounding; as experimental."""


def switched_on(name: str) -> bool:
    """Whether one of the SWITCHES is set to 1."""
    return os.environ.get(name) == "1"


def gpu_visible() -> bool:
    """Whether an NVIDIA device is there and not hidden by CUDA_VISIBLE_DEVICES; asks no driver and imports no torch."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    return not hidden and any(Path("/dev").glob("nvidia[0-9]*"))
