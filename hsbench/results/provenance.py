"""Provenance of results: the code, packages, machine and numerical precision that computed them."""

from __future__ import annotations

import functools
import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hsbench.audio import kernel
from hsbench.device import EXPERIMENTAL
from hsbench.version import PACKAGE, __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGES = (
    "torch",
    "torchaudio",
    "numpy",
    "scipy",
    "soundfile",
    "pesq",
    "pystoi",
    "cdpam",
    "auraloss",
    "safetensors",
    "av",
)


@functools.cache
def code() -> dict[str, Any]:
    """Return the hsbench version and, in a git checkout, the commit and whether files differ from it."""
    root = PACKAGE.parent
    facts: dict[str, Any] = {"hsbench": __version__, "commit": None, "dirty": None}
    if (root / ".git").exists():
        facts["commit"] = _git(root, "rev-parse", "HEAD")
        changes = _git(root, "status", "--porcelain", "--untracked-files=no")
        facts["dirty"] = None if changes is None else bool(changes)
    return facts


@functools.cache
def packages() -> Mapping[str, str]:
    """Return the versions of the installed packages that can move a number, by name."""
    return MappingProxyType({name: release for name in PACKAGES if (release := installed(name))})


def session(device: str, threads: int) -> dict[str, Any]:
    """Return the provenance of one working session of a cell, as JSON.

    Args:
        device: "cpu" or "cuda".
        threads: number of CPU threads that the session uses.
    """
    return {
        "code": code(),
        "python": platform.python_version(),
        "packages": dict(packages()),
        "system": platform.platform(),
        "cpu": cpu(),
        "cores": os.cpu_count(),
        "device": device,
        "threads": threads,
    }


def torch_facts(device: str, policy: str, *, eager: bool = False) -> dict[str, Any]:
    """Return numerical precision, audio back ends and GPU; empty in a process that has not imported torch.

    Args:
        device: "cpu" or "cuda".
        policy: name of the precision policy of the fit, see hsbench.fit.precision.
        eager: whether the user switched compiled networks and CUDA graphs off.
    """
    if "torch" not in sys.modules:
        return {}
    import torch

    from hsbench.audio import stft
    from hsbench.fit import precision

    facts: dict[str, Any] = {"precision": precision.described(policy, device), "stft": stft.NAME}
    if "torchaudio" in sys.modules:
        facts["resampler"] = kernel.NAME
    if device == "cuda":
        properties = torch.cuda.get_device_properties(0)
        facts["gpu"] = {
            "name": properties.name,
            "memory": properties.total_memory,
            "cuda": torch.version.cuda,
        }
    if device in EXPERIMENTAL:
        facts["path"] = EXPERIMENTAL[device]
    if eager:
        facts["eager"] = True
    return facts


def installed(package: str) -> str | None:
    """Return the version of a package, or None if it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _git(root: Path, *arguments: str) -> str | None:
    """Return what a git command prints; None if git fails or is missing."""
    try:
        process = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return process.stdout.strip()


@functools.cache
def cpu() -> str:
    """Return the name of the processor; the system is asked once per process."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")),
        platform.processor(),
    )
