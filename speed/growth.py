"""Measure how time and memory grow with the number of clips, the width, the batch and the number of cells.

Every size runs in a forked process of its own, after a small warm-up run. Memory is the peak of that process minus its
memory at the start, without pages of mapped files. The table gives the exponent b of the power law
time = a * size ** b, the slope of the line through the logarithms, and the same for memory. The amount of work (such as
parameters or clips) has an exponent too, which the exponent of the time should not exceed.
Usage: python speed/growth.py [--threads 1]
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import multiprocessing
import os
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile
import torch

import bench
import commands
import hsbench
import hyper_step
import inr_step
from hsbench import registry
from hsbench.corpora.base import Source
from hsbench.execution.task import Task
from hsbench.execution.work import complete
from hsbench.metrics import known
from hsbench.metrics.suite import Scorer
from hsbench.models.targets import create
from hsbench.planning import plan
from hsbench.planning.request import Request
from hsbench.planning.selection import select
from hsbench.results.store import Results
from hsbench.spec import Resources, freeze

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HEAD = ("work", "size", "time", "memory", "exponent of the work", "of the time", "of the memory")
FEW = ("mse", "lsd", "si_snr", "stoi")


@dataclass(frozen=True)
class Case:
    """One kind of work, measured at several sizes.

    Attributes:
        work: name of the work in the table.
        sizes: sizes to measure, in ascending order.
        make: function from a size to a call that does the work.
        amount: function from a size to the amount of work, in any unit.
        warm: size of the warm-up run, which bears the costs that arise only once.
    """

    work: str
    sizes: Sequence[int]
    make: Callable[[int], Callable[[], object]]
    amount: Callable[[int], float]
    warm: int


def score(clips: int) -> Callable[[], object]:
    """Return a call that scores so many pairs, one after the other."""
    noise = np.random.default_rng(0)

    def pair(number: int) -> tuple[str, np.ndarray, np.ndarray, tuple[str, ...]]:
        x = 0.1 * noise.standard_normal(known.SAMPLES)
        return str(number), x, x + 0.01 * noise.standard_normal(known.SAMPLES), FEW

    def run() -> None:
        with Scorer(22050) as scorer:
            assert sum(1 for _ in scorer.score(map(pair, range(clips)))) == clips

    return run


def cell(sounds: Path, metrics: tuple[str, ...], clips: int) -> Callable[[], object]:
    """Return a call that computes a whole cell, from the corpus to its rows on disk, in a new results folder."""
    task = open_task(sounds, metrics, clips)
    return lambda: complete(task)


def open_task(sounds: Path, metrics: tuple[str, ...], clips: int) -> Task:
    """Return the task of a cell of white noise (control `noise`) in a new results folder, with no work done yet."""
    results = Results(Path(tempfile.mkdtemp(dir=sounds.parent)))
    request = Request(
        experiments=("sanity",),
        corpus="folder",
        budget="paper",
        filters=("row~noise",),
        split="all",
        data_root=sounds,
        limit=clips,
    )
    resources = Resources("cpu", 1, 1, None, 1)
    (planned,) = plan.make(select(request), results, resources).cells
    assert len(planned.clips) == clips
    job = dataclasses.replace(planned.job(resources, (), ()), metrics=metrics)
    return Task.open(job, results.cell(planned.cell), results, lambda *_: None)


def steps(clips: int, width: int) -> Callable[[], object]:
    """Return a call that does one training step of so many individual INRs."""
    net, threads = create("fmlp", [width] * 5), torch.get_num_threads()
    step = inr_step.harness(net, *inr_step.problem("fmlp", clips, width), threads)
    return lambda: step(0)


def hyper(batch: int) -> Callable[[], object]:
    """Return a call that does one training step of the hypernetwork at reference size."""
    return hyper_step.prepare("fmlp", batch, "cpu").ours


def report(folder: Path, cells: int) -> Callable[[], object]:
    """Return a call that makes the table of so many cells of 128 clips."""
    root = folder / f"report{cells}"
    commands.results(root, cells, 128)

    def run() -> None:
        assert f"row {cells - 1}" in hsbench.open_results(root).table("table2d").to_markdown()

    return run


def planned(cells: int) -> Callable[[], object]:
    """Return a call that plans so many cells, four rows of cells / 4 seeds, for an empty results folder."""
    request = Request(experiments=("table2d",), seeds=cells // 4)
    return lambda: plan.make(select(request), Results(Path("nowhere")), Resources("cpu", 1, 1, None, 1))


def corpus(folder: Path) -> Path:
    """Write and prepare a corpus of 512 clips, with its cache in the same folder; return the folder of the sounds."""
    sounds = folder / "sounds"
    os.environ["HSBENCH_CACHE"] = str(folder / "cache")
    for number in range(32):
        path = sounds / f"v{number % 4}" / f"{number:03}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.resize(0.1 * known.speech(number), 16 * known.SAMPLES), 22050)
    descriptor = registry.get("corpora", "folder")
    descriptor.load()(Source(sounds, freeze(descriptor.defaults))).prepare(1, lambda _done, _total: None)
    return sounds


def cases(folder: Path, sounds: Path) -> list[Case]:
    """Return all cases to measure."""
    many = (16, 64, 256, 512)
    return [
        Case("score clips (four metrics)", many, score, float, 2),
        Case("run a cell: rebuild, score, keep", many, lambda n: cell(sounds, FEW[:3], n), float, 2),
        Case("score clips that are rebuilt", many, lambda n: rescored(sounds, n), float, 2),
        Case("INR step, 4 clips, by width", (22, 45, 90, 180), lambda n: steps(4, n), parameters_of_inr, 22),
        Case("INR step, width 45, by clips", (2, 4, 8, 16), lambda n: steps(n, 45), float, 2),
        Case("hypernetwork step, by batch", (1, 2, 4, 8), hyper, float, 1),
        Case("plan, by cells", (20, 100, 500), planned, float, 4),
        Case("report, 128 clips a cell, by cells", (5, 20, 80), lambda n: report(folder, n), float, 2),
    ]


def rescored(sounds: Path, clips: int) -> Callable[[], object]:
    """Return a call that scores the clips of a cell whose reconstructions are on disk and have no scores yet."""
    task = open_task(sounds, (), clips)
    complete(task)
    job = dataclasses.replace(task.job, metrics=FEW[:3])
    scoring_task = Task.open(job, task.folder, task.results, lambda *_: None)
    return lambda: complete(scoring_task)


def parameters_of_inr(width: int) -> int:
    """Return the number of parameters of an FMLP of this width."""
    return create("fmlp", [width] * 5).count()


def memory() -> float:
    """Return the memory of this process in MB, without pages of files, which the system can reclaim."""
    text = Path("/proc/self/status").read_text(encoding="ascii")
    return int(text.split("RssAnon:")[1].split()[0]) / 1024


def peak_memory(finished: threading.Event) -> float:
    """Return the largest memory in MB, measured every two milliseconds until the event is set."""
    peak = memory()
    while not finished.wait(0.002):
        peak = max(peak, memory())
    return peak


def measure_here(case: Case, size: int, threads: int, pipe: Any) -> None:
    """Do the work in this process; send its time in seconds and the growth of its memory in MB through the pipe."""
    torch.set_num_threads(threads)
    before = memory()
    case.make(case.warm)()
    run = case.make(size)
    with ThreadPoolExecutor(1) as pool:
        finished = threading.Event()
        peak = pool.submit(peak_memory, finished)
        elapsed = bench.seconds(run)
        finished.set()
    pipe.send((elapsed, max(1.0, peak.result() - before)))


def measured(case: Case, threads: int) -> tuple[list[float], list[float]]:
    """Return the time in seconds and the memory in MB for every size."""
    context, measurements = multiprocessing.get_context("fork"), []
    for size in case.sizes:
        receiving, sending = context.Pipe(duplex=False)
        process = context.Process(target=measure_here, args=(case, size, threads, sending))
        process.start()
        sending.close()
        measurements.append(receiving.recv())
        process.join()
    seconds, megabytes = zip(*measurements, strict=True)
    return list(seconds), list(megabytes)


def rows(case: Case, threads: int) -> list[tuple[str, ...]]:
    """Return one row for each size; the last row has the exponents."""
    seconds, megabytes = measured(case, threads)
    exponents = [
        f"{bench.slope(case.sizes, values):.2f}"
        for values in ([case.amount(size) for size in case.sizes], seconds, megabytes)
    ]
    blank = [("", "", "")] * (len(case.sizes) - 1)
    return [
        (case.work if index == 0 else "", str(size), bench.format_seconds(elapsed), f"{peak:.0f} MB", *last)
        for index, (size, elapsed, peak, last) in enumerate(
            zip(case.sizes, seconds, megabytes, [*blank, tuple(exponents)], strict=True)
        )
    ]


def main() -> None:
    """Measure the chosen cases and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1, help="number of torch threads (default 1)")
    parser.add_argument("--only", default="", help="measure only cases whose name contains this text")
    parser.add_argument("--json", type=Path, help="file to write the rows to, as JSON")
    options = parser.parse_args()
    # The first optimiser imports modules that every fit needs; made here, they count for no case.
    torch.optim.AdamW([torch.zeros(1)])
    with tempfile.TemporaryDirectory() as folder:
        sounds = corpus(Path(folder))
        chosen = [case for case in cases(Path(folder), sounds) if options.only in case.work]
        table_rows = [row for case in chosen for row in rows(case, options.threads)]
    print(bench.machine(options.threads))
    print(bench.markdown(HEAD, table_rows))
    if options.json is not None:
        options.json.write_text(json.dumps(table_rows), encoding="utf-8")


if __name__ == "__main__":
    main()
