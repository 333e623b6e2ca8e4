"""The files and commands on the page docs/adding-a-model.md work as they are printed."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "adding-a-model.md").read_text()
EXAMPLE = ROOT / "examples" / "hsbench-smoother"
FILES = dict(re.findall(r"<!-- file: (\S+) -->\n```python\n(.*?)```", PAGE, re.DOTALL))
COMMANDS = dict(re.findall(r"<!-- command: (\w+) -->\n```sh\n(.*?)```", PAGE, re.DOTALL))


@pytest.fixture
def run_commands(tmp_path):
    """Function that runs commands in a folder, in an environment where pip installs into a folder of the test."""
    programs, target = tmp_path / "bin", tmp_path / "site"
    offline = f"--no-deps --no-build-isolation --no-index --target {target}"
    programs.mkdir()
    for name, words in {
        "python": "",
        "hsbench": "-m hsbench",
        "pytest": "-m pytest -p no:cacheprovider -q",
        "pip": f"-m pip --disable-pip-version-check --no-input install {offline}",
    }.items():
        arguments = '"${@:2}"' if name == "pip" else '"$@"'
        (programs / name).write_text(f"#!/bin/bash\nexec {sys.executable} {words} {arguments}\n")
        (programs / name).chmod(0o755)

    def run(folder, command):
        environment = {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": f"{ROOT}{os.pathsep}{target}",
            "CUDA_VISIBLE_DEVICES": "",
        }
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=folder,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


def test_the_page_and_the_example_package_have_the_same_code():
    """Model, experiment and entry points are the same in both."""

    def code(text):
        lines = [
            line.split("  #")[0].rstrip()
            for line in re.sub(r'^ *""".*"""\n', "", text, flags=re.MULTILINE).splitlines()
        ]
        return [line.strip() for line in lines if line.strip() and not line.startswith(("import", "from"))]

    page = code(FILES["smoother.py"])
    for name in ("model.py", "experiment.py"):
        missing = [line for line in code((EXAMPLE / "hsbench_smoother" / name).read_text()) if line not in page]
        assert missing == [], name
    (part,) = re.findall(r"<!-- part: pyproject.toml -->\n```toml\n(.*?)```", PAGE, re.DOTALL)
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    assert tomllib.loads(part)["project"]["entry-points"] == project["entry-points"]


@pytest.mark.slow
def test_a_model_in_one_file_runs_and_passes_its_check(run_commands, tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    process = run_commands(folder, COMMANDS["file"])
    assert process.returncode == 0, process.stdout + process.stderr
    assert re.search(r"smoother +v1 +me +available", process.stdout)
    for row in ("width 2", "width 4", "width 8", "identity"):
        assert f"| {row} " in process.stdout
    assert "width 4: settings changed: width=3" in process.stdout
    check = run_commands(folder, COMMANDS["check"])
    assert check.returncode == 0, check.stdout + check.stderr
    assert "model smoother, a clip does not depend on its group: ok" in check.stdout


@pytest.mark.slow
def test_a_model_in_a_package_of_its_own_is_installed_and_found(run_commands, tmp_path):
    pytest.importorskip("hatchling", reason="the example is built with hatchling")
    folder = tmp_path / "hsbench-smoother"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    process = run_commands(folder, COMMANDS["package"])
    assert process.returncode == 0, process.stdout + process.stderr
    assert re.search(r"smoother +v1 +hsbench-smoother +available", process.stdout)
    assert "| width 8 " in process.stdout
    assert "2 passed" in process.stdout
    verbose = run_commands(folder, "pytest tests -s")
    assert "model smoother, the descriptor imports nothing heavy: ok" in verbose.stdout
