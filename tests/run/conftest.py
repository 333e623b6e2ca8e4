"""Running the command line as users do, in processes of its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

TOY = Path(__file__).parent.parent / "toys" / "toy.py"


class CommandLine:
    def __init__(self, folder):
        self.folder = folder
        self.results = folder / "results"
        self.log = folder / "toy.log"

    def command(self, *arguments):
        return [
            sys.executable,
            "-m",
            "hsbench",
            *map(str, arguments),
            "--import",
            str(TOY),
            "--results",
            str(self.results),
        ]

    def environment(self, delay=0.0):
        own = {"HSBENCH_TOY_LOG": str(self.log), "HSBENCH_TOY_DELAY": str(delay), "CUDA_VISIBLE_DEVICES": ""}
        return {**os.environ, **own}

    def __call__(self, *arguments, delay=0.0):
        return subprocess.run(
            self.command(*arguments),
            capture_output=True,
            text=True,
            env=self.environment(delay),
            cwd=self.folder,
            timeout=120,
            check=False,
        )

    def clean(self, *arguments):
        command = [sys.executable, "-m", "hsbench", "clean", *map(str, arguments), "--results", str(self.results)]
        return subprocess.run(
            command, capture_output=True, text=True, env=self.environment(), cwd=self.folder, timeout=120, check=False
        )

    def start(self, *arguments, delay=0.0):
        return subprocess.Popen(
            self.command(*arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self.environment(delay),
            cwd=self.folder,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job in the background ignores it
        )

    def rebuilt(self):
        return self.log.read_text().splitlines() if self.log.exists() else []

    def cells(self, pattern="*--demo--*"):
        return sorted(self.results.glob(pattern))


@pytest.fixture
def hsbench(tmp_path):
    return CommandLine(tmp_path)


@pytest.fixture
def hsbench_at():
    return CommandLine
