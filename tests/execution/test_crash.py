"""kill -9 at any moment, run again, and only the missing work is done, with the same numbers."""

import json
import os
import random
import resource
import signal
import subprocess
import time

import pytest

from hsbench.audio.io import read_mono
from hsbench.files import read_jsonl


def outcome(line):
    """Everything that must not depend on what happened on the way: scores and audio of every cell."""
    found = {}
    for cell in line.cells():
        for row in read_jsonl(cell / "scores.jsonl"):
            key = (cell.name, row["clip"], row["metric"])
            assert key not in found, f"{key} was scored twice"
            found[key] = (row["value"], row["status"])
        for path in sorted((cell / "artifacts" / "audio").glob("*.wav")):
            found[cell.name, path.name] = read_mono(path)[0].tobytes()
    return found


def wait_until(condition, seconds=30.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.005)
    raise AssertionError("it did not come about in time")


def cell_pids(line):
    pids = []
    for path in line.results.glob("*/lock"):
        text = path.read_text()
        if text:
            pids.append(json.loads(text)["pid"])
    return pids


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_twenty_kills_of_the_run_lose_nothing(hsbench_at, tmp_path):
    (tmp_path / "calm").mkdir()
    calm = hsbench_at(tmp_path / "calm")
    asked = ("run", "toys", "--budget", "paper", "--limit", 24)
    assert calm(*asked).returncode == 0
    (tmp_path / "rough").mkdir()
    rough, rng = hsbench_at(tmp_path / "rough"), random.Random(2302)
    kills = 0
    for _ in range(20):
        process = rough.start(*asked, "--jobs", 2, delay=0.2)
        try:
            process.wait(rng.uniform(0.2, 1.6))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
        process.stdout.close()
    assert rough(*asked).returncode == 0
    assert kills >= 10, "the machine is too fast for this test: lengthen the delay"
    assert outcome(rough) == outcome(calm)
    repeated = len(rough.rebuilt()) - len(set(rough.rebuilt()))
    assert repeated <= 2 * 2 * kills, "more than the groups in flight were repeated"
    assert not any(alive(pid) for pid in cell_pids(rough))


def test_the_cells_end_with_the_run(hsbench):
    process = hsbench.start("run", "moods", "-k", "row~hang")
    wait_until(hsbench.rebuilt)
    (pid,) = cell_pids(hsbench)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    wait_until(lambda: not alive(pid), 10)


def test_a_cell_that_is_killed_alone_leaves_a_status_and_the_rerun_finishes_it(hsbench_at, tmp_path):
    (tmp_path / "calm").mkdir()
    (tmp_path / "rough").mkdir()
    calm, rough = hsbench_at(tmp_path / "calm"), hsbench_at(tmp_path / "rough")
    assert calm("run", "toys").returncode == 0
    process = rough.start("run", "toys", delay=0.3)
    wait_until(lambda: len(rough.rebuilt()) >= 3)
    os.kill(cell_pids(rough)[0], signal.SIGKILL)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "crashed: the process ended by SIGKILL without a word" in said
    statuses = [json.loads((cell / "status.json").read_text())["status"] for cell in rough.cells()]
    assert sorted(statuses) == ["crashed", "done"]
    before = set(rough.rebuilt())
    assert rough("run", "toys").returncode == 0
    assert outcome(rough) == outcome(calm)
    assert len(rough.rebuilt()) - len(before | set(rough.rebuilt())) <= 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "a scheduler's word"])
def test_an_interrupt_says_so_and_exits_with_130(hsbench, number):
    process = hsbench.start("run", "toys", delay=0.3)
    wait_until(lambda: len(hsbench.rebuilt()) >= 3)
    process.send_signal(number)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "hsbench: interrupted; run the same command again to go on." in said
    assert "Traceback" not in said
    statuses = [json.loads(path.read_text())["status"] for path in hsbench.results.glob("*/status.json")]
    assert statuses == ["interrupted"]
    assert hsbench("run", "toys").returncode == 0


def test_a_cell_that_another_process_holds_is_left_alone(hsbench):
    process = hsbench.start("run", "moods", "-k", "row~hang", "--limit", 1)
    wait_until(hsbench.rebuilt)
    done = hsbench("run", "moods", "-k", "row~hang", "--limit", 1)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert done.returncode == 3
    assert "is being written by" in done.stderr
    assert len(hsbench.rebuilt()) == 1


def test_a_disk_that_fills_up_is_a_sentence_and_corrupts_nothing(hsbench_at, tmp_path):
    (tmp_path / "calm").mkdir()
    (tmp_path / "full").mkdir()
    calm, full = hsbench_at(tmp_path / "calm"), hsbench_at(tmp_path / "full")
    assert calm("run", "toys", "--budget", "smoke").returncode == 0

    def small():  # a clip of 32 768 float32 samples does not fit
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    done = subprocess.run(
        full.command("run", "toys", "--budget", "smoke"),
        capture_output=True,
        text=True,
        env=full.environment(),
        cwd=full.folder,
        preexec_fn=small,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3
    assert "the file size limit is reached" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(full.results.rglob("*.tmp"))
    assert full("run", "toys", "--budget", "smoke").returncode == 0
    assert outcome(full) == outcome(calm)


def test_a_torn_row_of_any_file_costs_only_that_row(hsbench):
    assert hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud").returncode == 0
    whole = outcome(hsbench)
    (cell,) = hsbench.cells()
    for name in ("scores.jsonl", "reconstructions.jsonl", "fit.jsonl"):
        data = (cell / name).read_bytes()
        (cell / name).write_bytes(data[: len(data) - 7])
    assert hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud").returncode == 0
    assert outcome(hsbench) == whole
    assert len(hsbench.rebuilt()) == 5


@pytest.mark.parametrize("model", [pytest.param("inr-siren", marks=pytest.mark.slow), "inr-fmlp"])
def test_a_real_fit_that_is_killed_ends_with_the_same_scores(hsbench_at, tmp_path, model):
    (tmp_path / "calm").mkdir()
    (tmp_path / "rough").mkdir()
    calm, rough = hsbench_at(tmp_path / "calm"), hsbench_at(tmp_path / "rough")
    settings = ("--set", f"{model}.steps=40", "--set", f"{model}.width=24", "-k", f"model~{model}", "--limit", 2)
    asked = ("run", "table2d", "--budget", "smoke", *settings)
    assert calm(*asked).returncode == 0
    process = rough.start(*asked)

    def in_the_middle():
        return any(row["step"] >= 5 for path in rough.results.glob("*/fit.jsonl") for row in read_jsonl(path))

    wait_until(in_the_middle)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert rough(*asked).returncode == 0
    assert outcome(rough) == outcome(calm)
