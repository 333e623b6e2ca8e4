"""HyperSound on the command line: trained once, by one process or two, resumed after a kill, on available corpora."""

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
RUN = ("run", "table3", "--budget", "smoke", "--device", "cpu", "-k", "row~standard", *SMALL)


def network(cell):
    return load_file(cell / "artifacts" / "model" / "network.safetensors")


def steps(cell):
    return [row["step"] for row in read_jsonl(cell / "fit.jsonl")]


@pytest.mark.slow
def test_more_clips_and_another_split_need_no_second_training(hsbench):
    process = hsbench(*RUN, "--limit", 1)
    assert process.returncode == 0, process.stdout + process.stderr
    (cell,) = hsbench.cells()
    facts = json.loads((cell / "fit.json").read_text())
    assert (facts["steps"], facts["clips_seen"], facts["generated"]) == (4, 16, 32539)
    assert f"| {facts['generated']} | {facts['total']} | 4 |" in re.sub(" +", " ", process.stdout)
    assert "channels 1 (paper 16)" in process.stdout
    assert steps(cell) == [0, 1, 2, 3]
    before = network(cell)
    for options in (("--limit", 3), ("--limit", 2, "--split", "train")):
        assert hsbench(*RUN, *options).returncode == 0
        assert hsbench.cells() == [cell]
        assert steps(cell) == [0, 1, 2, 3], "the network was not trained again"
    assert all(np.array_equal(value, before[name]) for name, value in network(cell).items())
    rows = {row["clip"]: row for row in read_jsonl(cell / "reconstructions.jsonl")}
    assert len(rows) == 6, "three held-out clips and three seen ones, two of which --split train names again"
    assert {row["numbers"] for row in rows.values()} == {32539}
    weights = load_file(cell / "artifacts" / "weights" / f"{next(iter(rows))}.safetensors")
    assert sum(value.size for value in weights.values()) == 32539


@pytest.mark.slow
def test_two_processes_train_the_same_network_as_one(hsbench_at, tmp_path):
    trainings = []
    for folder, options in (("one", ()), ("two", ("--processes", 2))):
        (tmp_path / folder).mkdir()
        command_line = hsbench_at(tmp_path / folder)
        process = command_line(*RUN, "--limit", 1, *options)
        assert process.returncode == 0, process.stdout + process.stderr
        (cell,) = command_line.cells()
        assert steps(cell) == [0, 1, 2, 3]
        trainings.append((cell.name, network(cell), [row["loss"] for row in read_jsonl(cell / "fit.jsonl")]))
    (name, tensors, losses), (other_name, other_tensors, other_losses) = trainings
    assert name == other_name, "the number of processes is no part of the key"
    assert losses == pytest.approx(other_losses, rel=1e-4)
    for key, value in tensors.items():
        assert np.abs(value - other_tensors[key]).max() < 1e-3, key


@pytest.mark.slow
def test_missing_corpora_are_named_with_the_command_that_downloads_them(hsbench, tmp_path):
    process = hsbench("run", "table5", "--budget", "smoke", "--data-root", tmp_path, *SMALL)
    assert process.returncode == 3
    assert "9 of 12 cells are incomplete" in process.stderr  # a row and two floors on each of three corpora
    assert "| demo seen" in process.stdout
    for name in ("vctk", "ljspeech", "librispeech"):
        for output in (process.stdout, process.stderr):
            assert f"To get it: hsbench corpus download {name} --data-root DIR" in output
    assert "value unpublished" in process.stdout
    assert hsbench("run", "table5", "--budget", "smoke", "--corpus", "folder").returncode == 2


@pytest.mark.slow
def test_table5_on_real_corpora(hsbench, real_corpora):
    options = ("--data-root", real_corpora, "--set", "librispeech.subset=train-clean-100")
    process = hsbench("run", "table5", "--budget", "smoke", "--limit", 1, *options, *SMALL)
    assert process.returncode == 0, process.stdout + process.stderr
    assert "### Table 5: Corpora" in process.stdout
    for name in ("vctk", "ljspeech", "librispeech"):
        assert re.search(rf"corpus {name} \([^)]*, partial corpus; fingerprint ", " ".join(process.stdout.split()))
    for label in ("VCTK", "LJ Speech", "LibriSpeech", "demo"):
        assert all(f"| {row} " in process.stdout for row in (label, f"noise {label}", f"silence {label} seen"))
    alone = hsbench("run", "table5", "--budget", "smoke", "--limit", 1, *options, *SMALL, "--corpus", "ljspeech")
    assert "nothing is missing" in alone.stdout


@pytest.mark.slow
def test_resolution_on_real_speech(hsbench, real_corpora):
    small = [*SMALL, *(word for kind in ("fmlp", "siren") for word in ("--set", f"inr-{kind}.steps=2"))]
    process = hsbench("run", "resolution", "--budget", "smoke", "--limit", 1, "--data-root", real_corpora, *small)
    assert process.returncode == 0, process.stdout + process.stderr
    assert "SI-SNR at 48 kHz (dB)" in process.stdout
    scores = [row for cell in hsbench.cells("*--vctk--*") for row in read_jsonl(cell / "scores.jsonl")]
    assert {row["metric"] for row in scores} >= {"lsd", "lsd@44100", "lsd@48000"}
    assert {row["status"] for row in scores if row["metric"].startswith("mse")} <= {"ok", "collapsed"}
    without_source = hsbench(
        "run", "resolution", "--corpus", "demo", "--budget", "smoke", "--limit", 1, "-k", "row~SIREN", *small
    )
    assert "1 of lsd@48000 (no_truth)" in " ".join(without_source.stdout.split())


@pytest.mark.slow
def test_a_killed_training_resumes_and_ends_with_the_same_weights(hsbench_at, tmp_path, monkeypatch):
    """The training is killed (kill -9) after its first checkpoint; the final weights are equal bit for bit."""
    monkeypatch.setenv("HSBENCH_CHECKPOINT_SECONDS", "1")
    size = ("epochs=40", "epoch_samples=8", "coordinates=8192")
    command = [
        *("run", "table3", "--budget", "smoke", "--device", "cpu", "-k", "row~standard", "--limit", "1"),
        *(argument for text in size for argument in ("--set", f"hypersound-fmlp.{text}")),
    ]
    command_lines = {}
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
        command_lines[name] = hsbench_at(tmp_path / name)
    command_line = command_lines["killed"]
    process = command_line.start(*command)
    deadline = time.monotonic() + 300
    while not list(command_line.results.glob("*/artifacts/model/training.safetensors")):
        assert time.monotonic() < deadline, "no checkpoint in five minutes"
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.2)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    time.sleep(3)
    (cell,) = command_line.cells()
    before = steps(cell)
    assert before[-1] < 79, "the training was killed before its end"
    for command_line in command_lines.values():
        assert command_line(*command).returncode == 0
    (whole,), (killed,) = (command_line.cells() for command_line in command_lines.values())
    assert steps(killed)[len(before)] > 0, "the training resumed and did not start again"
    expected, resumed = network(whole), network(killed)
    assert all(np.array_equal(expected[name], resumed[name]) for name in expected)
    assert (whole / "scores.jsonl").read_text().count('"ok"') == (killed / "scores.jsonl").read_text().count('"ok"')
