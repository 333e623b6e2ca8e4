"""The device of a run: whether a GPU is visible, and what has been run on which device."""

from __future__ import annotations

import os
from pathlib import Path

EXPERIMENTAL = {"cuda": "measured on an H100 at 28dda25, see speed/NOTES.md; since then not run on CUDA"}
"""Device -> what is known of the code there, for help texts, provenance and `hsbench doctor`."""


def gpu_visible() -> bool:
    """Return whether the machine has an NVIDIA device that CUDA_VISIBLE_DEVICES does not hide.

    The answer comes from the device files below /dev, so neither a driver nor torch is needed.
    """
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    return not hidden and any(Path("/dev").glob("nvidia[0-9]*"))
