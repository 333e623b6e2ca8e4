"""The files and commands on the page docs/adding-an-activation.md work as they are printed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from hsbench import registry
from hsbench.models.targets import create
from hsbench.planning import definition

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "adding-an-activation.md").read_text()
FILES = dict(re.findall(r"<!-- file: (\S+) -->\n```python\n(.*?)```", PAGE, re.DOTALL))
COMMANDS = dict(re.findall(r"<!-- command: (\w+) -->\n```sh\n(.*?)```", PAGE, re.DOTALL))


@pytest.fixture
def imported(tmp_path):
    """Import the file of the page, and forget what it registered afterwards."""
    path = tmp_path / "hosc.py"
    path.write_text(FILES["hosc.py"])
    registry.import_file(path)
    yield registry.model("inr-hosc")
    path.write_text("")
    registry.import_file(path)


def test_the_file_has_fewer_than_forty_lines_and_is_a_row_of_zoo(imported):
    assert FILES["hosc.py"].count("\n") < 40
    assert imported.origin == "me"
    assert "inr-hosc" in [row.model for row in definition.load("zoo").rows]


def test_its_network_is_the_formula(imported):
    names = ("encoding", "activation", "init", "omega_0", "omega_i", "learned", "beta")
    net = create("hosc", [5, 4], **{name: imported.defaults[name] for name in names})
    drawn = {name: value.double() for name, value in net.draw(torch.Generator().manual_seed(0)).items()}
    t = np.linspace(-1, 1, 50)
    x = t[None]
    for layer, omega in ((0, 2000.0), (1, 30.0)):
        z = drawn[f"w{layer}"].numpy() @ x + drawn[f"b{layer}"].numpy()[:, None]
        x = np.tanh(2.0 * np.sin(omega * z))
    y = (drawn["w2"].numpy() @ x + drawn["b2"].numpy()[:, None])[0]
    made = net.apply({name: value[None] for name, value in drawn.items()}, torch.tensor(t).view(1, -1, 1))[0]
    assert np.abs(made.numpy() - y).max() < 1e-8


@pytest.mark.slow
def test_the_commands_of_the_page_work(tmp_path):
    programs, work = tmp_path / "bin", tmp_path / "work"
    programs.mkdir()
    work.mkdir()
    for name, words in (("python", ""), ("hsbench", "-m hsbench")):
        (programs / name).write_text(f'#!/bin/bash\nexec {sys.executable} {words} "$@"\n')
        (programs / name).chmod(0o755)
    for name, text in FILES.items():
        (work / name).write_text(text)
    environment = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "CUDA_VISIBLE_DEVICES": "",
    }
    process = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", COMMANDS["run"] + COMMANDS["fit"]],
        cwd=work,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    assert re.search(r"inr-hosc +v1 +me +available", process.stdout)
    assert re.search(r"^\| inr-hosc \[smoke\] +\| +0\.99", process.stdout, re.MULTILINE)
    assert "<FittedINR inr-hosc: 0.19 s in 321 numbers, ok>" in process.stdout
