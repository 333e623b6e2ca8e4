"""Measure the time of `hsbench list`, `plan` and `report` for results folders with many cells.

    python speed/cells.py [CELLS ...]        such as 20 100 1000 10000; prints a table

The results folder is synthetic and holds no audio. Every cell has 512 clips and two metrics, and its files have the
form that a real run writes. The commands run through the command line, each in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from hsbench import registry
from hsbench.planning import plan
from hsbench.planning.changes import parse
from hsbench.planning.request import Request
from hsbench.planning.selection import select
from hsbench.results.store import Results
from hsbench.spec import Resources

CLIPS = 512
METRICS = ("mse", "si_snr")
RECONSTRUCTION = (
    '{"clip": "%s", "status": "ok", "numbers": 64, "bits": 1024, "steps": 0, "seconds": 0.01, "clipped": 0.0}\n'
)
SCORE = '{"clip": "%s", "metric": "%s", "version": 1, "value": %r, "status": "ok", "seconds": 0.01}\n'
PLUGIN = """
from hsbench import registry
from hsbench.descriptors import ExperimentDescriptor
from hsbench.spec import Experiment, Row, freeze

def many():
    rows = tuple(Row(f"gain {n}", "scaled", freeze({"gain": n / 7})) for n in range(%(rows)d))
    budgets = dict.fromkeys(("smoke", "quick", "standard", "paper"), %(clips)d)
    return Experiment("many", "Many cells", rows, %(metrics)r, freeze(budgets))

registry.register(ExperimentDescriptor("many", "hsbench_import_many:many", origin="speed"))
"""


def corpus(folder: Path) -> Path:
    """Write a corpus of two voices, each with one long noise without silence, and return its folder.

    The noise has 64 * CLIPS samples, so that the validation split has CLIPS clips of 64 samples each.
    """
    import numpy as np
    import soundfile

    noise = np.random.default_rng(0)
    for voice in range(2):
        (folder / f"voice{voice}").mkdir(parents=True)
        samples = noise.uniform(-0.5, 0.5, 64 * CLIPS).astype(np.float32)
        soundfile.write(folder / f"voice{voice}" / "all.wav", samples, 22050)
    return folder


def fill(results: Results, request: Request, resources: Resources) -> None:
    """Write the files that a run would have written for every planned cell."""
    planned_run = plan.make(select(request), results, resources)
    for view in planned_run.views:
        results.write_view(view)
    code = {"code": {"hsbench": "0.1.0", "commit": None, "dirty": False}}
    for number, planned in enumerate(planned_run.cells):
        folder = results.cell(planned.cell)
        folder.path.mkdir(parents=True)
        documents = {"spec.json": planned.cell.document(), "provenance.json": {"schema": 1, "sessions": [code]}}
        documents["status.json"] = {"schema": 1, "status": "done", "message": ""}
        for name, document in documents.items():
            (folder.path / name).write_text(json.dumps(document))
        reconstructions = "".join(RECONSTRUCTION % clip for clip in planned.clips)
        scores = "".join(
            SCORE % (clip, metric, (number + n % 97) / 7)
            for n, clip in enumerate(planned.clips)
            for metric in planned.metrics
        )
        for name, text in (("reconstructions.jsonl", reconstructions), ("scores.jsonl", scores)):
            (folder.path / name).write_text(text)


def timed(*arguments: str) -> tuple[float, float]:
    """Run a command of hsbench; return its time in seconds and its largest resident memory in MB."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "hsbench", *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, arguments
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def measure(cells: int) -> str:
    """Measure a results folder of so many cells and return its line of the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["HSBENCH_CACHE"] = str(folder / "cache")
        root = corpus(folder / "corpus")
        (folder / "many.py").write_text(PLUGIN % {"rows": cells, "metrics": METRICS, "clips": CLIPS})
        small_clips = ("--set", "folder.block_samples=64", "--set", "folder.clip_samples=64")
        corpus_options = ("--corpus", "folder", "--data-root", str(root))
        subprocess.run(
            [sys.executable, "-m", "hsbench", "corpus", "prepare", "folder", "--data-root", str(root), *small_clips],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        registry.import_file(folder / "many.py")
        changes_of_settings = parse(small_clips[1::2])
        request = Request(("many",), corpus="folder", budget="smoke", changes=changes_of_settings, data_root=root)
        fill(Results(folder / "results"), request, Resources())
        plugin = ("--import", str(folder / "many.py"))
        plugin_and_results = (*plugin, "--results", str(folder / "results"))
        list_seconds, _ = timed("list", *plugin)
        plan_seconds, _ = timed("plan", "many", *corpus_options, "--budget", "smoke", *small_clips, *plugin_and_results)
        report_seconds, memory = timed("report", "many", "--format", "csv", *plugin_and_results)
    registry._table.cache_clear()
    times = (f"{seconds:.2f}" for seconds in (list_seconds, plan_seconds, report_seconds))
    return f"| {cells} | {cells * CLIPS * len(METRICS)} | {' | '.join(times)} | {memory:.0f} |"


if __name__ == "__main__":
    print("| cells | scores | list (s) | plan (s) | report csv (s) | largest memory (MB) |\n|--:|--:|--:|--:|--:|--:|")
    for count in map(int, sys.argv[1:] or ["20", "100", "1000"]):
        print(measure(count), flush=True)
