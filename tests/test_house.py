"""The house: no circles of imports between files, and no file that is too long to read."""

from pathlib import Path

import grimp
import pytest

import hsbench

PACKAGE = Path(hsbench.__file__).parent


@pytest.fixture(scope="module")
def graph():
    """Every import between modules of hsbench, those for type checking included."""
    return grimp.build_graph("hsbench", cache_dir=None)


def circles(graph):
    """The strongly connected sets of more than one module: Tarjan's algorithm, without recursion."""
    index, low, on_stack, stack, found = {}, {}, set(), [], []
    for root in sorted(graph.modules):
        work = [(root, iter(sorted(graph.find_modules_directly_imported_by(root))))] if root not in index else []
        if work:
            index[root] = low[root] = len(index)
            stack.append(root)
            on_stack.add(root)
        while work:
            module, imported = work[-1]
            following = next(imported, None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[module])
                if low[module] == index[module]:
                    circle = stack[stack.index(module) :]
                    del stack[stack.index(module) :]
                    on_stack -= set(circle)
                    found += [circle] if len(circle) > 1 else []
            elif following not in index:
                index[following] = low[following] = len(index)
                stack.append(following)
                on_stack.add(following)
                work.append((following, iter(sorted(graph.find_modules_directly_imported_by(following)))))
            elif following in on_stack:
                low[module] = min(low[module], index[following])
    return found


def test_no_files_import_each_other_in_a_circle(graph):
    assert circles(graph) == []


def test_a_circle_would_be_found(graph):
    altered = graph
    altered.add_import(importer="hsbench.errors", imported="hsbench.planning.plan")
    try:
        assert any("hsbench.errors" in circle for circle in circles(altered))
    finally:
        altered.remove_import(importer="hsbench.errors", imported="hsbench.planning.plan")


def test_no_file_is_longer_than_the_house_allows():
    lengths = {str(path.relative_to(PACKAGE)): path.read_text().count("\n") for path in PACKAGE.rglob("*.py")}
    assert {name: lines for name, lines in lengths.items() if lines > 350} == {}
