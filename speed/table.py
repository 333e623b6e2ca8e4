"""Run all speed scripts, one after the other, and write their results into one page: speed/RESULTS.md.

Each script runs in a process of its own, with a fixed number of threads. Its measurements are kept as a file in a
folder, and a script whose file exists does not run again, so an interrupted run can continue. A GPU is measured by
speed/gpu.py alone; the page shows what speed/gpu.json holds.
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
import growth

HERE = Path(__file__).parent
SCRIPTS = (
    ("inr_step", "--rounds", "3"),
    ("patch_step", "--rounds", "3"),
    ("hyper_step", "--rounds", "2"),
    ("hyper_step", "--rounds", "1", "--kind", "siren"),
    ("metrics", "--clips", "3"),
    ("prepare", "--rounds", "3"),
    ("commands", "--rounds", "5"),
    ("growth",),
)
SINGLE = ("commands", "growth")
"""Scripts that run with one thread, because they time processes or compare sizes."""
GPU_HEAD = ("model", "clips", "precision", "form", "step")
"""Headings of the table of steps on a GPU."""


def run(script: tuple[str, ...], threads: int, kept: Path) -> Any:
    """Run a script unless its file exists, and return the measurements in the file.

    Args:
        script: name of the script and its arguments.
        threads: number of threads for scripts that use several.
        kept: the script's file.

    Raises:
        subprocess.CalledProcessError: the script failed; its own output says why.
    """
    name, *arguments = script
    count = 1 if name in SINGLE else threads
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": str(count),
        "GOMP_SPINCOUNT": os.environ.get("GOMP_SPINCOUNT", "20000"),  # the value with which cells run; see NOTES.md
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
    """Return the steps that were measured on a GPU, from speed/gpu.json."""
    measured = json.loads((HERE / "gpu.json").read_text(encoding="utf-8"))
    lines = [
        (row["model"], str(row["clips"]), row["precision"], row["form"], f"{row['milliseconds']} ms")
        for row in measured["rows"]
    ]
    table = bench.markdown(GPU_HEAD, lines)
    return (
        f"{measured['device']}, torch {measured['torch']}, CUDA {measured['cuda']}, at {measured['commit']}\n\n{table}"
    )


def document(lines: list[bench.Line], growth_rows: list[list[str]], threads: int) -> str:
    """Return the page as Markdown."""
    how = (
        "This page is written by `nox -s speed` and shows how fast hsbench is. Plain code and hsbench run\n"
        "alternately in one process and must give the same numbers. Times are medians; a ratio is the median\n"
        "over the rounds of plain time / hsbench time. [NOTES.md](NOTES.md) says what was tried."
    )
    return "\n\n".join(
        [
            "# Speed, measured",
            how,
            bench.machine(threads),
            "## Compared with plain code, and with time limits",
            bench.markdown(bench.HEAD, [line.cells() for line in lines]),
            "## How cost grows",
            "With one thread. An exponent is the slope of the line through the logarithms of size and value.",
            bench.markdown(growth.HEAD, growth_rows),
            "## CUDA",
            cuda(),
            "",
        ]
    )


def main() -> None:
    """Run all scripts and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--kept", type=Path, help="folder for the measurements of each script; default: a new folder")
    parser.add_argument("--output", type=Path, default=HERE / "RESULTS.md")
    options = parser.parse_args()
    folder = options.kept or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    lines, growth_rows = [], []
    for number, script in enumerate(SCRIPTS):
        measured = run(script, options.threads, folder / f"{number}.json")
        if script[0] == "growth":
            growth_rows = measured
        else:
            lines += [bench.Line(**line) for line in measured]
    page = document(lines, growth_rows, options.threads)
    options.output.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
