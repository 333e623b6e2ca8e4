"""The README, the version and the packaging say the same thing."""

import re
import tomllib
from pathlib import Path

import hsbench
from hsbench.corpora.demo import DATA

ROOT = Path(__file__).parent.parent


def test_the_readme_names_its_two_commands_as_the_checks_read_them():
    readme = (ROOT / "README.md").read_text()
    commands = dict(re.findall(r"<!-- command: (\w+) -->\n```sh\n(.+)\n```", readme))
    assert set(commands) == {"run", "tests"}
    assert commands["run"].endswith("hsbench run table2b")
    assert commands["tests"].endswith("nox")


def test_versions_agree():
    assert f"version: {hsbench.__version__}" in (ROOT / "CITATION.cff").read_text()


def test_the_demo_corpus_ships_with_its_notice():
    assert "Synthetic: every report must say so" in (DATA / "NOTICE.md").read_text()
    assert len(list(DATA.rglob("*.flac"))) == 60


def test_dependencies_are_the_ones_promised():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {re.split(r"[<>=!]", entry)[0] for entry in project["dependencies"]}
    assert {
        "torch",
        "torchaudio",
        "pesq",
        "pystoi",
        "cdpam",
        "auraloss",
        "pandas",
        "matplotlib",
        "scikit-learn",
        "typer",
    } <= names
