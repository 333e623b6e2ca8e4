"""The worker process of a cell: it gets one SIGTERM, and the parent writes the status if the process does not."""

import json
import os
import signal
import subprocess
import sys

import pytest

from hsbench.execution import process
from hsbench.execution.process import CellProcess, Outcome
from hsbench.results.cell_folder import CellFolder
from hsbench.spec import Resources

SLOW = """
import json, signal, sys, time

def terminated(number, frame):
    print(json.dumps({"event": "progress", "stage": "terminated", "done": 1, "total": 1}), flush=True)
    time.sleep(0.5)
    print(json.dumps({"event": "end", "status": "interrupted", "message": "once"}), flush=True)
    sys.exit(130)

signal.signal(signal.SIGTERM, terminated)
print(json.dumps({"event": "progress", "stage": "ready", "done": 0, "total": 1}), flush=True)
time.sleep(30)
"""


@pytest.mark.parametrize("processes", [1, 2])
def test_repeated_calls_of_terminate_send_one_signal(tmp_path, monkeypatch, processes):
    monkeypatch.setattr(process, "command", lambda folder, job, processes: [sys.executable, "-c", SLOW])
    stages = []

    def on_progress(stage, done, total):
        stages.append(stage)
        for _ in range(3):
            cell.terminate()

    cell = CellProcess(CellFolder(tmp_path), Resources(processes=processes), on_progress)
    assert cell.run() == Outcome("interrupted", "once")
    assert stages == ["ready", "terminated"]
    assert not (tmp_path / "status.json").exists(), "only the worker process writes its status here"


def test_a_process_that_was_stopped_before_its_start_is_not_started(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "command", lambda *_: [sys.executable, "-c", "raise SystemExit(7)"])
    cell = CellProcess(CellFolder(tmp_path), Resources(), lambda *_: None)
    cell.stop()
    assert cell.run() == Outcome("interrupted")


ECHO = """
import json, os
names = ("ATEN_CPU_CAPABILITY", "OMP_NUM_THREADS", "HSBENCH_TEST_PARENT")
print(json.dumps({"event": "end", "status": "done", "message": " ".join(os.environ[name] for name in names)}))
"""


def test_a_process_keeps_freed_memory_unless_the_user_says_otherwise(monkeypatch):
    monkeypatch.delenv("MALLOC_MMAP_THRESHOLD_", raising=False)
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "1000")
    environment = process.environment_of(Resources())
    assert environment["MALLOC_MMAP_THRESHOLD_"] == str(32 * 1024 * 1024)
    assert environment["MALLOC_TRIM_THRESHOLD_"] == "1000"


def test_a_process_gets_its_own_environment_beside_that_of_the_parent_and_its_threads(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "command", lambda *_: [sys.executable, "-c", ECHO])
    monkeypatch.setenv("HSBENCH_TEST_PARENT", "inherited")
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "avx512")
    environment = {"ATEN_CPU_CAPABILITY": "avx2", "OMP_NUM_THREADS": "9"}
    resources = Resources(threads=3)
    start = process.Command(resources, environment)
    cell = CellProcess(CellFolder(tmp_path), resources, lambda *_: None, start)
    assert cell.run() == Outcome("done", "avx2 3 inherited")


def test_a_process_that_crashes_or_times_out_gets_a_status(tmp_path, monkeypatch):
    for script, timeout, status in (
        ("raise SystemExit(7)", None, "crashed"),
        ("import time; time.sleep(30)", 0.5, "timeout"),
    ):
        monkeypatch.setattr(process, "command", lambda *_, script=script: [sys.executable, "-c", script])
        outcome = CellProcess(CellFolder(tmp_path), Resources(timeout=timeout), lambda *_: None).run()
        assert outcome.status == status
        assert json.loads((tmp_path / "status.json").read_text())["status"] == status


def test_processes_that_torchrun_ended_have_failed_and_the_message_names_the_log(tmp_path, monkeypatch):
    end = {"event": "end", "status": "interrupted", "message": "interrupted"}
    monkeypatch.setattr(process, "command", lambda *_: [sys.executable, "-c", f"print('{json.dumps(end)}')"])
    single, several = (
        CellProcess(CellFolder(tmp_path), Resources(processes=count), lambda *_: None).run() for count in (1, 2)
    )
    assert single == Outcome("interrupted", "interrupted")
    assert several.status == json.loads((tmp_path / "status.json").read_text())["status"] == "failed"
    assert str(tmp_path / "log.txt") in several.message


ABORT_AT_SHUTDOWN = """
import atexit, os
from hsbench.execution import team
atexit.register(os.abort)
print("printed")
team.leave(3)
"""


@pytest.mark.parametrize(("processes", "code"), [("1", -signal.SIGABRT), ("2", 3)])
def test_one_of_several_processes_ends_without_the_shutdown_of_python(processes, code):
    environment = {**os.environ, "WORLD_SIZE": processes}
    result = subprocess.run(
        [sys.executable, "-c", ABORT_AT_SHUTDOWN], env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == code
    assert processes == "1" or result.stdout == "printed\n"


TRAIN_ONLY_WORKER = """
import atexit, os, runpy, sys
atexit.register(os.abort)
sys.argv = ["cell", *sys.argv[1:]]
runpy.run_module("hsbench.execution.worker", run_name="__main__")
"""


def test_a_worker_process_that_only_trains_ends_without_the_shutdown_of_python(hsbench):
    """The cell is finished, so the second process has nothing to train."""
    assert hsbench("run", "toys", "--limit", "2", "-k", "row~loud").returncode == 0
    (cell,) = hsbench.cells()
    environment = {**hsbench.environment(), "WORLD_SIZE": "2", "RANK": "1"}
    command = [sys.executable, "-c", TRAIN_ONLY_WORKER, str(cell), "--job", str(cell / "job.json")]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
