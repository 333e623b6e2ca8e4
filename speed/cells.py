"""What many cells cost to list, plan and report: a synthetic results folder, no audio, timed through the command line.

    python speed/cells.py [CELLS ...]        such as 20 100 1000 10000; prints a table

Every cell has 512 clips and two metrics, as its seed; rows are written in the form of a real run.
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
BUILT = '{"clip": "%s", "status": "ok", "numbers": 64, "bits": 1024, "steps": 0, "seconds": 0.01, "clipped": 0.0}\n'
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
    """A folder of one long silent-free sound per voice, prepared so that the validation split has CLIPS clips."""
    import numpy as np
    import soundfile

    noise = np.random.default_rng(0)
    for voice in range(2):
        (folder / f"voice{voice}").mkdir(parents=True)
        samples = noise.uniform(-0.5, 0.5, 64 * CLIPS).astype(np.float32)
        soundfile.write(folder / f"voice{voice}" / "all.wav", samples, 22050)
    return folder


def fill(results: Results, request: Request, resources: Resources) -> None:
    """Write what a run would have left of every planned cell."""
    made = plan.make(select(request), results, resources)
    for view in made.views:
        results.write_view(view)
    code = {"code": {"hsbench": "0.1.0", "commit": None, "dirty": False}}
    for number, planned in enumerate(made.cells):
        folder = results.cell(planned.cell)
        folder.path.mkdir(parents=True)
        documents = {"spec.json": planned.cell.document(), "provenance.json": {"schema": 1, "sessions": [code]}}
        documents["status.json"] = {"schema": 1, "status": "done", "message": ""}
        for name, document in documents.items():
            (folder.path / name).write_text(json.dumps(document))
        built = "".join(BUILT % clip for clip in planned.clips)
        scores = "".join(
            SCORE % (clip, metric, (number + n % 97) / 7)
            for n, clip in enumerate(planned.clips)
            for metric in planned.metrics
        )
        for name, text in (("reconstructions.jsonl", built), ("scores.jsonl", scores)):
            (folder.path / name).write_text(text)


def timed(*arguments: str) -> tuple[float, float]:
    """Seconds of a command, and its largest resident memory in MB."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "hsbench", *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, arguments
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def measure(cells: int) -> str:
    """One line of the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["HSBENCH_CACHE"] = str(folder / "cache")
        root = corpus(folder / "corpus")
        (folder / "many.py").write_text(PLUGIN % {"rows": cells, "metrics": METRICS, "clips": CLIPS})
        small = ("--set", "folder.block_samples=64", "--set", "folder.clip_samples=64")
        where = ("--corpus", "folder", "--data-root", str(root))
        subprocess.run(
            [sys.executable, "-m", "hsbench", "corpus", "prepare", "folder", "--data-root", str(root), *small],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        registry.import_file(folder / "many.py")
        changed = parse(small[1::2])
        request = Request(("many",), corpus="folder", budget="smoke", changes=changed, data_root=root)
        fill(Results(folder / "results"), request, Resources())
        last = ("--import", str(folder / "many.py"))
        own = (*last, "--results", str(folder / "results"))
        listed, _ = timed("list", *last)
        planned, _ = timed("plan", "many", *where, "--budget", "smoke", *small, *own)
        reported, memory = timed("report", "many", "--format", "csv", *own)
    registry._table.cache_clear()
    return (
        f"| {cells} | {cells * CLIPS * len(METRICS)} | {listed:.2f} | {planned:.2f} | {reported:.2f} | {memory:.0f} |"
    )


if __name__ == "__main__":
    print("| cells | scores | list (s) | plan (s) | report csv (s) | largest memory (MB) |\n|--:|--:|--:|--:|--:|--:|")
    for count in map(int, sys.argv[1:] or ["20", "100", "1000"]):
        print(measure(count), flush=True)
