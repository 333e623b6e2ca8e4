"""What is installed here and what that blocks, as sections of facts; nothing is written."""

from __future__ import annotations

import os
import platform
import re
import shutil
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires
from typing import TYPE_CHECKING

from hsbench import registry
from hsbench.device import EXPERIMENTAL, SWITCHES
from hsbench.doctor import backends
from hsbench.files import cache_folder
from hsbench.results import provenance

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hsbench.descriptors import Descriptor
    from hsbench.doctor.backends import Backend

BLOCKABLE = ("models", "metrics", "corpora")
"""Kinds whose members need packages of their own."""


@dataclass(frozen=True)
class Fact:
    """A line of the check-up.

    Attributes:
        name: of what.
        value: what was found.
        ok: whether it works, or None where there is nothing to judge.
    """

    name: str
    value: str
    ok: bool | None = None


@dataclass(frozen=True)
class Checkup:
    """All facts.

    Attributes:
        sections: title -> facts, in the order shown.
        failing: required back ends that do not work.
    """

    sections: dict[str, list[Fact]]
    failing: tuple[Backend, ...]


def make(results: Path) -> Checkup:
    """Look at everything.

    Args:
        results: the results folder, existing or not.
    """
    found = backends.all_backends()
    sections = {
        "hsbench": _own(),
        "packages": _packages(),
        "devices": _devices(found),
        "back ends": [Fact(one.name, one.detail, one.works) for one in found],
        "disk": [_disk("results", results), _disk("cache", cache_folder())],
        "cannot run here": _blocked(found),
        "experimental": [
            *(Fact(f"--device {device}, also with --processes", label) for device, label in EXPERIMENTAL.items()),
            *(Fact(f"{name}=1", f"{what}; {EXPERIMENTAL['cuda']}") for name, what in SWITCHES.items()),
        ],
    }
    return Checkup(sections, tuple(one for one in found if one.required and not one.works))


def _own() -> list[Fact]:
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
    """What hsbench depends on, and what its extras install."""
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


def _devices(found: Sequence[Backend]) -> list[Fact]:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    facts = [Fact("CPU", provenance.cpu()), Fact("cores", f"{os.cpu_count()}, {usable} usable")]
    return [*facts, Fact("CUDA", _cuda(works=any(one.name == "torch" and one.works for one in found)))]


def _cuda(*, works: bool) -> str:
    if not works:
        return "unknown: torch does not import"
    import torch

    if not torch.cuda.is_available():
        return "none"
    return ", ".join(torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count()))


def _disk(name: str, folder: Path) -> Fact:
    """Free space where a folder is, or would be."""
    there = folder.resolve()
    while not there.exists():
        there = there.parent
    free = shutil.disk_usage(there).free
    writable = os.access(there, os.W_OK)
    note = "" if writable else "; not writable: choose another (--results, HSBENCH_CACHE)"
    return Fact(name, f"{folder.resolve()}, {free / 1e9:.1f} GB free{note}", writable)


def _blocked(found: Sequence[Backend]) -> list[Fact]:
    """What is registered and lacks something here, with the reason."""
    broken = {one.module: one for one in found if one.module and not one.works}
    descriptors = [registry.get(kind, name) for kind in BLOCKABLE for name in registry.names(kind)]
    reasons = [(one, _reason(one, broken)) for one in descriptors]
    return [Fact(f"{one.kind} {one.name}", reason, ok=False) for one, reason in reasons if reason]


def _reason(descriptor: Descriptor, broken: dict[str, Backend]) -> str:
    """Why a registered thing cannot run here; "" where it can."""
    if missing := descriptor.missing():
        return f"needs {', '.join(missing)}; install with: {descriptor.remedy()}"
    lacking = [broken[name].name for name in descriptor.needs if name in broken]
    return f"needs {', '.join(lacking)}, which does not work; see back ends" if lacking else ""
