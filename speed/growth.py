"""How time and memory grow: with clips, width, batch and cells; a table with the exponent of each.

Every size runs in a forked process of its own, after a small run that warms it up. Memory is what that process took at
most beyond what it had when it started, without pages of mapped files. An exponent is the slope of the line through
the logarithms; beside that of the time stands that of the work (parameters, or things to do), which it should not
exceed.
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
    """One thing that grows.

    Attributes:
        work: what it is.
        sizes: of the runs.
        make: size -> a call that does it.
        amount: size -> how much work that is, in any unit.
        warm: size of the run before, which pays for what is paid once.
    """

    work: str
    sizes: Sequence[int]
    make: Callable[[int], Callable[[], object]]
    amount: Callable[[int], float]
    warm: int


def score(clips: int) -> Callable[[], object]:
    """Pairs that stream through a scorer."""
    noise = np.random.default_rng(0)

    def pair(number: int) -> tuple[str, np.ndarray, np.ndarray, tuple[str, ...]]:
        x = 0.1 * noise.standard_normal(known.SAMPLES)
        return str(number), x, x + 0.01 * noise.standard_normal(known.SAMPLES), FEW

    def run() -> None:
        with Scorer(22050) as scorer:
            assert sum(1 for _ in scorer.score(map(pair, range(clips)))) == clips

    return run


def cell(sounds: Path, metrics: tuple[str, ...], clips: int) -> Callable[[], object]:
    """A whole cell, from the corpus to its rows on disk, in a results folder of its own."""
    task = opened(sounds, metrics, clips)
    return lambda: complete(task)


def opened(sounds: Path, metrics: tuple[str, ...], clips: int) -> Task:
    """The task of that cell."""
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
    """One step of some individual INRs."""
    step = inr_step.harness("fmlp", *inr_step.problem("fmlp", clips, width), torch.get_num_threads())
    return lambda: step(0)


def hyper(batch: int) -> Callable[[], object]:
    """One step of the hypernetwork at reference size."""
    return hyper_step.prepare("fmlp", batch, "cpu").ours


def report(folder: Path, cells: int) -> Callable[[], object]:
    """The table of some cells of 128 clips."""
    root = folder / f"report{cells}"
    commands.results(root, cells, 128)

    def run() -> None:
        assert f"row {cells - 1}" in hsbench.open_results(root).table("table2d").to_markdown()

    return run


def planned(cells: int) -> Callable[[], object]:
    """The plan of some cells in an empty folder."""
    request = Request(experiments=("table2d",), seeds=cells // 2)
    return lambda: plan.make(select(request), Results(Path("nowhere")), Resources("cpu", 1, 1, None, 1))


def corpus(folder: Path) -> Path:
    """A prepared corpus of 512 clips, its cache beside it."""
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
    """All that is measured."""
    many = (16, 64, 256, 512)
    return [
        Case("score clips (four metrics)", many, score, float, 2),
        Case("run a cell: rebuild, score, keep", many, lambda n: cell(sounds, FEW[:3], n), float, 2),
        Case("score clips that are rebuilt", many, lambda n: rescored(sounds, n), float, 2),
        Case("INR step, 4 clips, by width", (22, 45, 90, 180), lambda n: steps(4, n), count, 22),
        Case("INR step, width 45, by clips", (2, 4, 8, 16), lambda n: steps(n, 45), float, 2),
        Case("hypernetwork step, by batch", (1, 2, 4, 8), hyper, float, 1),
        Case("plan, by cells", (20, 100, 500), planned, float, 2),
        Case("report, 128 clips a cell, by cells", (5, 20, 80), lambda n: report(folder, n), float, 2),
    ]


def rescored(sounds: Path, clips: int) -> Callable[[], object]:
    """A cell whose clips stand on disk and lack every score."""
    task = opened(sounds, (), clips)
    complete(task)
    job = dataclasses.replace(task.job, metrics=FEW[:3])
    again = Task.open(job, task.folder, task.results, lambda *_: None)
    return lambda: complete(again)


def count(width: int) -> int:
    """Parameters of an INR."""
    return create("fmlp", [width] * 5).count()


def memory() -> float:
    """Memory of this process in MB, without pages of files, which the system takes back when it needs them."""
    text = Path("/proc/self/status").read_text(encoding="ascii")
    return int(text.split("RssAnon:")[1].split()[0]) / 1024


def highest(done: threading.Event) -> float:
    """The most memory that is seen until the event comes, in MB; looked at every two milliseconds."""
    peak = memory()
    while not done.wait(0.002):
        peak = max(peak, memory())
    return peak


def one(case: Case, size: int, threads: int, pipe: Any) -> None:
    """What a process measures: seconds, and MB at most beyond those at the start."""
    torch.set_num_threads(threads)
    before = memory()
    case.make(case.warm)()
    run = case.make(size)
    with ThreadPoolExecutor(1) as pool:
        done = threading.Event()
        peak = pool.submit(highest, done)
        took = bench.seconds(run)
        done.set()
    pipe.send((took, max(1.0, peak.result() - before)))


def measured(case: Case, threads: int) -> tuple[list[float], list[float]]:
    """Seconds and MB of every size."""
    context, found = multiprocessing.get_context("fork"), []
    for size in case.sizes:
        receiving, sending = context.Pipe(duplex=False)
        process = context.Process(target=one, args=(case, size, threads, sending))
        process.start()
        sending.close()
        found.append(receiving.recv())
        process.join()
    seconds, megabytes = zip(*found, strict=True)
    return list(seconds), list(megabytes)


def rows(case: Case, threads: int) -> list[tuple[str, ...]]:
    """A row per size, the exponents in the last."""
    seconds, megabytes = measured(case, threads)
    exponents = [
        f"{bench.slope(case.sizes, values):.2f}"
        for values in ([case.amount(size) for size in case.sizes], seconds, megabytes)
    ]
    blank = [("", "", "")] * (len(case.sizes) - 1)
    return [
        (case.work if index == 0 else "", str(size), bench.shown(took), f"{peak:.0f} MB", *last)
        for index, (size, took, peak, last) in enumerate(
            zip(case.sizes, seconds, megabytes, [*blank, tuple(exponents)], strict=True)
        )
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1, help="of torch (default 1)")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--json", type=Path, help="file for the rows")
    options = parser.parse_args()
    torch.optim.AdamW(
        [torch.zeros(1)]
    )  # imports what every fit imports, which else some works pay for and others do not
    with tempfile.TemporaryDirectory() as folder:
        sounds = corpus(Path(folder))
        chosen = [case for case in cases(Path(folder), sounds) if options.only in case.work]
        found = [row for case in chosen for row in rows(case, options.threads)]
    print(bench.machine(options.threads))
    print(bench.markdown(HEAD, found))
    if options.json is not None:
        options.json.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
