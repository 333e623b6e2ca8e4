"""Scores above the corpus's own rate."""

import json

import numpy as np
import pytest
import soundfile

from hsbench.errors import UsageError
from hsbench.execution import rates
from hsbench.files import read_jsonl
from hsbench.metrics.base import info, split_rate


def test_a_metric_at_a_rate_is_the_metric_with_another_name():
    plain, at = info("lsd"), info("lsd@48000")
    assert at.name == "lsd@48000"
    assert at.label == f"{plain.label} at 48 kHz"
    assert (at.version, at.better, at.decimals) == (plain.version, plain.better, plain.decimals)
    assert info("mse@44100").label.endswith("at 44.1 kHz")


@pytest.mark.parametrize("name", ["lsd@", "lsd@x", "lsd@0", "lsd@-5", "lsd@4.5"])
def test_a_rate_that_is_none_is_a_sentence(name):
    with pytest.raises(UsageError, match="written name@rate, such as lsd@48000"):
        split_rate(name)


def test_names_are_grouped_by_rate():
    groups = rates.grouped(["lsd", "mse@48000", "mse", "lsd@48000"])
    assert groups == {None: ["lsd", "mse"], 48000: ["mse@48000", "lsd@48000"]}


@pytest.mark.slow
def test_an_inr_is_scored_between_its_samples_without_another_fit(hsbench, tmp_path):
    """A slow tone is as well rebuilt at twice the rate; a rate that no source has is a status."""
    rng = np.random.default_rng(0)
    for number in range(4):
        folder = tmp_path / "mine" / f"voice{number % 2}"
        folder.mkdir(parents=True, exist_ok=True)
        t = np.arange(70000) / 44100
        tones = sum(0.2 * np.sin(2 * np.pi * f * t + rng.uniform(0, 6)) for f in rng.uniform(30, 250, 3))
        soundfile.write(folder / f"{number}.wav", tones, 44100)
    small = (
        *("--set", "folder.clip_samples=4096", "--set", "folder.block_samples=4096", "--limit", 1),
        *("--set", "inr-fmlp.steps=200", "--set", "inr-fmlp.width=32", "--set", "inr-fmlp.coordinates=none"),
    )
    where = ("--corpus", "folder", "--data-root", tmp_path / "mine", "--budget", "smoke", *small)
    done = hsbench("run", "resolution", *where, "-k", "row~FMLP fitted")
    assert done.returncode == 0, done.stdout + done.stderr
    (cell,) = hsbench.cells("inr-fmlp--folder--*")
    scores = {row["metric"]: row for row in read_jsonl(cell / "scores.jsonl")}
    assert scores["si_snr"]["value"] > 15
    assert scores["si_snr@44100"]["value"] == pytest.approx(scores["si_snr"]["value"], abs=2)
    assert {scores[f"{name}@48000"]["status"] for name in ("mse", "lsd", "si_snr")} == {"no_truth"}
    assert "si_snr@48000 no_truth 1" in done.stdout
    (cell / "scores.jsonl").write_text("")
    fitted = (cell / "fit.jsonl").read_text()
    assert hsbench("run", "resolution", *where, "-k", "row~FMLP fitted").returncode == 0
    assert (cell / "fit.jsonl").read_text() == fitted
    again = {row["metric"]: row["value"] for row in read_jsonl(cell / "scores.jsonl")}
    assert again == {name: row["value"] for name, row in scores.items()}


def test_weights_that_were_cleaned_away_are_fitted_anew_where_a_rate_needs_them(hsbench, tmp_path):
    folder = tmp_path / "mine" / "voice"
    folder.mkdir(parents=True)
    for number in range(2):
        soundfile.write(folder / f"{number}.wav", 0.5 * np.sin(np.arange(9000) * 0.02 * (number + 1)), 44100)
    where = (
        *("--corpus", "folder", "--data-root", tmp_path / "mine", "--budget", "smoke", "--limit", 1),
        *("--set", "folder.clip_samples=2048", "--set", "folder.block_samples=2048", "-k", "row~FMLP fitted"),
        *("--set", "inr-fmlp.steps=5", "--set", "inr-fmlp.width=16", "--set", "inr-fmlp.coordinates=none"),
    )
    assert hsbench("run", "resolution", *where).returncode == 0
    (cell,) = hsbench.cells("inr-fmlp--folder--*")
    rows = list(read_jsonl(cell / "scores.jsonl"))
    assert hsbench.clean("--weights", "--yes").returncode == 0
    kept = [row for row in rows if row["metric"] != "mse@44100"]
    (cell / "scores.jsonl").write_text("".join(json.dumps(row) + "\n" for row in kept))
    done = hsbench("run", "resolution", *where)
    assert done.returncode == 0, done.stdout + done.stderr
    again = {row["metric"]: row["value"] for row in read_jsonl(cell / "scores.jsonl")}
    assert again == {row["metric"]: row["value"] for row in rows}
