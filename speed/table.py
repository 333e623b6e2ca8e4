"""All speed scripts, one after the other, and their one table: speed/RESULTS.md.

Each script is a process of its own with a fixed number of threads. What it measured is kept in a folder, and a script
whose file is there does not run again, so a run that was stopped goes on. CUDA is measured by speed/gpu.py alone; its
file speed/gpu.json, where there is one, gets into the table.
Usage: python speed/table.py [--threads 2] [--kept FOLDER] [--output FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import bench
import gpu
import growth

HERE = Path(__file__).parent
SCRIPTS = (
    ("inr_step", "--rounds", "3"),
    ("hyper_step", "--rounds", "2"),
    ("hyper_step", "--rounds", "1", "--kind", "siren"),
    ("metrics", "--clips", "3"),
    ("prepare", "--rounds", "3"),
    ("commands", "--rounds", "5"),
    ("growth",),
)
SINGLE = ("commands", "growth")
"""Scripts that run with one thread: they time processes, or compare sizes."""
ABSENT = (
    gpu.Row("hypernetwork step, batch 16, fp32", "any, target 3 ms on an H100", remark="not measured: no GPU"),
    gpu.Row("step of 30 INRs, fp32", "any, target 100,000 steps in 10 minutes", remark="not measured: no GPU"),
)


def run(script: tuple[str, ...], threads: int, kept: Path) -> Any:
    """What a script measured, from the file where it keeps it.

    Raises:
        subprocess.CalledProcessError: it failed; what it printed stands above.
    """
    name, *arguments = script
    count = 1 if name in SINGLE else threads
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": str(count),
        "GOMP_SPINCOUNT": os.environ.get("GOMP_SPINCOUNT", "20000"),  # as cells run, see NOTES.md
        "PYTHONPATH": os.pathsep.join(filter(None, [str(HERE.parent), os.environ.get("PYTHONPATH")])),
    }
    if not kept.exists():
        print(f"speed/{name}.py {' '.join(arguments)}", flush=True)
        path = str(HERE / f"{name}.py")
        subprocess.run(
            [sys.executable, path, *arguments, "--threads", str(count), "--json", str(kept)],
            check=True,
            env=environment,
        )
    return json.loads(kept.read_text(encoding="utf-8"))


def cuda() -> str:
    """The table of speed/gpu.json, or that there is none; a rehearsal is none."""
    found = json.loads(gpu.FILE.read_text(encoding="utf-8")) if gpu.FILE.exists() else {"device": "CPU"}
    if found["device"] == "CPU":
        return bench.markdown(gpu.HEAD, [row.cells() for row in ABSENT])
    table = bench.markdown(gpu.HEAD, [gpu.Row(**row).cells() for row in found["rows"]])
    return f"{found['device']}, torch {found['torch']}, CUDA {found['cuda']}\n\n{table}"


def document(lines: list[bench.Line], grown: list[list[str]], threads: int) -> str:
    """The page."""
    how = (
        "Written by `nox -s speed`. Plain and hsbench run in turn in one process and must give the same numbers; times "
        "are medians, ratios medians of the rounds. What was tried stands in NOTES.md."
    )
    return "\n\n".join(
        [
            "# Speed, measured",
            how,
            bench.machine(threads),
            "## Against plain code, and against the clock",
            bench.markdown(bench.HEAD, [line.cells() for line in lines]),
            "## How cost grows",
            "One thread; an exponent is the slope of the line through the logarithms.",
            bench.markdown(growth.HEAD, grown),
            "## CUDA",
            cuda(),
            "",
        ]
    )


def main() -> None:
    """Run all and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--kept", type=Path, help="folder for what each script measured; a fresh one by default")
    parser.add_argument("--output", type=Path, default=HERE / "RESULTS.md")
    options = parser.parse_args()
    folder = options.kept or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    lines, grown = [], []
    for number, script in enumerate(SCRIPTS):
        found = run(script, options.threads, folder / f"{number}.json")
        if script[0] == "growth":
            grown = found
        else:
            lines += [bench.Line(**line) for line in found]
    page = document(lines, grown, options.threads)
    options.output.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
