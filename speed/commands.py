"""Measure the command line: help, list, plan for 100 cells, report for 20 cells of 512 clips.

Each command runs in a process of its own, as a user starts it, on a results folder that this script writes into a
temporary folder. Each command runs `--rounds` times. The table gives the shortest time and the median processor time:
a process that waits for other processes takes longer, but uses no more processor time.
Usage: python speed/commands.py [--rounds 5]
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import bench
from hsbench.results.store import Results
from hsbench.results.view import View, ViewCorpus, ViewRow

if TYPE_CHECKING:
    import argparse

CELLS, CLIPS = 20, 512
PLAN = ("plan", "table2d", "--seeds", "25")
"""Arguments of `hsbench` that plan 100 cells: four rows, two of which are floors, with 25 seeds each."""
METRICS = ("mse", "lsd", "si_snr", "pesq", "stoi", "cdpam")


def results(root: Path, cells: int, count: int) -> None:
    """Write a results folder with one view, in which every clip has a reconstruction and scores.

    Args:
        root: folder to write.
        cells: number of cells, one for each row of the view.
        count: number of clips of each cell.
    """
    store, random = Results(root), np.random.default_rng(0)
    clips = [f"clip{number:04}" for number in range(count)]
    rows = []
    for cell in range(cells):
        name = f"inr-fmlp--synthetic--quick--s0--{cell:012x}"
        folder = store.folder(name)
        facts = {"status": "ok", "numbers": 33031, "bits": 1056992, "steps": 10, "seconds": 1.0, "clipped": 0.0}
        folder.append_reconstructions({"clip": clip, **facts} for clip in clips)
        values = random.uniform(0, 1, (count, len(METRICS)))
        values[:, METRICS.index("pesq")] += 1  # PESQ is never below 1
        folder.append_scores(
            {"clip": clip, "metric": metric, "version": 1, "value": value, "status": "ok", "seconds": 0.01}
            for clip, scored in zip(clips, values.tolist(), strict=True)
            for metric, value in zip(METRICS, scored, strict=True)
        )
        folder.add_provenance({"code": {"hsbench": "0", "commit": None, "dirty": False}})
        rows.append(row(f"row {cell}", name))
    store.write_view(view(clips, rows))


def row(name: str, folder: str) -> ViewRow:
    """Return one row of the view."""
    return ViewRow(name, "inr-fmlp", "synthetic", "", (folder,))


def view(clips: list[str], rows: list[ViewRow]) -> View:
    """Return the view that holds all rows."""
    return View(
        group="synthetic--quick--fixed-1",
        experiment="table2d",
        title="Synthetic",
        table="2d",
        source="hypersound_2023",
        corpora={"synthetic": ViewCorpus("none", "f", 32768, 22050, clips=tuple(clips))},
        absent={},
        budget="quick",
        protocol="fixed-1",
        split="validation",
        clips_paper=30,
        limit=None,
        metrics=METRICS,
        rows=tuple(rows),
    )


def run_command(arguments: list[str]) -> tuple[float, float, str]:
    """Run a command; return its elapsed and processor time in seconds, and what it printed."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    completed = subprocess.run(
        [sys.executable, "-m", "hsbench", *arguments], capture_output=True, text=True, check=True, env=environment
    )
    elapsed, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return elapsed, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, completed.stdout


def timed_command(work: str, arguments: list[str], within: float, rounds: int, expected: str) -> bench.Line:
    """Time a command and return its row of the table.

    Args:
        work: name of the work in the table.
        arguments: arguments of `hsbench`.
        within: target in seconds.
        rounds: number of runs.
        expected: text that the command must print, which shows that it did its work.
    """
    runs = [run_command(arguments) for _ in range(rounds)]
    assert all(expected in printed for _, _, printed in runs), f"{work}: {expected!r} is not in {runs[0][2]!r}"
    processor_time = statistics.median(processor for _, processor, _ in runs)
    remark = f"shortest of {rounds}; {bench.format_seconds(processor_time)} of processor time"
    return bench.Line(work, min(elapsed for elapsed, _, _ in runs), within=within, remark=remark)


def measure(options: argparse.Namespace) -> list[bench.Line]:
    """Measure all commands."""
    with tempfile.TemporaryDirectory() as folder:
        results(Path(folder) / "results", CELLS, CLIPS)
        plan_arguments = [*PLAN, "--results", str(Path(folder) / "none")]
        report_arguments = ["report", "--results", str(Path(folder) / "results")]
        return [
            timed_command("hsbench --help", ["--help"], 0.5, options.rounds, "Commands"),
            timed_command("hsbench list", ["list"], 0.5, options.rounds, "inr-siren"),
            timed_command("hsbench plan, 100 cells", plan_arguments, 1, options.rounds, "100 cells"),
            timed_command(
                f"hsbench report, {CELLS} cells x {CLIPS} clips", report_arguments, 5, options.rounds, "row 19"
            ),
        ]


if __name__ == "__main__":
    bench.main(__doc__, measure, rounds=5)
