"""`hsbench.score`: accepted inputs, refused inputs, and the returned scores."""

import os
import re
from collections.abc import Mapping

import numpy as np
import pytest
import soundfile

import hsbench
from hsbench.api import scores
from hsbench.errors import DataError, UsageError

RATE = 22050
TONE = 0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)


def test_scores_are_a_mapping_with_values_and_a_frame():
    scores = hsbench.score(TONE, 0.9 * TONE, RATE, ["mse", "psnr"])
    assert isinstance(scores, Mapping)
    assert list(scores) == ["mse", "psnr"]
    assert len(scores) == 2
    assert scores.values["mse"] == scores["mse"].value == pytest.approx(0.01 * np.mean(TONE**2))
    frame = scores.to_frame()
    assert list(frame.columns) == ["value", "status", "seconds"]
    assert frame.loc["mse", "value"] == scores["mse"].value
    assert repr(scores).startswith("<Scores mse=0.00125")


def test_an_undefined_metric_has_a_status_with_the_reason():
    scores = hsbench.score(TONE, TONE, RATE, ["psnr"])
    assert scores.values == {"psnr": None}
    assert "psnr=" + scores["psnr"].status in repr(scores)


def test_the_sample_rate_of_files_is_read_from_them(tmp_path):
    for name, factor in (("x.wav", 1.0), ("y.wav", 0.5)):
        soundfile.write(tmp_path / name, factor * TONE, RATE, subtype="FLOAT")
    scores = hsbench.score(tmp_path / "x.wav", str(tmp_path / "y.wav"), metrics=["mse"])
    assert scores["mse"].value == pytest.approx(0.25 * np.mean(TONE**2), rel=1e-6)


def test_a_file_can_be_scored_against_an_array(tmp_path):
    soundfile.write(tmp_path / "x.wav", TONE, RATE, subtype="FLOAT")
    assert hsbench.score(tmp_path / "x.wav", TONE, metrics=["mse"])["mse"].value < 1e-12


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: hsbench.score(np.int16([1, 2]), TONE, RATE), "floating-point samples.*int16; divide whole numbers"),
        (lambda: hsbench.score(TONE, [1, 2, 3], RATE), "the estimate should hold floating-point samples"),
        (lambda: hsbench.score(TONE, TONE), "expects the sample rate of arrays in Hz, got none"),
        (lambda: hsbench.score(TONE[None], TONE, RATE), r"shape \[samples\], got \[1, 22050\]; give one channel"),
        (lambda: hsbench.score(TONE, TONE, 0), "sample rate is a positive number of Hz"),
        (lambda: hsbench.score(TONE, TONE, 1), "sample rate from 1000 to 1000000 Hz is expected, got 1 Hz"),
        (lambda: hsbench.score(TONE, TONE, 10**9, ["mse"]), "got 1000000000 Hz; correct the rate"),
        (lambda: hsbench.score(TONE, TONE, 44101, ["pesq"]), "44101 Hz has too few common factors.*resample the sound"),
        (lambda: hsbench.score(16384 * TONE, TONE, RATE), "the reference should have full scale.*peak of 8192; divide"),
    ],
)
def test_unusable_inputs_are_refused_in_one_sentence(call, sentence):
    with pytest.raises(UsageError, match=sentence):
        call()


def test_two_different_sample_rates_are_refused(tmp_path):
    soundfile.write(tmp_path / "x.wav", TONE, RATE)
    soundfile.write(tmp_path / "y.wav", TONE, 16000)
    with pytest.raises(UsageError, match="got 16000 and 22050 Hz; resample one"):
        hsbench.score(tmp_path / "x.wav", tmp_path / "y.wav")
    with pytest.raises(UsageError, match="got 16000 and 22050 Hz"):
        hsbench.score(tmp_path / "x.wav", TONE, 16000)


def test_the_peak_of_an_estimate_is_free_and_samples_that_are_not_finite_are_scored():
    assert hsbench.score(TONE, 1e6 * TONE, RATE, ["mse"])["mse"].status == "ok", "an estimate may have diverged"
    assert hsbench.score(3.9 * TONE, TONE, RATE, ["mse"])["mse"].status == "ok", "a reference may clip a little"
    infinite = np.where(np.arange(RATE) == 3, np.inf, TONE)
    assert hsbench.score(TONE, infinite, RATE, ["mse"])["mse"].status == "non_finite_estimate"
    assert hsbench.score(TONE, TONE, 44101, ["mse"])["mse"].status == "ok", "nothing is resampled"


def test_a_pipe_is_refused_and_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "x.wav")
    with pytest.raises(DataError, match="the reference should be an audio file, and .* is no regular file"):
        hsbench.score(tmp_path / "x.wav", TONE)


def test_a_file_that_is_not_audio_is_refused_in_one_sentence(tmp_path):
    (tmp_path / "x.wav").write_text("no sound")
    with pytest.raises(DataError, match=re.escape(f"cannot read the audio file {tmp_path / 'x.wav'}")):
        hsbench.score(tmp_path / "x.wav", tmp_path / "x.wav")


@pytest.mark.parametrize(
    ("pairs", "names", "most", "expected"),
    [
        (32, ["stoi"], 4, 4),
        (1, ["stoi", "cdpam"], 4, 1),
        (31, ["pesq", "lsd"], 2, 1),
        (1, ["stoi", "cdpam"], 1, 0),
        (1, ["stoi", "mse"], 4, 0),
        (1, ["cdpam", "lsd"], 4, 0),
        (0, ["stoi", "cdpam"], 4, 0),
    ],
)
def test_few_pairs_get_one_process_if_it_works_while_torch_is_imported(pairs, names, most, expected):
    assert scores._workers(pairs, names, most) == expected
