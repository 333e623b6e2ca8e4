"""What the speed scripts share: runs timed in turn, the machine they ran on, and the table.

A script measures `Line`s and hands them to `main`, which prints the table and, with --json, keeps the lines for
speed/table.py. Ratios are medians over rounds in which every side runs once, so a machine that slows down slows all.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import os
import platform
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

HEAD = ("work", "plain", "hsbench", "ratio", "target", "met", "remark")


@dataclass(frozen=True)
class Line:
    """One row of the table.

    Attributes:
        work: what was timed.
        ours: seconds of hsbench, a median.
        plain: seconds of the plain side; None where there is none.
        ratio: median of plain over ours, round by round.
        at_least: the ratio that is aimed at.
        within: the seconds that are aimed at.
        remark: what a reader must know.
    """

    work: str
    ours: float
    plain: float | None = None
    ratio: float | None = None
    at_least: float | None = None
    within: float | None = None
    remark: str = ""

    @property
    def met(self) -> str:
        """Whether the target is met; empty without one."""
        if self.at_least is not None and self.ratio is not None:
            return "yes" if self.ratio >= self.at_least else "no"
        if self.within is not None:
            return "yes" if self.ours <= self.within else "no"
        return ""

    def cells(self) -> tuple[str, ...]:
        """The row as shown, in the order of HEAD."""
        target = f"{self.at_least:g} times" if self.at_least else f"{self.within:g} s" if self.within else ""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        return (self.work, shown(self.plain), shown(self.ours), ratio, target, self.met, self.remark)


def compared(work: str, rounds: Sequence[tuple[float, float]], scale: float = 1.0, **rest: float | str | None) -> Line:
    """The row of rounds of (plain, ours) seconds, each times `scale`."""
    plain, ours = (statistics.median(one[side] for one in rounds) * scale for side in (0, 1))
    return Line(work, ours, plain, statistics.median(a / b for a, b in rounds), **rest)  # type: ignore[arg-type]


def seconds(run: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def in_turn(plain: Callable[[], object], ours: Callable[[], object], rounds: int) -> list[tuple[float, float]]:
    """Seconds of both sides in each round."""
    return [(seconds(plain), seconds(ours)) for _ in range(rounds)]


def slope(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The exponent with which values grow: the slope of the line through their logarithms."""
    fit = statistics.linear_regression([math.log(one) for one in sizes], [math.log(one) for one in values])
    return fit.slope


def shown(value: float | None) -> str:
    """A time for people."""
    if value is None:
        return ""
    return f"{value:.2f} s" if value >= 1 else f"{1000 * value:.0f} ms" if value >= 0.01 else f"{1000 * value:.2f} ms"


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, its columns padded."""
    cells = [list(head), *map(list, rows)]
    widths = [max(3, *(len(row[column]) for row in cells)) for column in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def machine(threads: int) -> str:
    """Processor, vector unit, cores, threads, load and versions in one sentence."""
    import torch

    facts = _cpu_facts()
    vector = next((one for one in ("avx512f", "avx2") if one in facts["flags"].split()), "no AVX2")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = os.getloadavg()[0]
    return (
        f"{facts['model name']}, {vector}, {cores} cores, {threads} threads, torch {torch.__version__}, "
        f"Python {platform.python_version()}; load average {load:.1f} when it was written"
    )


def _cpu_facts() -> dict[str, str]:
    """Model and flags of the first processor, as far as the system says them."""
    facts = {"model name": platform.processor() or platform.machine(), "flags": ""}
    path = Path("/proc/cpuinfo")
    if path.exists():
        for line in path.read_text(encoding="utf-8").partition("\n\n")[0].splitlines():
            name, _, value = line.partition(":")
            facts[name.strip()] = value.strip()
    return facts


def main(
    description: str | None,
    measure: Callable[[argparse.Namespace], list[Line]],
    *,
    rounds: int = 3,
    options: Callable[[argparse.ArgumentParser], None] = lambda _parser: None,
) -> None:
    """The command line of a script: measure with a fixed number of threads, print the table, keep it where asked."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2, help="of torch (default 2)")
    parser.add_argument("--rounds", type=int, default=rounds, help=f"in which each side runs once (default {rounds})")
    parser.add_argument("--json", type=Path, help="file for the lines")
    options(parser)
    chosen = parser.parse_args()
    import torch

    torch.set_num_threads(chosen.threads)
    lines = measure(chosen)
    print(machine(chosen.threads))
    print(markdown(HEAD, [line.cells() for line in lines]), flush=True)
    if chosen.json is not None:
        chosen.json.write_text(json.dumps([dataclasses.asdict(line) for line in lines]), encoding="utf-8")
