"""The public names of hsbench: they exist, their arguments are documented, and their examples run."""

import doctest
import inspect
import subprocess
import sys

import pytest

import hsbench

NAMES = ("decode", "fit_inr", "load", "open_results", "run", "score")


def test_dir_shows_every_public_name():
    assert set(NAMES) | {"__version__"} == set(hsbench.__all__)
    assert set(hsbench.__all__) <= set(dir(hsbench))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'hsbench' has no attribute 'scores'"):
        _ = hsbench.scores


def test_dir_imports_nothing():
    script = "import sys, hsbench; dir(hsbench); print({'torch', 'numpy', 'pandas'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"


@pytest.mark.parametrize("name", NAMES)
def test_every_argument_is_described_and_the_example_runs(name, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    function = getattr(hsbench, name)
    text = inspect.getdoc(function)
    for parameter in inspect.signature(function).parameters:
        assert f"{parameter}:" in text
    tests = doctest.DocTestFinder(recurse=False).find(function, name)
    (example,) = [test for test in tests if test.examples]
    runner = doctest.DocTestRunner()
    runner.run(example)
    assert runner.summarize(verbose=False) == (0, len(example.examples))
