"""Shared fixtures: paths of real corpora, golden signals and values, and the command line with the toy plug-in."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent
TOY = HERE / "toys" / "toy.py"


def _from_environment(name: str, what: str) -> Path:
    """Return the path in an environment variable; skip the test if the variable is not set."""
    value = os.environ.get(name)
    if not value:
        pytest.skip(f"{name} is not set, so {what} are not available")
    return Path(value)


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """Use a temporary cache folder for all tests."""
    os.environ["HSBENCH_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def conformance() -> Path:
    return _from_environment("HSBENCH_TEST_CONFORMANCE", "the published pairs of PESQ and CDPAM")


@pytest.fixture
def real_corpora() -> Path:
    return _from_environment("HSBENCH_TEST_CORPORA", "real corpora in their public layouts")


@pytest.fixture
def threads():
    """Yield the function that sets the number of torch threads; the number is restored after the test."""
    import torch

    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def _golden_pairs():
    """Import tests/golden/pairs.py, which computes the golden signals."""
    spec = importlib.util.spec_from_file_location("golden_pairs", HERE / "golden" / "pairs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def golden() -> dict:
    """Return golden metric values of the reference code, {"values": ...}, and their signals, {"pairs": ...}.

    The pairs map each name to (target, prediction).
    """
    module = _golden_pairs()
    values = json.loads((HERE / "golden" / "metrics.json").read_text())
    pairs = module.pairs()
    for name, pair in pairs.items():
        assert [module.sha(signal) for signal in pair] == values["checksums"][name]
    return {**values, "pairs": pairs, "values": values["pairs"]}


@pytest.fixture(scope="session")
def golden_models() -> dict:
    return json.loads((HERE / "golden" / "reference_models.json").read_text())


@pytest.fixture(scope="session")
def golden_training() -> dict:
    return json.loads((HERE / "golden" / "reference_training.json").read_text())


@pytest.fixture(scope="session")
def golden_speech():
    """Return the two signals [2, 32768], float32, from which reference_training.json was computed."""
    import torch

    module = _golden_pairs()
    signals = [module.speech(seed).astype(np.float32) for seed in (0, 1)]
    return torch.from_numpy(np.stack([signal / np.abs(signal).max() for signal in signals]))


@pytest.fixture
def eager_checkpoints(monkeypatch):
    """Write a checkpoint after every step of a fit."""
    monkeypatch.setattr("hsbench.fit.loop.CHECKPOINT_SECONDS", -1.0)
    monkeypatch.setattr("hsbench.fit.loop.PATIENCE", 0)


@pytest.fixture
def hsbench_here(monkeypatch, capsys):
    """Return a function that runs the command line in this process: exit code, standard output, standard error.

    `hsbench run` changes what SIGTERM does; it is restored, because processes that later tests fork inherit it.
    """

    def run(*arguments):
        from hsbench.cli import app

        monkeypatch.setattr(sys, "argv", ["hsbench", *map(str, arguments)])
        handler = signal.getsignal(signal.SIGTERM)
        code = 0
        try:
            app.main()
        except SystemExit as end:
            code = end.code or 0
        finally:
            signal.signal(signal.SIGTERM, handler)
        out, err = capsys.readouterr()
        return code, out, err

    return run


class CommandLine:
    """The command line as users run it: in separate processes, with the toy plug-in and a separate results folder.

    Args:
        folder: working directory, which gets the results folder and the log of the toy model.
    """

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
        variables = {"HSBENCH_TOY_LOG": str(self.log), "HSBENCH_TOY_DELAY": str(delay), "CUDA_VISIBLE_DEVICES": ""}
        return {**os.environ, **variables}

    def __call__(self, *arguments):
        return self.finished(self.command(*arguments))

    def clean(self, *arguments):
        return self.finished([sys.executable, "-m", "hsbench", "clean", *arguments, "--results", str(self.results)])

    def finished(self, command):
        """Run a command to its end."""
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
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a background job would ignore SIGINT
        )

    def rebuilt(self):
        """Return one line for each clip that the toy model has reconstructed."""
        return self.log.read_text().splitlines() if self.log.exists() else []

    def cells(self, pattern="*--demo--*"):
        """Return the folders of all cells that match a pattern."""
        return sorted(self.results.glob(pattern))


@pytest.fixture
def hsbench_at():
    return CommandLine


@pytest.fixture
def plug_ins():
    """Restore the registry after a test that registers something."""
    from hsbench import registry

    before = {kind: dict(registry._table(kind)) for kind in registry.KINDS}
    yield
    for kind, table in before.items():
        registry._table(kind).clear()
        registry._table(kind).update(table)
    registry._from_file.clear()


@pytest.fixture
def hsbench(tmp_path, plug_ins, hsbench_here, monkeypatch):
    """Return CommandLine with the front end in this process, which spares its start; cells run as users' cells do."""

    class Inside(CommandLine):
        def finished(self, command):
            with monkeypatch.context() as patch:
                patch.chdir(self.folder)
                for name, value in self.environment().items():
                    patch.setenv(name, value)
                return subprocess.CompletedProcess(command, *hsbench_here(*command[3:]))

    return Inside(tmp_path)
