"""Scores that rest on rounding: a constant estimate, whose spectrogram is empty but for the rounding of the FFT."""

import numpy as np
import pytest

from hsbench.audio.io import wav_bytes
from hsbench.drift import rounding, verdicts
from hsbench.drift.rescoring import StoredPair, rescore
from hsbench.metrics import spectral
from hsbench.metrics.suite import Scorer

RATE, SAMPLES = 22050, 16384
SPEECH_LIKE = np.random.default_rng(0).normal(0, 0.1, SAMPLES).astype(np.float32)
CONSTANT = np.full(SAMPLES, 0.99997, dtype=np.float32)
NOISY = SPEECH_LIKE + np.random.default_rng(1).normal(0, 0.01, SAMPLES).astype(np.float32)


def lsd_by_numpy(reference, estimate, n_fft=1024, hop=220, eps=1e-12):
    """LSD with the FFT of NumPy in place of that of PyTorch, in float64."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    padded = [np.pad(signal.astype(np.float64), n_fft // 2) for signal in (reference, estimate)]
    frames = [np.lib.stride_tricks.sliding_window_view(signal, n_fft)[::hop] * window for signal in padded]
    x, y = (np.abs(np.fft.rfft(signal)) for signal in frames)
    return float(np.mean(np.sqrt(np.mean(np.log10(x**2 / (y + eps) ** 2 + eps) ** 2, axis=1))))


@pytest.fixture
def line(tmp_path):
    """Return the verdict on LSD of a stored estimate, for a value that was recorded."""

    def judge(estimate, recorded):
        paths = tmp_path / "reference.wav", tmp_path / "estimate.wav"
        for path, waveform in zip(paths, (SPEECH_LIKE, estimate), strict=True):
            path.write_bytes(wav_bytes(waveform, RATE))
        return verdicts.exact(rescore([StoredPair("row", "clip", *paths, {"lsd": recorded})]), "rescored")[0]

    return judge


def test_another_fft_moves_the_score_of_a_constant_estimate_and_that_is_no_drift(line):
    recorded = lsd_by_numpy(SPEECH_LIKE, CONSTANT)
    same = line(CONSTANT, recorded)
    assert abs(same.paired.difference) > 1e-5, "more than the tolerance, and no more than rounding"
    assert same.verdict == "same"
    assert same.reason.startswith("within what float64 rounding leaves open for this estimate: ")
    assert line(CONSTANT, recorded - 0.05).verdict == "drifted-worse"


def test_the_score_of_an_ordinary_estimate_must_stay_within_the_tolerance(line):
    recorded = lsd_by_numpy(SPEECH_LIKE, NOISY)
    assert (line(NOISY, recorded).verdict, line(NOISY, recorded).reason) == ("same", "")
    moved = line(NOISY, recorded - 2e-6)
    assert (moved.verdict, moved.reason) == ("drifted-worse", "a clip changed by 2e-06, tolerance 1e-06")


def test_another_epsilon_of_lsd_is_drift_where_the_score_rests_on_rounding_too(line, monkeypatch):
    recorded = lsd_by_numpy(SPEECH_LIKE, CONSTANT)
    monkeypatch.setattr(spectral, "EPS", 1e-10)
    assert line(CONSTANT, recorded).verdict == "drifted-better"


def test_the_sensitivity_is_the_same_every_time_and_grows_with_the_peak():
    def sensitivity(estimate):
        with Scorer(RATE) as scorer:
            ((_, scores),) = scorer.score([("", SPEECH_LIKE, estimate, ["lsd", "mse"])])
            values = {name: score.value for name, score in scores.items()}
            return rounding.sensitivities(scorer, SPEECH_LIKE, estimate, values)

    once, again, quiet = sensitivity(CONSTANT), sensitivity(CONSTANT), sensitivity(CONSTANT / 100)
    assert once == again
    assert 1e-4 < once["lsd"] < 1e-2
    assert quiet["lsd"] < once["lsd"] / 10
    assert once["mse"] < 1e-12
    assert sensitivity(NOISY)["lsd"] < 1e-10
