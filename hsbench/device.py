"""The device of a run: whether a GPU is visible, and the environment variables that switch on faster CUDA code."""

from __future__ import annotations

import os
from pathlib import Path

EXPERIMENTAL = {"cuda": "experimental: measured on one H100 only"}
"""Device -> label of code that has not been tested on it yet, for help texts, provenance and `hsbench doctor`."""
COMPILE, GRAPHS = "HSBENCH_COMPILE", "HSBENCH_CUDA_GRAPHS"
SWITCHES = {
    COMPILE: "has torch compile the networks",
    GRAPHS: "replays a training step as one CUDA graph",
}
"""Environment variable -> effect on a CUDA device where it is set to 1.

Each makes a run faster and changes its numbers by rounding only; both are experimental.
"""


def switched_on(name: str) -> bool:
    """Return whether an environment variable, one of SWITCHES, is set to 1."""
    return os.environ.get(name) == "1"


def gpu_visible() -> bool:
    """Return whether the machine has an NVIDIA device that CUDA_VISIBLE_DEVICES does not hide.

    The answer comes from the device files below /dev, so neither a driver nor torch is needed.
    """
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    return not hidden and any(Path("/dev").glob("nvidia[0-9]*"))
