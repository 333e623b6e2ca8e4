"""Measure hsbench on a GPU in ten minutes: tests, training steps, a table, and trainings of a minute each.

Each part runs in processes of its own, with a limit on its time, and is written to the JSON file as it ends:

- "tests": the tests that need a CUDA device (tests/models/test_cuda.py), in parallel processes; at most 60 s.
- "steps": the forms of a training step (speed/gpu_steps.py), compiled in parallel processes and timed one after the
  other, with a kernel profile of the fastest form of each; 160 s.
- "table2d": Table 2d at the budget `paper` in bf16 on 4 clips, FMLP and SIREN; 210 s.
- "hypersound" and "rave": a training of HyperSound (FMLP, compression ratio 1) and of RAVE v1, each stopped after 55 s,
  with learning curve and steps per second.

All of them share the code that torch's compiler generates.

A part that fails or is stopped gets the reason. torch, numpy, scipy, safetensors and soundfile have to be installed;
what else is missing is listed by name and left out.
Usage: python speed/gpu.py [--minutes 9] [--device cpu --tiny] [--json FILE]

`--device cpu --tiny` rehearses all parts on any machine with small networks; its times mean nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HERE = Path(__file__).parent
CODE = Path(tempfile.gettempdir()) / "hsbench-gpu-code"
"""Folder of the code that torch's compiler generates, for all parts and for a second run on the same machine."""
WHOLE = 540
"""Seconds of all parts together with --minutes 9; another number of minutes scales the limit of each part."""
OPTIONAL = ("pytest", "pesq", "pystoi", "cdpam", "typer", "rich", "pandas")
"""Packages that single parts need."""


@dataclass(frozen=True)
class Setup:
    """What the parts have in common.

    Attributes:
        device: "cuda" or "cpu".
        tiny: whether to rehearse with small networks.
        folder: folder for results and for files of the parts.
    """

    device: str
    tiny: bool
    folder: Path

    def arguments(self) -> list[str]:
        """Return the options that every script of a part takes."""
        return ["--device", self.device, *(["--tiny"] if self.tiny else [])]


def tests(setup: Setup, seconds: float) -> dict[str, Any]:
    """Run the tests that need a CUDA device, each in a process of its own, since most of their time is compiling.

    Where there is no such device, pytest skips them, and one process shows that.
    """
    if importlib.util.find_spec("pytest") is None:
        return {"skipped": "pytest is not installed"}
    file = HERE.parent / "tests" / "models" / "test_cuda.py"
    names = re.findall(r"^def (test_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    names = names if setup.device == "cuda" else names[:1]
    options = ["-q", "-c", os.devnull, "--rootdir", str(HERE.parent), "--import-mode=importlib"]
    runs = [start(["-m", "pytest", *options, "-p", "no:cacheprovider", f"{file}::{name}"]) for name in names]
    return dict(zip(names, ended(runs, seconds), strict=True))


def steps(setup: Setup, seconds: float) -> dict[str, Any]:
    """Time all forms of a training step, each kind of work in a process of its own."""
    works = ["hyper-fp32", "first-bf16", "fmlp-fp32", "siren-bf16"] if setup.tiny else WORKS
    gate = setup.folder / "gate"
    gate.mkdir()
    files = {work: setup.folder / f"{work}.json" for work in works}
    runs = [
        start(
            [
                *(str(HERE / "gpu_steps.py"), *setup.arguments(), "--work", work, "--json", str(file)),
                *("--seconds", str(0.8 * seconds), "--gate", f"{gate}={len(works)}={place}"),
            ]
        )
        for place, (work, file) in enumerate(files.items())
    ]
    ends = ended(runs, seconds)
    return {work: measured(files[work], end) for work, end in zip(works, ends, strict=True)}


def experiment(name: str) -> Callable[[Setup, float], dict[str, Any]]:
    """Return the part that runs an experiment through hsbench (speed/gpu_runs.py)."""

    def part(setup: Setup, seconds: float) -> dict[str, Any]:
        file = setup.folder / f"{name}.json"
        run = start(
            [
                *(str(HERE / "gpu_runs.py"), name, *setup.arguments(), "--json", str(file)),
                *("--seconds", str(0.9 * seconds), "--results", str(setup.folder / f"results-{name}")),
            ]
        )
        return measured(file, ended([run], seconds)[0])

    return part


WORKS = [
    *("hyper-bf16", "fmlp-bf16", "few-bf16", "hyper-tf32", "hyper-fp32"),
    *("fmlp-fp32", "few-fp32", "siren-bf16", "first-bf16"),
]
"""Kinds of work of speed/gpu_steps.py, with their precision; what is left when time runs out stands last."""
PARTS: dict[str, tuple[float, Callable[[Setup, float], dict[str, Any]]]] = {
    "tests": (60, tests),
    "steps": (160, steps),
    "table2d": (210, experiment("table2d")),
    "hypersound": (55, experiment("hypersound")),
    "rave": (55, experiment("rave")),
}
"""Name of a part -> its limit in seconds, and the function that runs it."""


class Running(NamedTuple):
    """A process that was started.

    Attributes:
        process: the process, in a process group of its own.
        output: temporary file that gets everything it prints.
    """

    process: subprocess.Popen[bytes]
    output: IO[bytes]


def start(arguments: Sequence[str]) -> Running:
    """Start Python with some arguments; it finds hsbench in this checkout."""
    path = os.pathsep.join([str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    # A file and not a pipe, which would fill up while another process is waited for; `ended` closes it.
    output = tempfile.TemporaryFile()  # noqa: SIM115
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env={"TORCHINDUCTOR_CACHE_DIR": str(CODE), **os.environ, "PYTHONPATH": path},
    )
    return Running(process, output)


def ended(runs: Sequence[Running], seconds: float) -> list[dict[str, Any]]:
    """Wait for processes, end those that take too long, and return how each ended.

    Args:
        runs: the processes.
        seconds: time for all of them together.

    Returns:
        For each its exit code, None where it was stopped, and the last lines of its output.
    """
    end, found = time.monotonic() + seconds, []
    for process, output in runs:
        code: int | None = None
        try:
            code = process.wait(timeout=max(0.1, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        with output:
            output.seek(0)
            lines = output.read().decode(errors="replace").splitlines()
        found.append({"exit": code, "output": lines[-15:]})
    return found


def measured(file: Path, end: dict[str, Any]) -> dict[str, Any]:
    """Return what a script wrote, and how it ended where it did not end well."""
    written = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return written if end["exit"] == 0 else {**written, **end}


def main() -> None:
    """Run all parts, and write the file after each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=9, help="limit for all parts together (default 9)")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--tiny", action="store_true", help="small networks, to rehearse the script on any machine")
    parser.add_argument("--json", type=Path, default=HERE / "gpu-run.json", help="file to write")
    options = parser.parse_args()
    missing = [name for name in OPTIONAL if importlib.util.find_spec(name) is None]
    document: dict[str, Any] = {"device": options.device, "tiny": options.tiny, "missing": missing, "parts": {}}
    with tempfile.TemporaryDirectory(prefix="hsbench-gpu-") as folder:
        setup = Setup(options.device, options.tiny, Path(folder))
        for name, (limit, part) in PARTS.items():
            begun = time.monotonic()
            result = part(setup, limit * options.minutes * 60 / WHOLE)
            document["parts"][name] = {**result, "seconds": round(time.monotonic() - begun, 1)}
            options.json.write_text(json.dumps(document, indent=2), encoding="utf-8")
            print(f"{name}: {document['parts'][name]['seconds']} s", flush=True)
    print(f"wrote {options.json}")


if __name__ == "__main__":
    main()
