"""What the server of a run imports before it forks the processes of the cells.

They follow from the descriptors of the models and metrics that the cells name, so that a run without torch does not
import torch. Only modules of hsbench, and the packages that they import on first use, are imported; plug-ins are
imported by the cells.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from hsbench import registry
from hsbench.metrics.base import split_rate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hsbench.descriptors import Descriptor
    from hsbench.planning.plan import PlannedCell

ALWAYS = (
    *("hsbench.execution.worker", "hsbench.execution.task", "hsbench.execution.work"),
    *("safetensors.numpy", "numpy.random", "numpy.fft", "email.parser", "platformdirs"),
)
"""What every cell imports: the worker and its rooms, and packages that they import inside functions."""
WITH_TORCH = ("hsbench.audio.stft", "hsbench.fit.precision")
"""What a cell with torch imports for its provenance."""

ON_FIRST_USE = {
    "auraloss": "auraloss",
    "cdpam": "hsbench.metrics.cdpam_network",  # the package itself is never imported
    "pesq": "pesq",
    "pystoi": "pystoi",
    "soundfile": "soundfile",
    "torch": "torch",
    "torchaudio": "hsbench.audio.resample",
}
"""Package that a descriptor needs -> module that its code imports on first use. A package that is absent here, such as
av, is imported by the cells."""

OPTIMISERS = "torch._dynamo"
"""Module that torch imports when the first optimiser is constructed, in about two seconds."""


CONTROL_GROUP = Path("/sys/fs/cgroup")
"""Folder in which a container finds the limit of its memory."""
CDPAM, AVAILABLE_BYTES = "hsbench.metrics.cdpam_network:load_for_forks", 8 << 30
"""Function that loads the network of CDPAM, and the memory that must be available for it: it takes 1.4 GB."""


def targets(cells: Iterable[PlannedCell], device: str) -> list[str]:
    """Return the names of the modules to import, in this order; "module:function" also calls the function.

    Args:
        cells: cells with missing work.
        device: device of the cells, "cpu" or "cuda".
    """
    planned = list(cells)
    models = {name: registry.model(name) for name in sorted({cell.cell.model.name for cell in planned})}
    metrics = sorted({split_rate(name)[0] for cell in planned for name in cell.metrics})
    names = [*ALWAYS, *(module for kind in registry.KINDS for module in registry.declaring_modules(kind))]
    for descriptor in (*models.values(), *(registry.metric(name) for name in metrics)):
        names += _of(descriptor)
    if "torch" in names:
        names += WITH_TORCH
    if "torch" in names and any(model.budgets for model in models.values() if _ours(model)):
        names.append(OPTIMISERS)
    if any(_resampled(cell) for cell in planned):
        names.append("hsbench.audio.resample")
    scored = sum("cdpam" in cell.metrics for cell in planned)
    if scored > 1 and device == "cpu" and available_memory() >= AVAILABLE_BYTES:
        names.append(CDPAM)
    return list(dict.fromkeys(names))


def available_memory() -> int:
    """Return how many bytes of memory new processes can use without swapping, 0 where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    available = next((int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:")), 0)
    with contextlib.suppress(OSError, ValueError):  # ValueError: "max" is no limit
        limit, used = (
            int((CONTROL_GROUP / name).read_text(encoding="ascii")) for name in ("memory.max", "memory.current")
        )
        available = min(available, limit - used)
    return available


def _of(descriptor: Descriptor) -> list[str]:
    """Return the modules of one object of hsbench; none for an object of a plug-in."""
    if not _ours(descriptor):
        return []
    packages = [ON_FIRST_USE[package] for package in descriptor.needs if package in ON_FIRST_USE]
    return [*packages, descriptor.target.partition(":")[0]]


def _ours(descriptor: Descriptor) -> bool:
    """Return whether the code of an object is a module of hsbench."""
    return descriptor.target.startswith("hsbench.")


def _resampled(planned: PlannedCell) -> bool:
    """Return whether a metric of hsbench needs another sample rate than that of the cell's corpus."""
    rate = planned.cell.corpus["sample_rate"]
    metrics = [registry.metric(split_rate(name)[0]) for name in planned.metrics]
    return any(_ours(metric) and metric.info.sample_rate not in (None, rate) for metric in metrics)
