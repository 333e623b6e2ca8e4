"""Choosing an engine: what it is asked for, what it refuses, and what it says when it is told to stop."""

import dataclasses
import shutil
import sys
from types import SimpleNamespace

import pytest

from hsbench.errors import BackendMissingError, UnknownNameError, UsageError
from hsbench.execution.engines.choose import Choice, create
from hsbench.execution.engines.dask import _Run
from hsbench.results.store import Results
from hsbench.spec import Resources


@pytest.fixture
def slurm():
    pytest.importorskip("submitit", reason="submitit is an extra")


def made(tmp_path, choice, **changes):
    return create(choice, Results(tmp_path), dataclasses.replace(Resources(timeout=5.0), **changes), None)


def test_bad_choices_are_sentences(tmp_path):
    with pytest.raises(UnknownNameError, match="unknown engine 'slrum'; did you mean 'slurm'"):
        made(tmp_path, Choice("slrum"))
    with pytest.raises(UsageError, match="--address goes with --engine dask, got --engine local"):
        made(tmp_path, Choice("local", address="tcp://x:1"))
    with pytest.raises(UsageError, match="--slurm goes with --engine slurm, got --engine local"):
        made(tmp_path, Choice("local", slurm={"partition": "gpu"}))


@pytest.mark.parametrize(("name", "module"), [("dask", "distributed"), ("slurm", "submitit")])
def test_an_engine_without_its_package_says_how_to_get_it(tmp_path, monkeypatch, name, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(BackendMissingError, match=rf"pip install 'hsbench\[{name}\]'"):
        made(tmp_path, Choice(name))


def test_slurm_asks_for_what_it_needs(tmp_path, slurm, monkeypatch):
    with pytest.raises(UsageError, match="needs a time limit; give --timeout SECONDS or --slurm timeout_min"):
        made(tmp_path, Choice("slurm", slurm={"cluster": "local"}), timeout=None)
    with pytest.raises(UsageError, match="--slurm cluster expects slurm or local, got 'debug'"):
        made(tmp_path, Choice("slurm", slurm={"cluster": "debug"}))
    with pytest.raises(UsageError, match="cpus_per_task expects a whole number from 1, got 0"):
        made(tmp_path, Choice("slurm", slurm={"cluster": "local", "cpus_per_task": 0}))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(BackendMissingError, match=r"needs the commands of Slurm .* --slurm cluster=local"):
        made(tmp_path, Choice("slurm"))


def test_what_slurm_is_asked_for(tmp_path, slurm):
    engine = made(tmp_path, Choice("slurm", slurm={"cluster": "local", "cpus_per_task": 3}), timeout=61.0, jobs=5)
    assert engine.resources.threads == 3
    asked = engine._executor(tmp_path / "logs").parameters
    assert (asked["timeout_min"], asked["cpus_per_task"]) == (2 + 5, 3)
    longer = made(tmp_path, Choice("slurm", slurm={"cluster": "local", "timeout_min": 90}), timeout=None)
    assert longer._executor(tmp_path / "logs").parameters["timeout_min"] == 90
    wrong = made(tmp_path, Choice("slurm", slurm={"cluster": "local", "partitoin": "gpu"}))
    with pytest.raises(UsageError, match="--slurm: "):
        wrong._executor(tmp_path / "logs")


@pytest.mark.parametrize("text", ["partition", "=gpu", "a-b=c", "partition="])
def test_a_parameter_that_is_none_is_a_sentence(hsbench_here, tmp_path, text):
    code, _, err = hsbench_here("run", "table2d", "--engine", "slurm", "--slurm", text, "--results", tmp_path)
    assert (code, "--slurm expects KEY=VALUE, such as partition=gpu" in err) == (2, True), err


def test_an_interrupt_is_one_though_no_scheduler_hears_of_it():
    def interrupted(futures, loop):
        raise KeyboardInterrupt

    def lost(*what, **how):
        raise OSError("the connection is closing")

    client = SimpleNamespace(subscribe_topic=lambda *what: None, loop=None, cancel=lambda futures: None, run=lost)
    with pytest.raises(KeyboardInterrupt):
        _Run(SimpleNamespace(as_completed=interrupted), client, None).run([], {}, Resources())
