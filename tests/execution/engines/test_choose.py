"""Creating an engine: its options, its error messages, and an interrupt."""

import dataclasses
import logging
import shutil
import sys
from types import SimpleNamespace

import pytest

from hsbench.errors import BackendMissingError, UnknownNameError, UsageError
from hsbench.execution.engines.choose import Choice, create
from hsbench.execution.engines.dask import _Run, _silence
from hsbench.results.store import Results
from hsbench.spec import Resources


@pytest.fixture
def slurm():
    pytest.importorskip("submitit", reason="submitit is an extra")


def engine_of(tmp_path, choice, **changes):
    return create(choice, Results(tmp_path), dataclasses.replace(Resources(timeout=5.0), **changes), None)


def test_invalid_choices_are_refused_in_one_sentence(tmp_path):
    with pytest.raises(UnknownNameError, match="unknown engine 'slrum'; did you mean 'slurm'"):
        engine_of(tmp_path, Choice("slrum"))
    with pytest.raises(UsageError, match="--address goes with --engine dask, got --engine local"):
        engine_of(tmp_path, Choice("local", address="tcp://x:1"))
    with pytest.raises(UsageError, match="--slurm goes with --engine slurm, got --engine local"):
        engine_of(tmp_path, Choice("local", slurm={"partition": "gpu"}))
    with pytest.raises(UsageError, match="--cold goes with --engine local, got --engine slurm"):
        engine_of(tmp_path, Choice("slurm", cold=True))


@pytest.mark.parametrize(("name", "module"), [("dask", "distributed"), ("slurm", "submitit")])
def test_an_engine_without_its_package_says_how_to_install_it(tmp_path, monkeypatch, name, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(BackendMissingError, match=rf"pip install 'hsbench\[{name}\]'"):
        engine_of(tmp_path, Choice(name))


def test_slurm_needs_a_time_limit_valid_parameters_and_its_commands(tmp_path, slurm, monkeypatch):
    with pytest.raises(UsageError, match="needs a time limit; give --timeout SECONDS or --slurm timeout_min"):
        engine_of(tmp_path, Choice("slurm", slurm={"cluster": "local"}), timeout=None)
    with pytest.raises(UsageError, match="--slurm cluster expects slurm or local, got 'debug'"):
        engine_of(tmp_path, Choice("slurm", slurm={"cluster": "debug"}))
    with pytest.raises(UsageError, match="cpus_per_task expects a whole number from 1, got 0"):
        engine_of(tmp_path, Choice("slurm", slurm={"cluster": "local", "cpus_per_task": 0}))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(BackendMissingError, match=r"needs the commands of Slurm .* --slurm cluster=local"):
        engine_of(tmp_path, Choice("slurm"))


def test_the_parameters_of_slurm_jobs(tmp_path, slurm):
    engine = engine_of(tmp_path, Choice("slurm", slurm={"cluster": "local", "cpus_per_task": 3}), timeout=61.0, jobs=5)
    assert engine.resources.threads == 3
    parameters = engine._executor(tmp_path / "logs").parameters
    assert (parameters["timeout_min"], parameters["cpus_per_task"]) == (2 + 5, 3)
    longer = engine_of(tmp_path, Choice("slurm", slurm={"cluster": "local", "timeout_min": 90}), timeout=None)
    assert longer._executor(tmp_path / "logs").parameters["timeout_min"] == 90
    misspelt = engine_of(tmp_path, Choice("slurm", slurm={"cluster": "local", "partitoin": "gpu"}))
    with pytest.raises(UsageError, match="--slurm: "):
        misspelt._executor(tmp_path / "logs")


@pytest.mark.parametrize("text", ["partition", "=gpu", "a-b=c", "partition="])
def test_a_malformed_slurm_parameter_is_refused_in_one_sentence(hsbench_here, tmp_path, text):
    code, _, err = hsbench_here("run", "table2d", "--engine", "slurm", "--slurm", text, "--results", tmp_path)
    assert (code, "--slurm expects KEY=VALUE, such as partition=gpu" in err) == (2, True), err


def test_a_scheduler_whose_client_has_ended_logs_nothing(caplog):
    """As when a run is interrupted and the progress of a cell arrives afterwards."""
    from distributed.batched import BatchedSend
    from distributed.core import Status
    from distributed.scheduler import Scheduler

    scheduler = SimpleNamespace(client_comms={"ended": BatchedSend(1)}, stream_comms={}, status=Status.running)
    scheduler.client_comms["ended"].comm = SimpleNamespace(closed=lambda: True)
    logger = logging.getLogger("distributed.scheduler")
    logger.addHandler(caplog.handler)
    try:
        Scheduler.send_all(scheduler, {"ended": [{"op": "event"}]}, {})
        assert "Closed comm" in caplog.text
        caplog.clear()
        _silence()
        Scheduler.send_all(scheduler, {"ended": [{"op": "event"}]}, {})
    finally:
        logger.removeHandler(caplog.handler)
        logger.setLevel(logging.NOTSET)
    assert caplog.text == ""


def test_an_interrupt_is_raised_even_if_the_scheduler_is_lost():
    def as_completed(futures, loop):
        raise KeyboardInterrupt

    def run(*arguments, **options):
        raise OSError("the connection is closing")

    client = SimpleNamespace(subscribe_topic=lambda *arguments: None, loop=None, cancel=lambda futures: None, run=run)
    with pytest.raises(KeyboardInterrupt):
        _Run(SimpleNamespace(as_completed=as_completed), client, None).run([], {}, Resources())
