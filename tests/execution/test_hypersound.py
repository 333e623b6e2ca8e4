"""HyperSound through the command line: trained once, never again, by one process or two, on what corpora there are."""

import json
import re
import signal
import time

import numpy as np
import pytest
from safetensors.numpy import load_file

from hsbench.files import read_jsonl

SMALL = [
    argument
    for text in ("channels=1", "hidden=8", "epoch_samples=8", "epochs=2", "train_clips=4")
    for argument in ("--set", f"hypersound-fmlp.{text}")
]
ONE = ("run", "table3", "--budget", "smoke", "--device", "cpu", "-k", "row~standard", *SMALL)


def network(cell):
    return load_file(cell / "artifacts" / "model" / "network.safetensors")


def steps(cell):
    return [row["step"] for row in read_jsonl(cell / "fit.jsonl")]


def test_it_is_trained_once_and_grows(hsbench):
    done = hsbench(*ONE, "--limit", 1)
    assert done.returncode == 0, done.stdout + done.stderr
    (cell,) = hsbench.cells()
    facts = json.loads((cell / "fit.json").read_text())
    assert (facts["steps"], facts["clips_seen"], facts["generated"]) == (4, 16, 32539)
    assert f"| {facts['generated']} | {facts['total']} | 4 |" in re.sub(" +", " ", done.stdout)
    assert "channels 1 (paper 16)" in done.stdout
    assert steps(cell) == [0, 1, 2, 3]
    before = network(cell)
    for more in (("--limit", 3), ("--limit", 2, "--split", "train")):
        assert hsbench(*ONE, *more).returncode == 0
        assert hsbench.cells() == [cell]
        assert steps(cell) == [0, 1, 2, 3], "nothing was trained again"
    assert all(np.array_equal(value, before[name]) for name, value in network(cell).items())
    rows = {row["clip"]: row for row in read_jsonl(cell / "reconstructions.jsonl")}
    assert len(rows) == 5
    assert {row["numbers"] for row in rows.values()} == {32539}
    weights = load_file(cell / "artifacts" / "weights" / f"{next(iter(rows))}.safetensors")
    assert sum(value.size for value in weights.values()) == 32539


@pytest.mark.slow
def test_two_processes_train_what_one_does(hsbench_at, tmp_path):
    found = []
    for folder, more in (("one", ()), ("two", ("--processes", 2))):
        (tmp_path / folder).mkdir()
        line = hsbench_at(tmp_path / folder)
        done = line(*ONE, "--limit", 1, *more)
        assert done.returncode == 0, done.stdout + done.stderr
        (cell,) = line.cells()
        assert steps(cell) == [0, 1, 2, 3]
        found.append((cell.name, network(cell), [row["loss"] for row in read_jsonl(cell / "fit.jsonl")]))
    (name, one, losses), (other_name, two, other_losses) = found
    assert name == other_name, "how many processes is no part of the key"
    assert losses == pytest.approx(other_losses, rel=1e-4)
    for key, value in one.items():
        assert np.abs(value - two[key]).max() < 1e-3, key


def test_corpora_that_are_not_at_hand_are_named_with_the_command(hsbench, tmp_path):
    done = hsbench("run", "table5", "--budget", "smoke", "--data-root", tmp_path, *SMALL)
    assert done.returncode == 3
    assert "3 of 3 cells are incomplete" in done.stderr
    for name in ("vctk", "ljspeech", "librispeech"):
        for shown in (done.stdout, done.stderr):
            assert f"To get it: hsbench corpus download {name} --data-root DIR" in shown
    assert "value unpublished" in done.stdout
    assert hsbench("run", "table5", "--budget", "smoke", "--corpus", "demo").returncode == 2


@pytest.mark.slow
def test_table5_on_real_corpora(hsbench, real_corpora):
    where = ("--data-root", real_corpora, "--set", "librispeech.subset=train-clean-100")
    done = hsbench("run", "table5", "--budget", "smoke", "--limit", 1, *where, *SMALL)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "### Table 5: Corpora" in done.stdout
    for name in ("vctk", "ljspeech", "librispeech"):
        assert re.search(rf"corpus {name} \([^)]*, partial corpus; fingerprint ", done.stdout)
    assert "**0." not in done.stdout.split("Published")[0], "rows of different corpora have no best"
    alone = hsbench("run", "table5", "--budget", "smoke", "--limit", 1, *where, *SMALL, "--corpus", "ljspeech")
    assert "nothing is missing" in alone.stdout


@pytest.mark.slow
def test_resolution_on_real_speech(hsbench, real_corpora):
    small = [*SMALL, *(a for kind in ("fmlp", "siren") for a in ("--set", f"inr-{kind}.steps=2"))]
    done = hsbench("run", "resolution", "--budget", "smoke", "--limit", 1, "--data-root", real_corpora, *small)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SI-SNR at 48 kHz (dB)" in done.stdout
    scores = [row for cell in hsbench.cells("*--vctk--*") for row in read_jsonl(cell / "scores.jsonl")]
    assert {row["metric"] for row in scores} >= {"lsd", "lsd@44100", "lsd@48000"}
    assert {row["status"] for row in scores if row["metric"].startswith("mse")} <= {"ok", "collapsed"}
    silent = hsbench(
        "run", "resolution", "--corpus", "demo", "--budget", "smoke", "--limit", 1, "-k", "row~SIREN", *small
    )
    assert "lsd@48000 no_truth 1" in silent.stdout


@pytest.mark.slow
def test_a_training_that_is_killed_goes_on_to_the_same_weights(hsbench_at, tmp_path, monkeypatch):
    """kill -9 after the first checkpoint of a real training; the final weights are equal bit for bit."""
    monkeypatch.setenv("HSBENCH_CHECKPOINT_SECONDS", "1")
    size = ("epochs=40", "epoch_samples=8", "coordinates=8192")
    command = [
        *("run", "table3", "--budget", "smoke", "--device", "cpu", "-k", "row~standard", "--limit", "1"),
        *(argument for text in size for argument in ("--set", f"hypersound-fmlp.{text}")),
    ]
    lines = {}
    for name in ("calm", "killed"):
        (tmp_path / name).mkdir()
        lines[name] = hsbench_at(tmp_path / name)
    line = lines["killed"]
    process = line.start(*command)
    end = time.monotonic() + 300
    while not list(line.results.glob("*/artifacts/model/training.safetensors")):
        assert time.monotonic() < end, "no checkpoint in five minutes"
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.2)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    time.sleep(3)
    (cell,) = line.cells()
    before = steps(cell)
    assert before[-1] < 79, "it was killed before its end"
    for one in lines.values():
        assert one(*command).returncode == 0
    (calm,), (killed,) = (one.cells() for one in lines.values())
    assert steps(killed)[len(before)] > 0, "it went on and did not start anew"
    want, got = network(calm), network(killed)
    assert all(np.array_equal(want[name], got[name]) for name in want)
    assert (calm / "scores.jsonl").read_text().count('"ok"') == (killed / "scores.jsonl").read_text().count('"ok"')
