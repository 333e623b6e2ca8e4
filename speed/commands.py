"""What the command line costs: help, list, plan on 100 cells, report on 20 cells of 512 clips.

Each command is a process of its own, as a user starts it; the results folder is made here, in a temporary place. A
command runs `--rounds` times, and the shortest run counts, beside the processor time that it took: a process that
others keep waiting takes longer and computes no more. Usage: python speed/commands.py [--rounds 5]
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
METRICS = ("mse", "lsd", "si_snr", "pesq", "stoi", "cdpam")


def results(root: Path, cells: int, count: int) -> None:
    """A folder with one view of so many rows and clips, every clip rebuilt and scored."""
    store, random = Results(root), np.random.default_rng(0)
    clips = [f"clip{number:04}" for number in range(count)]
    rows = []
    for cell in range(cells):
        name = f"inr-fmlp--synthetic--quick--s0--{cell:012x}"
        folder = store.folder(name)
        facts = {"status": "ok", "numbers": 33031, "bits": 1056992, "steps": 10, "seconds": 1.0, "clipped": 0.0}
        folder.append_reconstructions({"clip": clip, **facts} for clip in clips)
        values = random.uniform(1, 2, (count, len(METRICS)))
        folder.append_scores(
            {"clip": clip, "metric": metric, "version": 1, "value": value, "status": "ok", "seconds": 0.01}
            for clip, scored in zip(clips, values.tolist(), strict=True)
            for metric, value in zip(METRICS, scored, strict=True)
        )
        folder.add_provenance({"code": {"hsbench": "0", "commit": None, "dirty": False}})
        rows.append(row(f"row {cell}", name))
    store.write_view(view(clips, rows))


def row(name: str, folder: str) -> ViewRow:
    """One row of the view."""
    return ViewRow(name, "inr-fmlp", "synthetic", "", (folder,))


def view(clips: list[str], rows: list[ViewRow]) -> View:
    """The view of all rows."""
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


def cost(arguments: list[str]) -> tuple[float, float, str]:
    """Seconds by the clock and of the processor, and what a command printed."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "hsbench", *arguments], capture_output=True, text=True, check=True, env=environment
    )
    took, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def line(work: str, arguments: list[str], within: float, rounds: int, expected: str) -> bench.Line:
    """The row of one command, which must print what it is for."""
    runs = [cost(arguments) for _ in range(rounds)]
    assert all(expected in printed for _, _, printed in runs), f"{work}: {expected!r} is not in {runs[0][2]!r}"
    processor = statistics.median(one[1] for one in runs)
    remark = f"shortest of {rounds}; {bench.shown(processor)} of processor time"
    return bench.Line(work, min(one[0] for one in runs), within=within, remark=remark)


def measure(options: argparse.Namespace) -> list[bench.Line]:
    """All commands."""
    with tempfile.TemporaryDirectory() as folder:
        results(Path(folder) / "results", CELLS, CLIPS)
        planned = ["plan", "table2d", "--seeds", "50", "--results", str(Path(folder) / "none")]
        reported = ["report", "--results", str(Path(folder) / "results")]
        return [
            line("hsbench --help", ["--help"], 0.5, options.rounds, "Commands"),
            line("hsbench list", ["list"], 0.5, options.rounds, "inr-siren"),
            line("hsbench plan, 100 cells", planned, 1, options.rounds, "100 cells"),
            line(f"hsbench report, {CELLS} cells x {CLIPS} clips", reported, 5, options.rounds, "row 19"),
        ]


if __name__ == "__main__":
    bench.main(__doc__, measure, rounds=5)
