"""Engines beyond this process: the same scores, whatever happens to workers, schedulers and front ends."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hsbench.execution.engines.dask import GONE
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


def outcome(line):
    """Scores of every cell, each once."""
    found = {}
    for cell in line.cells():
        for row in read_jsonl(cell / "scores.jsonl"):
            key = (cell.name, row["clip"], row["metric"])
            assert key not in found, f"{key} was scored twice"
            found[key] = (row["value"], row["status"])
    return found


def statuses(line):
    return sorted(json.loads((cell / "status.json").read_text())["status"] for cell in line.cells())


def wait_until(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come about in time")


def parent(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def holders(line):
    """Processes that hold a cell now."""
    locks = [cell / "lock" for cell in line.cells() if Results(line.results).folder(cell.name).running]
    return [json.loads(text)["pid"] for lock in locks if (text := lock.read_text())]


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def calm(hsbench_at, tmp_path):
    """What the local engine makes of it."""
    (tmp_path / "calm").mkdir()
    line = hsbench_at(tmp_path / "calm")
    assert line("run", "toys", "--budget", "smoke").returncode == 0
    return outcome(line)


@pytest.mark.slow
def test_dask_gives_the_same_scores(hsbench, dask, calm):
    done = hsbench("run", "toys", "--budget", "smoke", *dask, "--jobs", 2)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(": started") == 2
    assert done.stdout.count(": done") == 2
    assert outcome(hsbench) == calm
    assert done.stderr == ""
    assert "nothing is missing" in hsbench("run", "toys", "--budget", "smoke", *dask).stdout


@pytest.mark.slow
def test_a_dask_worker_that_is_killed_amid_a_cell_changes_nothing(hsbench, dask, calm):
    process = hsbench.start("run", "toys", "--budget", "smoke", *dask, "--jobs", 2, delay=0.7)
    wait_until(lambda: len(hsbench.rebuilt()) >= 3 and len(holders(hsbench)) == 2)
    child = holders(hsbench)[0]
    worker = parent(child)
    assert worker not in (1, process.pid)
    os.kill(worker, signal.SIGKILL)
    said, _ = process.communicate(timeout=100)
    assert process.returncode == 0, said
    assert outcome(hsbench) == calm
    assert statuses(hsbench) == ["done", "done"]
    assert not alive(child)
    assert len(hsbench.rebuilt()) <= 8 + 2, "more than the group in flight was repeated"


@pytest.mark.slow
def test_a_killed_front_end_takes_its_dask_workers_along_and_the_next_run_goes_on(hsbench, dask, calm):
    process = hsbench.start("run", "toys", "--budget", "smoke", *dask, "--jobs", 2, delay=0.5)
    wait_until(lambda: len(hsbench.rebuilt()) >= 3 and len(holders(hsbench)) == 2)
    children = holders(hsbench)
    workers = [parent(child) for child in children]
    process.kill()
    process.wait()
    process.stdout.close()
    wait_until(lambda: not any(alive(pid) for pid in (*children, *workers)), 20)
    assert hsbench("run", "toys", "--budget", "smoke").returncode == 0
    assert outcome(hsbench) == calm
    assert len(hsbench.rebuilt()) <= 8 + 4


@pytest.mark.slow
def test_bad_cells_of_dask_leave_their_status_and_the_others_finish(hsbench, dask):
    done = hsbench("run", "moods", "--budget", "smoke", *dask, "--timeout", 8, "--jobs", 2)
    assert done.returncode == 3, done.stdout + done.stderr
    assert statuses(hsbench) == sorted(["done"] * 3 + ["failed"] * 2 + ["unavailable", "crashed", "crashed", "timeout"])
    assert "stopped after 8 s" in done.stderr
    assert "SIGSEGV" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("whole_group", [False, True], ids=["a scheduler's word", "ctrl-c"])
def test_an_interrupt_ends_cells_on_dask_workers(hsbench, dask, whole_group):
    """Ctrl-C reaches every process of the terminal, SIGTERM the front end alone."""
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
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "hsbench: interrupted; run the same command again to go on." in said
    assert "Traceback" not in said
    wait_until(lambda: not any(alive(child) for child in children), 20)
    assert statuses(hsbench) == ["interrupted", "interrupted"]


@pytest.mark.slow
def test_a_cluster_at_an_address_is_used_and_a_dead_scheduler_is_a_sentence(hsbench, dask, calm):
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
    done = hsbench("run", "toys", "--budget", "smoke", *dask, "--address", address)
    assert done.returncode == 0, done.stdout + done.stderr
    assert outcome(hsbench) == calm
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
    """A scheduler and two workers as users start them: the processes of both, and the address."""
    file = hsbench.folder / "scheduler.json"
    common = ("--scheduler-file", str(file), "--no-dashboard")
    environment = {**hsbench.environment(1.5), "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "5s"}

    def start(part, *options):
        command = [sys.executable, "-m", f"distributed.cli.dask_{part}", *common, *options]
        return subprocess.Popen(command, cwd=hsbench.folder, env=environment, stderr=subprocess.DEVNULL)

    scheduler = start("scheduler", "--host", "127.0.0.1", "--port", "0")
    workers = start("worker", "--nthreads", "1", "--nworkers", "2", "--local-directory", str(hsbench.folder))
    wait_until(file.exists)
    yield scheduler, workers, json.loads(file.read_text())["address"]
    for process in (workers, scheduler):
        process.kill()
        process.wait(20)


def built(line):
    """(cell, clip) of all that is kept."""
    return [(cell.name, row["clip"]) for cell in line.cells() for row in read_jsonl(cell / "reconstructions.jsonl")]


@pytest.mark.slow
def test_a_scheduler_that_is_killed_amid_cells_is_a_sentence_and_the_next_run_goes_on(hsbench, cluster, calm):
    scheduler, workers, address = cluster
    process = hsbench.start("run", "toys", "--budget", "smoke", "--engine", "dask", "--address", address)
    wait_until(lambda: outcome(hsbench) and len(holders(hsbench)) == 2)
    children, finished = holders(hsbench), outcome(hsbench)
    scheduler.kill()
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 3, said
    assert said.count(f": crashed: {GONE}\n") == 4, "as it comes about, and at the end"
    assert "2 of 2 cells are incomplete" in said
    assert "Traceback" not in said
    assert "distributed" not in said, "dask's own log is no sentence"
    workers.kill()  # they would let their cells work for 30 s
    wait_until(lambda: not any(alive(child) for child in children), 20)
    kept, log = built(hsbench), len(hsbench.rebuilt())
    assert finished.items() <= outcome(hsbench).items()
    assert len(kept) < 8, "nothing is left to go on with"
    done = hsbench("run", "toys", "--budget", "smoke")
    assert done.returncode == 0, done.stdout + done.stderr
    assert outcome(hsbench) == calm
    assert len(hsbench.rebuilt()) - log == 8 - len(kept), "what was kept was rebuilt again"


@pytest.mark.slow
def test_slurm_jobs_give_the_same_scores(hsbench, slurm, calm):
    done = hsbench("run", "toys", "--budget", "smoke", *slurm, "--jobs", 2)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(": started") == 2
    assert done.stdout.count(": done") == 2
    assert outcome(hsbench) == calm
    (logs,) = (hsbench.results / "slurm").iterdir()
    assert logs.stat().st_mode & 0o777 == 0o700
    assert "| loud [smoke]  |" in hsbench("report", "toys").stdout


@pytest.mark.slow
def test_bad_cells_of_slurm_leave_their_status_and_the_others_finish(hsbench, slurm):
    done = hsbench("run", "moods", "--budget", "smoke", *slurm, "--timeout", 8, "--jobs", 3)
    assert done.returncode == 3, done.stdout + done.stderr
    assert statuses(hsbench) == sorted(["done"] * 3 + ["failed"] * 2 + ["unavailable", "crashed", "crashed", "timeout"])
    assert "stopped after 8 s" in done.stderr


@pytest.mark.slow
def test_a_slurm_job_that_is_killed_is_a_crash_and_the_next_run_goes_on(hsbench, slurm, calm):
    process = hsbench.start("run", "toys", "--budget", "smoke", "-k", "row~loud", *slurm, delay=0.6)
    wait_until(lambda: len(hsbench.rebuilt()) >= 3 and holders(hsbench))
    (child,) = holders(hsbench)
    os.kill(parent(child), signal.SIGKILL)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 3, said
    assert "without a word; see " in said
    wait_until(lambda: not alive(child), 20)
    assert hsbench("run", "toys", "--budget", "smoke", *slurm).returncode == 0
    assert outcome(hsbench) == calm


@pytest.mark.slow
def test_an_interrupt_cancels_slurm_jobs(hsbench, slurm):
    process = hsbench.start("run", "toys", *slurm, delay=0.5)
    wait_until(lambda: len(hsbench.rebuilt()) >= 3 and holders(hsbench))
    (child,) = holders(hsbench)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130, said
    wait_until(lambda: not alive(child), 20)


@pytest.mark.slow
def test_two_runs_on_one_folder_never_write_one_cell_twice(hsbench, calm):
    runs = [hsbench.start("run", "toys", "--budget", "smoke", "--jobs", 2, delay=0.3) for _ in range(3)]
    codes = []
    for run in runs:
        said, _ = run.communicate(timeout=100)
        assert "Traceback" not in said
        codes.append(run.returncode)
    assert 0 in codes
    assert set(codes) <= {0, 3}
    assert outcome(hsbench) == calm
    assert len(hsbench.rebuilt()) == len(set(hsbench.rebuilt())) == 8


@pytest.mark.slow
def test_the_loop_of_the_page_does_the_work(hsbench, calm):
    """docs/engines.md: a plan, and a shell that runs its commands."""
    page = (Path(__file__).parent.parent.parent / "docs" / "engines.md").read_text()
    (script,) = re.findall(r"<!-- command: loop -->\n```sh\n(.*?)```", page, re.DOTALL)
    programs = hsbench.folder / "bin"
    programs.mkdir()
    words = " ".join(["--import", str(hsbench.command()[-3]), "--results", str(hsbench.results)])
    (programs / "hsbench").write_text(f'#!/bin/bash\nexec {sys.executable} -m hsbench "$@" {words}\n')
    (programs / "python").write_text(f'#!/bin/bash\nexec {sys.executable} "$@"\n')
    for program in programs.iterdir():
        program.chmod(0o755)
    script = script.replace("hsbench plan table2d", "hsbench plan toys --budget smoke")
    script = script.replace("hsbench run table2d", "hsbench run toys --budget smoke")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=hsbench.folder,
        env={**hsbench.environment(), "PATH": f"{programs}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert outcome(hsbench) == calm
    assert "nothing is missing" in done.stdout
