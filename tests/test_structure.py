"""The structure of the package: no circular imports between files, and no file that is too long to read."""

import graphlib
from pathlib import Path

import grimp
import pytest

import hsbench

PACKAGE = Path(hsbench.__file__).parent


@pytest.fixture(scope="module")
def graph():
    """Every import between modules of hsbench, including imports for type checking only."""
    return grimp.build_graph("hsbench", cache_dir=None)


def cycle(graph):
    """Return the modules of one circle of imports; an empty list if there is none."""
    imported = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        graphlib.TopologicalSorter(imported).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return []


def test_no_files_import_each_other_in_a_circle(graph):
    assert cycle(graph) == []


def test_a_circle_would_be_found(graph):
    graph.add_import(importer="hsbench.errors", imported="hsbench.planning.plan")
    try:
        assert {"hsbench.errors", "hsbench.planning.plan"} <= set(cycle(graph))
    finally:
        graph.remove_import(importer="hsbench.errors", imported="hsbench.planning.plan")


def test_no_file_is_longer_than_350_lines():
    lengths = {str(path.relative_to(PACKAGE)): path.read_text().count("\n") for path in PACKAGE.rglob("*.py")}
    assert {name: lines for name, lines in lengths.items() if lines > 350} == {}
