"""Collect facts about an installation in sections: packages, devices, disks, and what cannot run. Writes nothing."""

from __future__ import annotations

import os
import platform
import re
import shutil
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires
from typing import TYPE_CHECKING

from hsbench import registry
from hsbench.device import EXPERIMENTAL
from hsbench.doctor import backends
from hsbench.files import cache_folder
from hsbench.results import provenance

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hsbench.descriptors import Descriptor
    from hsbench.doctor.backends import Backend

BLOCKABLE = ("models", "metrics", "corpora")
"""Kinds of registered things that can need additional packages."""


@dataclass(frozen=True)
class Fact:
    """One line of the check-up.

    Attributes:
        name: what the line is about, such as a package or a device.
        value: its version, path or description; if it does not work, the reason.
        ok: whether it works; None for a plain fact.
    """

    name: str
    value: str
    ok: bool | None = None


@dataclass(frozen=True)
class Checkup:
    """All facts about an installation.

    Attributes:
        sections: title of a section -> its facts, in the order shown.
        failing: required back ends that do not work.
    """

    sections: dict[str, list[Fact]]
    failing: tuple[Backend, ...]


def examine(results: Path) -> Checkup:
    """Return all facts about the installation on this machine.

    Args:
        results: results folder, existing or not; the free space of its disk is one of the facts.
    """
    tested = backends.all_backends()
    sections = {
        "hsbench": _code(),
        "packages": _packages(),
        "devices": _devices(tested),
        "back ends": [Fact(backend.name, backend.detail, backend.works) for backend in tested],
        "disk": [_disk("results", results), _disk("cache", cache_folder())],
        "cannot run here": _blocked(tested),
        "experimental": [
            Fact(f"--device {device}, also with --processes", label) for device, label in EXPERIMENTAL.items()
        ],
    }
    return Checkup(sections, tuple(backend for backend in tested if backend.required and not backend.works))


def _code() -> list[Fact]:
    """Return version and commit of hsbench, and the Python that runs it."""
    code = provenance.code()
    state = {None: "unknown", False: "no", True: "yes: files differ from the commit"}[code["dirty"]]
    return [
        Fact("version", code["hsbench"]),
        Fact("commit", code["commit"] or "unknown: not a checkout"),
        Fact("dirty", state),
        Fact("Python", platform.python_version()),
        Fact("platform", platform.platform()),
    ]


def _packages() -> list[Fact]:
    """Return the installed versions of the packages that hsbench and its extras depend on."""
    try:
        wanted = requires("hsbench") or []
    except PackageNotFoundError:
        wanted = list(provenance.PACKAGES)
    facts = []
    for requirement in wanted:
        name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
        extra = re.search(r"extra\s*==\s*['\"]([\w-]+)", requirement)
        note = f" (extra {extra.group(1)})" if extra else ""
        version = provenance.installed(name)
        facts.append(Fact(name, f"{version or 'missing'}{note}", version is not None))
    return facts


def _devices(tested: Sequence[Backend]) -> list[Fact]:
    """Return the processor, the number of its cores, and the GPUs."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    facts = [Fact("CPU", provenance.cpu()), Fact("cores", f"{os.cpu_count()}, {usable} usable")]
    return [
        *facts,
        Fact("CUDA", _cuda(torch_works=any(backend.name == "torch" and backend.works for backend in tested))),
    ]


def _cuda(*, torch_works: bool) -> str:
    """Return the names of the GPUs that torch finds."""
    if not torch_works:
        return "unknown: torch cannot be imported"
    import torch

    if not torch.cuda.is_available():
        return "none"
    return ", ".join(torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count()))


def _disk(name: str, folder: Path) -> Fact:
    """Return the free space on the disk of a folder; a folder that does not exist yet counts as its nearest parent."""
    existing = folder.resolve()
    while not existing.exists():
        existing = existing.parent
    free = shutil.disk_usage(existing).free
    writable = os.access(existing, os.W_OK)
    note = "" if writable else "; not writable: choose another (--results, HSBENCH_CACHE)"
    return Fact(name, f"{folder.resolve()}, {free / 1e9:.1f} GB free{note}", writable)


def _blocked(tested: Sequence[Backend]) -> list[Fact]:
    """Return the registered models, metrics and corpora that cannot run on this machine, with the reasons."""
    broken = {backend.module: backend for backend in tested if backend.module and not backend.works}
    descriptors = [registry.get(kind, name) for kind in BLOCKABLE for name in registry.names(kind)]
    reasons = [(descriptor, _reason(descriptor, broken)) for descriptor in descriptors]
    return [Fact(f"{descriptor.kind} {descriptor.name}", reason, ok=False) for descriptor, reason in reasons if reason]


def _reason(descriptor: Descriptor, broken: dict[str, Backend]) -> str:
    """Return the reason why a model, metric or corpus cannot run on this machine; "" if it can.

    Args:
        descriptor: its descriptor, which lists the modules that it needs.
        broken: module -> back end that does not work.
    """
    if missing := descriptor.missing():
        return f"needs {', '.join(missing)}; install with: {descriptor.remedy()}"
    lacking = [broken[name].name for name in descriptor.needs if name in broken]
    return f"needs {', '.join(lacking)}, which does not work; see back ends" if lacking else ""
