"""Engines: the same scores as a local run, also after workers, schedulers or front ends were killed."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hsbench.execution.engines.dask import SCHEDULER_LOST
from hsbench.files import read_jsonl
from hsbench.results.store import Results

SLURM = ("--engine", "slurm", "--slurm", "cluster=local")


@pytest.fixture
def dask():
    pytest.importorskip("distributed", reason="dask.distributed is an extra")
    return ("--engine", "dask")


@pytest.fixture
def slurm():
    pytest.importorskip("submitit", reason="submitit is an extra")
    return SLURM


def outcome(command_line):
    """Return the scores of every cell; fail if a score is stored twice."""
    scores = {}
    for cell in command_line.cells():
        for row in read_jsonl(cell / "scores.jsonl"):
            key = (cell.name, row["clip"], row["metric"])
            assert key not in scores, f"{key} was scored twice"
            scores[key] = (row["value"], row["status"])
    return scores


def statuses(command_line):
    return sorted(json.loads((cell / "status.json").read_text())["status"] for cell in command_line.cells())


def wait_until(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("the condition was not fulfilled in time")


def parent(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def holders(command_line):
    """Return the process ids of the worker processes that hold the lock of a cell."""
    locks = [cell / "lock" for cell in command_line.cells() if Results(command_line.results).folder(cell.name).running]
    return [json.loads(text)["pid"] for lock in locks if (text := lock.read_text())]


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def expected(hsbench_at, tmp_path):
    """Return the scores of an undisturbed run on the local engine."""
    (tmp_path / "expected").mkdir()
    command_line = hsbench_at(tmp_path / "expected")
    assert command_line("run", "toys", "--budget", "smoke").returncode == 0
    return outcome(command_line)


@pytest.fixture
def usual_port_taken():
    """Occupy the port of dask's dashboard, as another cluster on the machine does."""
    with socket.socket() as taken:
        with contextlib.suppress(OSError):  # another cluster has it
            taken.bind(("127.0.0.1", 8787))
            taken.listen()
        yield


@pytest.mark.slow
def test_dask_gives_the_same_scores(hsbench, dask, expected, usual_port_taken):
    result = hsbench("run", "toys", "--budget", "smoke", *dask, "--jobs", 2)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count(": started") == 2
    assert result.stdout.count(": done") == 2
    assert outcome(hsbench) == expected
    assert result.stderr == ""
    assert "nothing is missing" in hsbench("run", "toys", "--budget", "smoke", *dask).stdout


@pytest.mark.slow
def test_a_dask_worker_that_is_killed_during_a_cell_changes_no_score(hsbench, dask, expected):
    process = hsbench.start("run", "toys", "--budget", "smoke", *dask, "--jobs", 2, delay=0.7)
    wait_until(lambda: len(hsbench.rebuilt()) >= 3 and len(holders(hsbench)) == 2)
    child = holders(hsbench)[0]
    worker = parent(child)
    assert worker not in (1, process.pid)
    os.kill(worker, signal.SIGKILL)
    output, _ = process.communicate(timeout=100)
    assert process.returncode == 0, output
    assert outcome(hsbench) == expected
    assert statuses(hsbench) == ["done", "done"]
    assert not alive(child)
    assert len(hsbench.rebuilt()) <= 8 + 2, "more than the group in flight was repeated"


@pytest.mark.slow
def test_the_dask_workers_end_with_a_killed_front_end_and_the_next_run_continues(hsbench, dask, expected):
    process = hsbench.start("run", "toys", "--budget", "smoke", *dask, "--jobs", 2, delay=0.5)
    wait_until(lambda: len(hsbench.rebuilt()) >= 3 and len(holders(hsbench)) == 2)
    children = holders(hsbench)
    workers = [parent(child) for child in children]
    process.kill()
    process.wait()
    process.stdout.close()
    wait_until(lambda: not any(alive(pid) for pid in (*children, *workers)), 20)
    assert hsbench("run", "toys", "--budget", "smoke").returncode == 0
    assert outcome(hsbench) == expected
    assert len(hsbench.rebuilt()) <= 8 + 4


@pytest.mark.slow
def test_failing_cells_on_dask_leave_a_status_and_the_others_finish(hsbench, dask):
    result = hsbench("run", "moods", "--budget", "smoke", *dask, "--timeout", 8, "--jobs", 2)
    assert result.returncode == 3, result.stdout + result.stderr
    assert statuses(hsbench) == sorted(["done"] * 3 + ["failed"] * 2 + ["unavailable", "crashed", "crashed", "timeout"])
    assert "stopped after 8 s" in result.stderr
    assert "SIGSEGV" in result.stderr


@pytest.mark.slow
@pytest.mark.parametrize("whole_group", [False, True], ids=["SIGTERM", "ctrl-c"])
def test_an_interrupt_ends_cells_on_dask_workers(hsbench, dask, whole_group):
    """Ctrl-C reaches every process of the terminal, SIGTERM only the front end."""
    process = subprocess.Popen(
        hsbench.command("run", "toys", *dask, "--jobs", "2"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=hsbench.environment(0.5),
        cwd=hsbench.folder,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    wait_until(lambda: len(hsbench.rebuilt()) >= 3 and len(holders(hsbench)) == 2)
    children = holders(hsbench)
    if whole_group:
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    assert "hsbench: interrupted; run the same command again to go on." in output
    assert "Traceback" not in output
    wait_until(lambda: not any(alive(child) for child in children), 20)
    assert statuses(hsbench) == ["interrupted", "interrupted"]


@pytest.mark.slow
def test_a_cluster_at_an_address_is_used_and_a_dead_scheduler_is_named(hsbench, dask, expected):
    script = (
        "from distributed import LocalCluster\n"
        "if __name__ == '__main__':\n"
        "    c = LocalCluster(n_workers=2, threads_per_worker=1, host='127.0.0.1', dashboard_address=None)\n"
        "    print(c.scheduler_address, flush=True); input()\n"
    )
    (hsbench.folder / "cluster.py").write_text(script)
    cluster = subprocess.Popen(
        [sys.executable, "cluster.py"],
        cwd=hsbench.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=hsbench.environment(),
    )
    address = cluster.stdout.readline().strip()
    result = hsbench("run", "toys", "--budget", "smoke", *dask, "--address", address)
    assert result.returncode == 0, result.stdout + result.stderr
    assert outcome(hsbench) == expected
    cluster.stdin.close()
    cluster.wait(30)
    cluster.stdout.close()
    environment = {**hsbench.environment(), "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "2s"}
    dead = subprocess.run(
        hsbench.command(
            "run", "toys", "--budget", "smoke", "--limit", "3", "--seeds", "2", *dask, "--address", address
        ),
        capture_output=True,
        text=True,
        env=environment,
        cwd=hsbench.folder,
        timeout=100,
        check=False,
    )
    assert dead.returncode == 3
    assert f"no dask scheduler answers at {address}" in dead.stderr
    assert "Traceback" not in dead.stderr


@pytest.fixture
def cluster(dask, hsbench):
    """Start a scheduler and two workers as users do; yield the processes of both, and the address."""
    file = hsbench.folder / "scheduler.json"
    common = ("--scheduler-file", str(file), "--no-dashboard")
    environment = {**hsbench.environment(1.5), "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "5s"}

    def start(part, *options):
        command = [sys.executable, "-m", f"distributed.cli.dask_{part}", *common, *options]
        return subprocess.Popen(command, cwd=hsbench.folder, env=environment, stderr=subprocess.DEVNULL)

    def address():
        """Return the scheduler's address, or None until its file is written: it exists for a moment without content."""
        text = file.read_text() if file.exists() else ""
        return json.loads(text)["address"] if text.rstrip().endswith("}") else None

    scheduler = start("scheduler", "--host", "127.0.0.1", "--port", "0")
    workers = start("worker", "--nthreads", "1", "--nworkers", "2", "--local-directory", str(hsbench.folder))
    try:
        wait_until(address)
        yield scheduler, workers, address()
    finally:
        for process in (workers, scheduler):
            process.kill()
            process.wait(20)


def built(command_line):
    """Return (cell, clip) for every stored reconstruction."""
    return [
        (cell.name, row["clip"]) for cell in command_line.cells() for row in read_jsonl(cell / "reconstructions.jsonl")
    ]


@pytest.mark.slow
def test_a_scheduler_that_is_killed_during_cells_is_named_and_the_next_run_continues(hsbench, cluster, expected):
    scheduler, workers, address = cluster
    process = hsbench.start("run", "toys", "--budget", "smoke", "--engine", "dask", "--address", address)
    wait_until(lambda: outcome(hsbench) and len(holders(hsbench)) == 2)
    children, finished = holders(hsbench), outcome(hsbench)
    scheduler.kill()
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 3, output
    assert output.count(f": crashed: {SCHEDULER_LOST}\n") == 4, (
        "once for each cell when it ends, and once at the end of the run"
    )
    assert "2 of 2 cells are incomplete" in output
    assert "Traceback" not in output
    assert "distributed" not in output, "the log of dask is not shown"
    workers.kill()  # without this, their cells would go on for 30 s
    wait_until(lambda: not any(alive(child) for child in children), 20)
    kept, log = built(hsbench), len(hsbench.rebuilt())
    assert finished.items() <= outcome(hsbench).items()
    assert len(kept) < 8, "everything was finished before the scheduler was killed"
    result = hsbench("run", "toys", "--budget", "smoke")
    assert result.returncode == 0, result.stdout + result.stderr
    assert outcome(hsbench) == expected
    assert len(hsbench.rebuilt()) - log == 8 - len(kept), "a stored clip was reconstructed again"


@pytest.mark.slow
def test_slurm_jobs_give_the_same_scores(hsbench, slurm, expected):
    result = hsbench("run", "toys", "--budget", "smoke", *slurm, "--jobs", 2)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count(": started") == 2
    assert result.stdout.count(": done") == 2
    assert outcome(hsbench) == expected
    (logs,) = (hsbench.results / "slurm").iterdir()
    assert logs.stat().st_mode & 0o777 == 0o700
    assert "| loud [smoke]  |" in hsbench("report", "toys").stdout


@pytest.mark.slow
def test_failing_cells_on_slurm_leave_a_status_and_the_others_finish(hsbench, slurm):
    result = hsbench("run", "moods", "--budget", "smoke", *slurm, "--timeout", 8, "--jobs", 3)
    assert result.returncode == 3, result.stdout + result.stderr
    assert statuses(hsbench) == sorted(["done"] * 3 + ["failed"] * 2 + ["unavailable", "crashed", "crashed", "timeout"])
    assert "stopped after 8 s" in result.stderr


@pytest.mark.slow
def test_a_killed_slurm_job_is_a_crash_and_the_next_run_continues(hsbench, slurm, expected):
    process = hsbench.start("run", "toys", "--budget", "smoke", "-k", "row~loud", *slurm, delay=0.6)
    wait_until(lambda: len(hsbench.rebuilt()) >= 3 and holders(hsbench))
    (child,) = holders(hsbench)
    os.kill(parent(child), signal.SIGKILL)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 3, output
    assert "without reporting a status; see " in output
    wait_until(lambda: not alive(child), 20)
    assert hsbench("run", "toys", "--budget", "smoke", *slurm).returncode == 0
    assert outcome(hsbench) == expected


@pytest.mark.slow
def test_an_interrupt_cancels_slurm_jobs(hsbench, slurm):
    process = hsbench.start("run", "toys", *slurm, delay=0.5)
    wait_until(lambda: len(hsbench.rebuilt()) >= 3 and holders(hsbench))
    (child,) = holders(hsbench)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    wait_until(lambda: not alive(child), 20)


@pytest.mark.slow
def test_simultaneous_runs_on_one_folder_compute_every_clip_once(hsbench, expected):
    runs = [hsbench.start("run", "toys", "--budget", "smoke", "--jobs", 2, delay=0.3) for _ in range(3)]
    codes = []
    for run in runs:
        output, _ = run.communicate(timeout=100)
        assert "Traceback" not in output
        codes.append(run.returncode)
    assert 0 in codes
    assert set(codes) <= {0, 3}
    assert outcome(hsbench) == expected
    assert len(hsbench.rebuilt()) == len(set(hsbench.rebuilt())) == 8


@pytest.mark.slow
def test_the_shell_loop_in_the_documentation_computes_the_plan(hsbench, expected):
    """docs/engines.md shows a shell script that runs the commands of a plan."""
    page = (Path(__file__).parents[3] / "docs" / "engines.md").read_text()
    (script,) = re.findall(r"<!-- command: loop -->\n```sh\n(.*?)```", page, re.DOTALL)
    programs = hsbench.folder / "bin"
    programs.mkdir()
    options = " ".join(["--import", str(hsbench.command()[-3]), "--results", str(hsbench.results)])
    (programs / "hsbench").write_text(f'#!/bin/bash\nexec {sys.executable} -m hsbench "$@" {options}\n')
    (programs / "python").write_text(f'#!/bin/bash\nexec {sys.executable} "$@"\n')
    for program in programs.iterdir():
        program.chmod(0o755)
    script = script.replace("hsbench plan table2d", "hsbench plan toys --budget smoke")
    script = script.replace("hsbench run table2d", "hsbench run toys --budget smoke")
    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=hsbench.folder,
        env={**hsbench.environment(), "PATH": f"{programs}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert outcome(hsbench) == expected
    assert "nothing is missing" in result.stdout
