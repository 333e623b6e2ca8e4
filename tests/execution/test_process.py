"""A cell's process is asked to end once, however often and early it is asked."""

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

def told(number, frame):
    print(json.dumps({"event": "progress", "stage": "told", "done": 1, "total": 1}), flush=True)
    time.sleep(0.5)
    print(json.dumps({"event": "end", "status": "interrupted", "message": "once"}), flush=True)
    sys.exit(130)

signal.signal(signal.SIGTERM, told)
print(json.dumps({"event": "progress", "stage": "ready", "done": 0, "total": 1}), flush=True)
time.sleep(30)
"""


@pytest.mark.parametrize("processes", [1, 2])
def test_it_is_asked_once(tmp_path, monkeypatch, processes):
    monkeypatch.setattr(process, "command", lambda folder, job, processes: [sys.executable, "-c", SLOW])
    heard = []

    def tell(stage, done, total):
        heard.append(stage)
        for _ in range(3):
            cell.ask()

    cell = CellProcess(CellFolder(tmp_path), Resources(processes=processes), tell)
    assert cell.run() == Outcome("interrupted", "once")
    assert heard == ["ready", "told"]
    assert not (tmp_path / "status.json").exists(), "the cell itself writes it"


def test_it_is_not_started_when_it_was_asked_before(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "command", lambda *_: [sys.executable, "-c", "raise SystemExit(7)"])
    cell = CellProcess(CellFolder(tmp_path), Resources(), lambda *_: None)
    cell.stop()
    assert cell.run() == Outcome("interrupted")


def test_one_that_ends_without_a_word_or_too_late_leaves_a_status(tmp_path, monkeypatch):
    for script, timeout, status in (
        ("raise SystemExit(7)", None, "crashed"),
        ("import time; time.sleep(30)", 0.5, "timeout"),
    ):
        monkeypatch.setattr(process, "command", lambda *_, script=script: [sys.executable, "-c", script])
        outcome = CellProcess(CellFolder(tmp_path), Resources(timeout=timeout), lambda *_: None).run()
        assert outcome.status == status
        assert json.loads((tmp_path / "status.json").read_text())["status"] == status


def test_a_team_that_torchrun_ended_has_failed_and_says_where_to_look(tmp_path, monkeypatch):
    end = {"event": "end", "status": "interrupted", "message": "interrupted"}
    monkeypatch.setattr(process, "command", lambda *_: [sys.executable, "-c", f"print('{json.dumps(end)}')"])
    alone, team = (
        CellProcess(CellFolder(tmp_path), Resources(processes=count), lambda *_: None).run() for count in (1, 2)
    )
    assert alone == Outcome("interrupted", "interrupted")
    assert team.status == json.loads((tmp_path / "status.json").read_text())["status"] == "failed"
    assert str(tmp_path / "log.txt") in team.message


LEAVING = """
import atexit, os
from hsbench.execution import team
atexit.register(os.abort)
print("said")
team.leave(3)
"""


@pytest.mark.parametrize(("processes", "code"), [("1", -signal.SIGABRT), ("2", 3)])
def test_a_process_of_a_team_leaves_without_what_may_go_wrong_at_the_shutdown(processes, code):
    environment = {**os.environ, "WORLD_SIZE": processes}
    done = subprocess.run([sys.executable, "-c", LEAVING], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert processes == "1" or done.stdout == "said\n"


HELPING = """
import atexit, os, runpy, sys
atexit.register(os.abort)
sys.argv = ["cell", *sys.argv[1:]]
runpy.run_module("hsbench.execution.worker", run_name="__main__")
"""


def test_a_cell_s_process_leaves_so(hsbench):
    """One that has only to help, and finds that nothing is left to train."""
    assert hsbench("run", "toys", "--limit", "2", "-k", "row~loud").returncode == 0
    (cell,) = hsbench.cells()
    environment = {**hsbench.environment(), "WORLD_SIZE": "2", "RANK": "1"}
    command = [sys.executable, "-c", HELPING, str(cell), "--job", str(cell / "job.json")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
