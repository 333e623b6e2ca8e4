"""Shared parts of the speed scripts: alternating timed runs, a description of the machine, and the table.

Each script measures some `Line`s and passes them to `main`, which prints the table and, with --json, saves the lines
for speed/table.py. "Plain" is code that calls the libraries directly, without hsbench. In each round, plain code and
hsbench run once, one after the other, and a ratio is the median over the rounds of plain time / hsbench time. A machine
that is slow for a while slows both sides of a round, so the ratio hardly changes.
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
        ours: time that hsbench took, in seconds (median over the rounds).
        plain: time that plain code took, in seconds; None where there is no plain code to compare with.
        ratio: median over the rounds of plain time / hsbench time.
        at_least: target for the ratio; None without such a target.
        within: target for the time of hsbench, in seconds; None without such a target.
        remark: what a reader must know to understand the figures.
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
        """Return "yes" or "no" for a target that is met or missed, and "" without a target."""
        if self.at_least is not None and self.ratio is not None:
            return "yes" if self.ratio >= self.at_least else "no"
        if self.within is not None:
            return "yes" if self.ours <= self.within else "no"
        return ""

    def cells(self) -> tuple[str, ...]:
        """Return the printed texts of the row, in the order of HEAD."""
        target = f"{self.at_least:g} times" if self.at_least else f"{self.within:g} s" if self.within else ""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        return (self.work, format_seconds(self.plain), format_seconds(self.ours), ratio, target, self.met, self.remark)


def compared(work: str, rounds: Sequence[tuple[float, float]], scale: float = 1.0, **rest: float | str | None) -> Line:
    """Summarise rounds of (plain, hsbench) times in one row.

    Args:
        work: what was timed.
        rounds: for each round the times of plain code and of hsbench, in seconds.
        scale: factor for both times, such as 1 / clips to give the time per clip.
        rest: further attributes of the Line.
    """
    plain, ours = (statistics.median(times[side] for times in rounds) * scale for side in (0, 1))
    return Line(work, ours, plain, statistics.median(a / b for a, b in rounds), **rest)  # type: ignore[arg-type]


def seconds(run: Callable[[], object]) -> float:
    """Return the time that one call takes, in seconds."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def in_turn(plain: Callable[[], object], ours: Callable[[], object], rounds: int) -> list[tuple[float, float]]:
    """Return the times (plain, hsbench) in seconds of each round, in which both sides run once."""
    return [(seconds(plain), seconds(ours)) for _ in range(rounds)]


def slope(sizes: Sequence[float], values: Sequence[float]) -> float:
    """Return the exponent b of a power law value = a * size ** b.

    The logarithm of the power law is a straight line, log value = log a + b log size, so b is the slope of the line of
    least squares through the logarithms.
    """
    fit = statistics.linear_regression([math.log(size) for size in sizes], [math.log(value) for value in values])
    return fit.slope


def format_seconds(value: float | None) -> str:
    """Return a time (in seconds) as text with a unit that suits its size; "" for None."""
    if value is None:
        return ""
    return f"{value:.2f} s" if value >= 1 else f"{1000 * value:.0f} ms" if value >= 0.01 else f"{1000 * value:.2f} ms"


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table with padded columns."""
    cells = [list(head), *map(list, rows)]
    widths = [max(3, *(len(row[column]) for row in cells)) for column in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def machine(threads: int) -> str:
    """Describe processor, vector unit, cores, threads, load and versions in one line."""
    import torch

    facts = _cpu_facts()
    vector = next((name for name in ("avx512f", "avx2") if name in facts["flags"].split()), "no AVX2")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = os.getloadavg()[0]
    return (
        f"{facts['model name']}, {vector}, {counted(cores, 'core')}, {counted(threads, 'thread')}, "
        f"torch {torch.__version__}, "
        f"Python {platform.python_version()}; load average {load:.1f} when it was written"
    )


def counted(number: int | None, noun: str) -> str:
    """Return a number with its noun, in the plural unless the number is 1."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _cpu_facts() -> dict[str, str]:
    """Return model name and flags of the first processor, where the system states them."""
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
    """Run the command line of a speed script: measure with a fixed number of threads, print the table, save it.

    Args:
        description: help text of the script.
        measure: function from the parsed options to the rows of the table.
        rounds: default number of rounds.
        options: function that adds further options to the parser.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2, help="number of torch threads (default 2)")
    parser.add_argument(
        "--rounds",
        type=int,
        default=rounds,
        help=f"number of rounds, in each of which every side runs once (default {rounds})",
    )
    parser.add_argument("--json", type=Path, help="file to write the rows to, as JSON")
    options(parser)
    chosen = parser.parse_args()
    import torch

    torch.set_num_threads(chosen.threads)
    lines = measure(chosen)
    print(machine(chosen.threads))
    print(markdown(HEAD, [line.cells() for line in lines]), flush=True)
    if chosen.json is not None:
        chosen.json.write_text(json.dumps([dataclasses.asdict(line) for line in lines]), encoding="utf-8")
