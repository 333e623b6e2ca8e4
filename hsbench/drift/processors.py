"""Processor families, and the instruction sets below that of this machine under which the noise is measured too.

Rounding depends on the processor: libraries choose other instructions, sizes of blocks and orders of addition on each.
Within a family the noise floor covers that (docs/drift.md), because it was measured under several instruction sets. On
another family the same fit was never measured, so a difference there is neither drift nor noise.
"""

from __future__ import annotations

import platform
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_FAMILIES = {
    "AMD": re.compile(r"\bamd\b|authenticamd|epyc|ryzen|opteron", re.IGNORECASE),
    "Intel": re.compile(r"\bintel|genuineintel|xeon", re.IGNORECASE),
    "ARM": re.compile(r"\barm|aarch64|apple|neoverse|cortex|graviton|ampere", re.IGNORECASE),
}
"""Family -> pattern that finds it in the name of a processor; the first that matches counts."""

INSTRUCTIONS: Mapping[str, Mapping[str, str]] = {
    "avx2": {"ATEN_CPU_CAPABILITY": "avx2", "MKL_ENABLE_INSTRUCTIONS": "AVX2", "ONEDNN_MAX_CPU_ISA": "AVX2"},
    "sse4": {"ATEN_CPU_CAPABILITY": "default", "MKL_ENABLE_INSTRUCTIONS": "SSE4_2", "ONEDNN_MAX_CPU_ISA": "SSE41"},
}
"""Name of an instruction set -> environment variables that limit PyTorch, MKL and oneDNN to it."""


def cpu_family(name: str | None) -> str:
    """Return the family of a processor: "AMD", "Intel", "ARM" (with Apple's), or "other".

    The rule: the vendor that the name holds. "AMD64" and "x86_64" are names of an architecture that two vendors build,
    so alone they are "other", like a name that was not recorded.

    Args:
        name: name of the processor as `hsbench.results.provenance.cpu` records it.
    """
    return next((family for family, pattern in _FAMILIES.items() if pattern.search(name or "")), "other")


def families(names: Iterable[str | None]) -> tuple[str, ...]:
    """Return the families of several processors, each once, sorted."""
    return tuple(sorted({cpu_family(name) for name in names}))


def difference(before: Sequence[str], now: Sequence[str]) -> str:
    """Return a sentence if there is a family now that the baseline does not cover; "" if there is none.

    Args:
        before: families on which the baseline was measured.
        now: families on which the results to judge were computed.
    """
    if set(now) <= set(before):
        return ""
    return f"processor family differs: {' and '.join(before) or 'none'} in the baseline, {' and '.join(now)} now"


def limits() -> list[str]:
    """Return the names of INSTRUCTIONS that this machine can be limited to; none but x86 reads those variables."""
    return [*INSTRUCTIONS] if platform.machine().lower() in ("x86_64", "amd64") else []
