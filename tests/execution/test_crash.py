"""Runs that are killed at any moment: the next run computes only the missing work, with the same numbers."""

import json
import os
import random
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest

from hsbench.audio.io import read_mono
from hsbench.files import read_jsonl


def outcome(command_line):
    """Return the scores and the audio of every cell, which must not depend on interruptions."""
    content = {}
    for cell in command_line.cells():
        for row in read_jsonl(cell / "scores.jsonl"):
            key = (cell.name, row["clip"], row["metric"])
            assert key not in content, f"{key} was scored twice"
            content[key] = (row["value"], row["status"])
        for path in sorted((cell / "artifacts" / "audio").glob("*.wav")):
            content[cell.name, path.name] = read_mono(path)[0].tobytes()
    return content


def wait_until(condition, seconds=30.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.005)
    raise AssertionError("the condition was not fulfilled in time")


def cell_pids(command_line):
    pids = []
    for path in command_line.results.glob("*/lock"):
        text = path.read_text()
        if text:
            pids.append(json.loads(text)["pid"])
    return pids


def parent(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
def test_twenty_killed_runs_lose_no_result(hsbench_at, tmp_path):
    (tmp_path / "undisturbed").mkdir()
    undisturbed = hsbench_at(tmp_path / "undisturbed")
    arguments = ("run", "toys", "--budget", "paper", "--limit", 24)
    assert undisturbed(*arguments).returncode == 0
    (tmp_path / "killed").mkdir()
    killed, rng = hsbench_at(tmp_path / "killed"), random.Random(2302)
    kills = 0
    for _ in range(20):
        process = killed.start(*arguments, "--jobs", 2, delay=0.2)
        try:
            process.wait(rng.uniform(0.2, 1.6))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
        process.stdout.close()
    assert killed(*arguments).returncode == 0
    assert kills >= 10, "the machine is too fast for this test: lengthen the delay"
    assert outcome(killed) == outcome(undisturbed)
    repeated = len(killed.rebuilt()) - len(set(killed.rebuilt()))
    assert repeated <= 2 * 2 * kills, "more clips than those of unfinished groups were repeated"
    assert not any(alive(pid) for pid in cell_pids(killed))


@pytest.mark.parametrize("warm", [False, True])
def test_the_worker_processes_end_with_a_killed_run(hsbench, warm):
    process = hsbench.start("run", "moods", "-k", "row~hang", *(("--seeds", 2, "--jobs", 2) if warm else ()))
    wait_until(lambda: len(hsbench.rebuilt()) == 1 + warm)
    pids = cell_pids(hsbench)
    servers = {parent(pid) for pid in pids} - {process.pid}
    assert len(servers) == warm
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    wait_until(lambda: not any(alive(pid) for pid in (*pids, *servers)), 10)


@pytest.mark.slow
def test_a_killed_worker_process_leaves_a_status_and_the_next_run_finishes_the_cell(hsbench_at, tmp_path):
    (tmp_path / "undisturbed").mkdir()
    (tmp_path / "killed").mkdir()
    undisturbed, killed = hsbench_at(tmp_path / "undisturbed"), hsbench_at(tmp_path / "killed")
    assert undisturbed("run", "toys").returncode == 0
    process = killed.start("run", "toys", delay=0.3)
    wait_until(lambda: len(killed.rebuilt()) >= 3)
    os.kill(cell_pids(killed)[0], signal.SIGKILL)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "toys/loud: crashed: the process ended by SIGKILL without reporting a status" in output
    statuses = [json.loads((cell / "status.json").read_text())["status"] for cell in killed.cells()]
    assert sorted(statuses) == ["crashed", "done"]
    before = set(killed.rebuilt())
    assert killed("run", "toys").returncode == 0
    assert outcome(killed) == outcome(undisturbed)
    assert len(killed.rebuilt()) - len(before | set(killed.rebuilt())) <= 2


@pytest.mark.slow
def test_a_killed_server_costs_no_cell(hsbench_at, tmp_path):
    (tmp_path / "undisturbed").mkdir()
    (tmp_path / "killed").mkdir()
    undisturbed, killed = hsbench_at(tmp_path / "undisturbed"), hsbench_at(tmp_path / "killed")
    assert undisturbed("run", "toys", "--budget", "smoke").returncode == 0
    process = killed.start("run", "toys", "--budget", "smoke", delay=0.3)
    wait_until(killed.rebuilt)
    os.kill(parent(cell_pids(killed)[0]), signal.SIGKILL)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert output.count("the server that starts cells ended by SIGKILL; it was started again") == 1
    assert outcome(killed) == outcome(undisturbed)
    assert len(killed.rebuilt()) == 8, "nothing was computed twice"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "SIGTERM"])
def test_an_interrupted_run_exits_with_130(hsbench, number):
    process = hsbench.start("run", "toys", delay=0.3)
    wait_until(lambda: len(hsbench.rebuilt()) >= 3)
    process.send_signal(number)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "hsbench: interrupted; run the same command again to go on." in output
    assert "Traceback" not in output
    statuses = [json.loads(path.read_text())["status"] for path in hsbench.results.glob("*/status.json")]
    assert statuses == ["interrupted"]
    assert hsbench("run", "toys").returncode == 0


@pytest.mark.slow
def test_a_cell_that_another_process_computes_is_left_alone(hsbench):
    process = hsbench.start("run", "moods", "-k", "row~hang", "--limit", 1)
    wait_until(hsbench.rebuilt)
    result = hsbench("run", "moods", "-k", "row~hang", "--limit", 1)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert result.returncode == 3
    assert "is being written by" in result.stderr
    assert len(hsbench.rebuilt()) == 1


def test_a_full_disk_is_reported_in_one_sentence_and_corrupts_nothing(hsbench_at, tmp_path):
    (tmp_path / "undisturbed").mkdir()
    (tmp_path / "full").mkdir()
    undisturbed, full = hsbench_at(tmp_path / "undisturbed"), hsbench_at(tmp_path / "full")
    assert undisturbed("run", "toys", "--budget", "smoke").returncode == 0

    def small():  # a clip of 32 768 float32 samples does not fit
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    result = subprocess.run(
        full.command("run", "toys", "--budget", "smoke"),
        capture_output=True,
        text=True,
        env=full.environment(),
        cwd=full.folder,
        preexec_fn=small,
        timeout=60,
        check=False,
    )
    assert result.returncode == 3
    assert "the file size limit is reached" in result.stderr
    assert "Traceback" not in result.stderr
    assert not list(full.results.rglob("*.tmp"))
    assert full("run", "toys", "--budget", "smoke").returncode == 0
    assert outcome(full) == outcome(undisturbed)


def test_a_truncated_last_row_of_a_file_costs_only_that_row(hsbench):
    assert hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud").returncode == 0
    before = outcome(hsbench)
    (cell,) = hsbench.cells()
    for name in ("scores.jsonl", "reconstructions.jsonl", "fit.jsonl"):
        data = (cell / name).read_bytes()
        (cell / name).write_bytes(data[: len(data) - 7])
    assert hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud").returncode == 0
    assert outcome(hsbench) == before
    assert len(hsbench.rebuilt()) == 5


@pytest.mark.parametrize("model", [pytest.param("inr-siren", marks=pytest.mark.slow), "inr-fmlp"])
@pytest.mark.slow
def test_a_killed_fit_continues_to_the_same_scores(hsbench_at, tmp_path, model):
    (tmp_path / "undisturbed").mkdir()
    (tmp_path / "killed").mkdir()
    undisturbed, killed = hsbench_at(tmp_path / "undisturbed"), hsbench_at(tmp_path / "killed")
    settings = ("--set", f"{model}.steps=40", "--set", f"{model}.width=24", "-k", f"model~{model}", "--limit", 2)
    arguments = ("run", "table2d", "--budget", "smoke", *settings)
    assert undisturbed(*arguments).returncode == 0
    process = killed.start(*arguments)

    def fit_has_begun():
        return any(row["step"] >= 5 for path in killed.results.glob("*/fit.jsonl") for row in read_jsonl(path))

    wait_until(fit_has_begun)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert killed(*arguments).returncode == 0
    assert outcome(killed) == outcome(undisturbed)
