"""Scoring many pairs: the pool of processes changes no value, survives a crash of a worker, and ends with its owner."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from hsbench import score
from hsbench.metrics import known
from hsbench.metrics.suite import Scorer
from hsbench.pool import Pool

NAMES = ["mse", "pesq", "stoi"]


def pairs(count):
    for number in range(count):
        x = known.speech(number)
        yield f"clip{number}", x, x + 0.01 * np.random.default_rng(number).standard_normal(x.size), NAMES


def without_time(scores):
    return {name: (score.value, score.status) for name, score in scores.items()}


def test_the_pool_returns_the_same_scores_in_the_same_order():
    with Scorer(22050, workers=2) as scorer:
        pooled = [(clip, without_time(scores)) for clip, scores in scorer.score(pairs(6))]
    in_this_process = [(clip, without_time(score(x, y, 22050, names))) for clip, x, y, names in pairs(6)]
    assert pooled == in_this_process


def imported(names):
    return [name in sys.modules for name in names]


def test_the_processes_import_what_their_metrics_need_before_the_first_pair():
    with Scorer(22050, workers=1) as scorer:
        scorer.warm_up(["mse", "pesq", "stoi"])
        modules = ("pesq", "pystoi", "torch", "torchaudio")
        assert scorer._pool.submit(imported, modules).result() == [True, True, False, False]
    with Scorer(22050) as scorer:
        scorer.warm_up(["pesq"])
        assert scorer._pool is None, "without processes, metrics import what they need themselves"


def test_only_a_few_pairs_are_read_ahead():
    read = []

    def counting():
        for pair in pairs(9):
            read.append(pair[0])
            yield pair

    with Scorer(22050, workers=1) as scorer:
        stream = scorer.score(counting())
        next(stream)
        assert len(read) <= 4
        assert len(list(stream)) == 8


def die():
    os.kill(os.getpid(), signal.SIGSEGV)


def die_once(path):
    if not Path(path).exists():
        Path(path).touch()
        die()
    return "alive"


def test_other_tasks_survive_the_crash_of_a_worker(tmp_path):
    from concurrent.futures.process import BrokenProcessPool

    pool = Pool(1)
    try:
        first = pool.submit(die_once, str(tmp_path / "died"))
        others = [pool.submit(abs, -number) for number in range(3)]
        assert first.result() == "alive"
        assert [other.result() for other in others] == [0, 1, 2]
        assert pool.submit(abs, -7).result() == 7
        with pytest.raises(BrokenProcessPool):
            pool.submit(die).result()
    finally:
        pool.close()


def threads():
    return os.environ["OMP_NUM_THREADS"], os.environ["MKL_NUM_THREADS"]


def test_workers_have_one_thread_and_the_owner_keeps_its_own(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    pool = Pool(1)
    try:
        assert pool.submit(threads).result() == ("1", "1")
        assert os.environ["OMP_NUM_THREADS"] == "2"
        assert "MKL_NUM_THREADS" not in os.environ
    finally:
        pool.close()


OWNER = """
import os, time
from hsbench.pool import Pool
if __name__ == "__main__":
    pool = Pool(2)
    print(*{pool.submit(os.getpid).result() for _ in range(20)}, flush=True)
    time.sleep(600)
"""


def test_workers_end_with_an_owner_that_is_killed(tmp_path):
    script = tmp_path / "owner.py"
    script.write_text(OWNER)
    owner = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    workers = [int(pid) for pid in owner.stdout.readline().split()]
    assert workers
    owner.kill()
    owner.wait()
    owner.stdout.close()
    end = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() and "Z" not in state(pid) for pid in workers):
        assert time.monotonic() < end, "a worker outlived its owner"
        time.sleep(0.02)


BUSY = """
import sys, time
from hsbench.pool import Pool

def work():
    print("ready", flush=True)
    time.sleep(600)

if __name__ == "__main__":
    try:
        Pool(1).submit(work).result()
    except KeyboardInterrupt:
        print("interrupted")
elif sys.argv[1] == "start":
    print("ready", flush=True)
    time.sleep(1)
"""


@pytest.mark.parametrize("stage", ["start", "work"])
def test_ctrl_c_ends_the_workers_without_a_word(tmp_path, stage):
    """It reaches every process of a terminal: the owner, and a worker that starts or works."""
    owner = in_a_terminal(tmp_path, signal.SIG_DFL, BUSY, stage)
    assert owner.stdout.readline() == "ready\n"
    os.killpg(owner.pid, signal.SIGINT)
    assert owner.communicate(timeout=60) == ("interrupted\n", "")
    assert owner.returncode == 0


BACKGROUND = """
import os, sys
from hsbench.pool import Pool
if __name__ == "__main__":
    pool = Pool(1)
    for _ in range(2):
        print(pool.submit(os.getpid).result(), flush=True)
        sys.stdin.readline()
"""


def test_the_workers_of_a_job_in_the_background_survive_ctrl_c(tmp_path):
    owner = in_a_terminal(tmp_path, signal.SIG_IGN, BACKGROUND)
    worker = owner.stdout.readline()
    os.killpg(owner.pid, signal.SIGINT)
    assert owner.communicate("\n\n", timeout=60) == (worker, "")


def in_a_terminal(folder, interrupt, script, *arguments):
    """Start a script in a process group of its own, in which SIGINT is ignored (SIG_IGN) or not (SIG_DFL)."""
    path = folder / "owner.py"
    path.write_text(script)
    return subprocess.Popen(
        [sys.executable, str(path), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, interrupt),
    )


def state(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "Z"
