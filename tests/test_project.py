"""README, version and packaging agree with the package: commands, files, dependencies."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

import hsbench
from hsbench.corpora.demo import DATA

ROOT = Path(__file__).parent.parent
PACKAGE = Path(hsbench.__file__).parent

IMPORT_NAMES = {"markdown-it-py": "markdown_it", "pillow": "PIL", "scikit-learn": "sklearn"}
"""Dependency -> module, where the two names differ."""


def dependencies():
    """Names of the packages that hsbench requires."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return sorted(re.split(r"[<>=!]", entry)[0] for entry in project["dependencies"])


def modules(tree):
    """Names of the modules that a file imports, or locates with importlib.util.find_spec to read its data files."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "importlib.util.find_spec":
            yield from (argument.value for argument in node.args if isinstance(argument, ast.Constant))


@pytest.fixture(scope="module")
def users():
    """Top-level module -> files of the package that use it; scripts beside the data of a corpus do not count."""
    users = {}
    for path in PACKAGE.rglob("*.py"):
        if "data" not in path.relative_to(PACKAGE).parts:
            for module in modules(ast.parse(path.read_text())):
                users.setdefault(module.partition(".")[0], set()).add(str(path.relative_to(PACKAGE)))
    return users


def test_the_readme_marks_the_commands_that_run_and_test_hsbench():
    readme = (ROOT / "README.md").read_text()
    commands = dict(re.findall(r"<!-- command: (\w+) -->\n```sh\n(.+)\n```", readme))
    assert set(commands) == {"run", "tests"}
    assert commands["run"].endswith("hsbench run overview")
    assert commands["tests"].endswith("nox")


def test_the_citation_file_has_the_version_of_the_package():
    assert f"version: {hsbench.__version__}" in (ROOT / "CITATION.cff").read_text()


def test_the_demo_corpus_ships_with_its_notice_and_all_files():
    assert "Synthetic: every report must say so" in (DATA / "NOTICE.md").read_text()
    assert len(list(DATA.rglob("*.flac"))) == 60


def test_the_required_dependencies_include_those_of_metrics_and_command_line():
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
    } <= set(dependencies())


@pytest.mark.parametrize("dependency", dependencies())
def test_every_dependency_is_used_by_the_package(users, dependency):
    files = users.get(IMPORT_NAMES.get(dependency, dependency), ())
    assert files, f"no file below hsbench/ imports {dependency}; remove it from the dependencies in pyproject.toml"
    print(f"{dependency} is used in {', '.join(sorted(files))}")  # shown by pytest -rP
