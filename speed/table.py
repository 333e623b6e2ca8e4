"""Run all speed scripts, one after the other, and write their results into one page: speed/RESULTS.md.

Each script runs in a process of its own, with a fixed number of threads. Its measurements are kept as a file in a
folder, and a script whose file exists does not run again, so an interrupted run can continue. What was measured
replaces the measurements of this processor family (speed/cpu-amd.json, speed/cpu-intel.json), and the page shows all
families. A GPU is measured by speed/gpu.py alone; the page shows what speed/gpu.json holds.
Usage: python speed/table.py [--threads 2] [--kept FOLDER] [--measured FOLDER] [--output FILE]
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import Any

import bench
import growth
from hsbench.drift.processors import cpu_family
from hsbench.results import provenance

HERE = Path(__file__).parent
SCRIPTS = (
    ("inr_step", "--rounds", "3"),
    ("patch_step", "--rounds", "3"),
    ("hyper_step", "--rounds", "5"),
    ("hyper_step", "--rounds", "5", "--kind", "siren"),
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


def side_by_side(processors: dict[str, Any]) -> str:
    """Return a table of the ratios that have a target, with a column per processor family.

    Args:
        processors: family, such as "AMD" -> its measurements, see `measured`.
    """
    lines = {family: {line["work"]: bench.Line(**line) for line in one["lines"]} for family, one in processors.items()}
    targets = {work: line.at_least for of in lines.values() for work, line in of.items() if line.at_least}
    rows = []
    for work, target in targets.items():
        ratios = [of[work].ratio if work in of else None for of in lines.values()]
        rows.append([work, f"{target:g}", *("" if ratio is None else f"{ratio:.2f}" for ratio in ratios)])
    return bench.markdown(("times as fast as plain code", "target", *processors), rows)


def document(processors: dict[str, Any]) -> str:
    """Return the page as Markdown.

    Args:
        processors: family, such as "AMD" -> its measurements, see `measured`.
    """
    how = (
        "This page is written by `nox -s speed` and shows how fast hsbench is. Plain code and hsbench run\n"
        "alternately in one process and must give the same numbers. Times are medians; a ratio is the median\n"
        "over the rounds of plain time / hsbench time. [NOTES.md](NOTES.md) says what was tried."
    )
    growing = (
        "How cost grows, with one thread. An exponent is the slope of the line through the logarithms of\n"
        "size and value."
    )
    parts = ["# Speed, measured", how, side_by_side(processors)]
    for family, one in processors.items():
        parts += [
            f"## {family}",
            textwrap.fill(f"Measured on {one['date']}: {one['machine']}", 100),
            bench.markdown(bench.HEAD, [bench.Line(**line).cells() for line in one["lines"]]),
            growing,
            bench.markdown(growth.HEAD, one["growth"]),
        ]
    return "\n\n".join([*parts, "## CUDA", cuda(), ""])


def measure(threads: int, kept: Path) -> dict[str, Any]:
    """Run all scripts and return the measurements of this machine: date, machine, lines of the table, growth.

    Args:
        threads: number of threads for scripts that use several.
        kept: folder for the file of each script.
    """
    kept.mkdir(parents=True, exist_ok=True)
    lines: list[Any] = []
    rows: list[list[str]] = []
    for number, script in enumerate(SCRIPTS):
        found = run(script, threads, kept / f"{number}.json")
        if script[0] == "growth":
            rows = found
        else:
            lines += found
    today = dt.datetime.now(tz=dt.UTC).date()
    return {"date": str(today), "machine": bench.machine(threads), "lines": lines, "growth": rows}


def measured(folder: Path) -> dict[str, Any]:
    """Return the measurements of each processor family, by its name, from the files in a folder."""
    files = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("cpu-*.json"))]
    return {cpu_family(one["machine"]): one for one in files}


def main() -> None:
    """Run all scripts, save the measurements of this processor, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--kept", type=Path, help="folder for the measurements of each script; default: a new folder")
    parser.add_argument("--measured", type=Path, default=HERE, help="folder for the measurements of each processor")
    parser.add_argument("--output", type=Path, default=HERE / "RESULTS.md")
    options = parser.parse_args()
    found = measure(options.threads, options.kept or Path(tempfile.mkdtemp()))
    name = f"cpu-{cpu_family(provenance.cpu()).lower()}.json"
    (options.measured / name).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    page = document(measured(options.measured))
    options.output.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
