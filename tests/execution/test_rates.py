"""Scores at other sample rates than the corpus's own."""

import json

import numpy as np
import pytest
import soundfile

from hsbench.errors import UsageError
from hsbench.execution import rates
from hsbench.files import read_jsonl
from hsbench.metrics.base import info, split_rate


def test_a_metric_at_another_rate_differs_in_name_and_label_only():
    plain, at = info("lsd"), info("lsd@48000")
    assert at.name == "lsd@48000"
    assert at.label == f"{plain.label} at 48 kHz"
    assert (at.version, at.better, at.bounds) == (plain.version, plain.better, plain.bounds)
    assert info("mse@44100").label.endswith("at 44.1 kHz")


@pytest.mark.parametrize("name", ["lsd@", "lsd@x", "lsd@0", "lsd@-5", "lsd@4.5"])
def test_a_name_with_an_invalid_rate_is_refused_in_one_sentence(name):
    with pytest.raises(UsageError, match="written name@rate, such as lsd@48000"):
        split_rate(name)


def test_metrics_are_grouped_by_rate():
    groups = rates.grouped(["lsd", "mse@48000", "mse", "lsd@48000"])
    assert groups == {None: ["lsd", "mse"], 48000: ["mse@48000", "lsd@48000"]}


@pytest.mark.slow
def test_an_inr_is_scored_between_its_samples_without_another_fit(hsbench, tmp_path):
    """A low tone is reconstructed as well at twice the rate; a rate at which there is no source gives a status."""
    rng = np.random.default_rng(0)
    for number in range(4):
        folder = tmp_path / "mine" / f"voice{number % 2}"
        folder.mkdir(parents=True, exist_ok=True)
        t = np.arange(70000) / 44100
        tones = sum(0.2 * np.sin(2 * np.pi * f * t + rng.uniform(0, 6)) for f in rng.uniform(30, 250, 3))
        soundfile.write(folder / f"{number}.wav", tones, 44100)
    settings = (
        *("--set", "folder.clip_samples=4096", "--set", "folder.block_samples=4096", "--limit", 1),
        *("--set", "inr-fmlp.steps=200", "--set", "inr-fmlp.width=32", "--set", "inr-fmlp.coordinates=none"),
    )
    options = ("--corpus", "folder", "--data-root", tmp_path / "mine", "--budget", "smoke", *settings)
    process = hsbench("run", "resolution", *options, "-k", "row~FMLP fitted")
    assert process.returncode == 0, process.stdout + process.stderr
    (cell,) = hsbench.cells("inr-fmlp--folder--*")
    scores = {row["metric"]: row for row in read_jsonl(cell / "scores.jsonl")}
    assert scores["si_snr"]["value"] > 15
    assert scores["si_snr@44100"]["value"] == pytest.approx(scores["si_snr"]["value"], abs=2)
    assert {scores[f"{name}@48000"]["status"] for name in ("mse", "lsd", "si_snr")} == {"no_truth"}
    assert "1 of si_snr@48000 (no_truth)" in " ".join(process.stdout.split())
    (cell / "scores.jsonl").write_text("")
    fitted = (cell / "fit.jsonl").read_text()
    assert hsbench("run", "resolution", *options, "-k", "row~FMLP fitted").returncode == 0
    assert (cell / "fit.jsonl").read_text() == fitted
    again = {row["metric"]: row["value"] for row in read_jsonl(cell / "scores.jsonl")}
    assert again == {name: row["value"] for name, row in scores.items()}


@pytest.mark.slow
def test_deleted_weights_are_fitted_again_if_a_score_at_another_rate_needs_them(hsbench, tmp_path):
    folder = tmp_path / "mine" / "voice"
    folder.mkdir(parents=True)
    for number in range(2):
        soundfile.write(folder / f"{number}.wav", 0.5 * np.sin(np.arange(9000) * 0.02 * (number + 1)), 44100)
    options = (
        *("--corpus", "folder", "--data-root", tmp_path / "mine", "--budget", "smoke", "--limit", 1),
        *("--set", "folder.clip_samples=2048", "--set", "folder.block_samples=2048", "-k", "row~FMLP fitted"),
        *("--set", "inr-fmlp.steps=5", "--set", "inr-fmlp.width=16", "--set", "inr-fmlp.coordinates=none"),
    )
    assert hsbench("run", "resolution", *options).returncode == 0
    (cell,) = hsbench.cells("inr-fmlp--folder--*")
    rows = list(read_jsonl(cell / "scores.jsonl"))
    assert hsbench.clean("--weights", "--yes").returncode == 0
    kept = [row for row in rows if row["metric"] != "mse@44100"]
    (cell / "scores.jsonl").write_text("".join(json.dumps(row) + "\n" for row in kept))
    process = hsbench("run", "resolution", *options)
    assert process.returncode == 0, process.stdout + process.stderr
    again = {row["metric"]: row["value"] for row in read_jsonl(cell / "scores.jsonl")}
    assert again == {row["metric"]: row["value"] for row in rows}
