"""Controls: what each one stores, and that every metric scores it as its definition predicts."""

import itertools

import numpy as np
import pytest

from hsbench import registry, score
from hsbench.audio.clip import Clip
from hsbench.audio.mdct import mdct
from hsbench.errors import UsageError
from hsbench.models.base import Payload, rebuild

CONTROLS = (
    "identity",
    "silence",
    "noise",
    "scaled",
    "delayed",
    "random-phase",
    "mel-griffin-lim",
    "decimation",
    "mdct-top-k",
)


def make(name, **settings):
    descriptor = registry.model(name)
    assert settings.keys() <= descriptor.defaults.keys()
    return descriptor.load()(**{**descriptor.defaults, **settings})


@pytest.fixture
def rebuilt(bare, speech):
    def of(name, clip=speech, seed=0, **settings):
        context = bare(clip.waveform.size, clip.sample_rate, seed=seed)
        return rebuild(make(name, **settings), [clip], context)[clip.id]

    return of


@pytest.fixture
def value(rebuilt, speech):
    def of(metric, name, **settings):
        return score(speech.waveform, rebuilt(name, **settings).waveform, 22050, [metric])[metric].value

    return of


@pytest.mark.parametrize("name", CONTROLS)
@pytest.mark.parametrize("samples", [1, 300, 5000])
def test_the_estimate_has_the_length_of_the_clip_and_silence_stays_silent(name, samples, rebuilt):
    for waveform in (np.zeros(samples), np.random.default_rng(0).uniform(-1, 1, samples)):
        estimate = rebuilt(name, Clip("a", waveform.astype(np.float32), 22050)).waveform
        assert estimate.shape == (samples,)
        assert estimate.dtype == np.float32
        assert np.isfinite(estimate).all()
        assert waveform.any() or not estimate.any()


@pytest.mark.parametrize("name", ["noise", "random-phase", "mel-griffin-lim"])
def test_randomness_is_keyed_by_seed_and_clip(name, rebuilt):
    def clip(text):
        return Clip(text, np.sin(np.arange(4000) / 9).astype(np.float32), 22050)

    first = rebuilt(name, clip("a")).waveform
    assert np.array_equal(first, rebuilt(name, clip("a")).waveform)
    assert not np.array_equal(first, rebuilt(name, clip("b")).waveform)
    assert not np.array_equal(first, rebuilt(name, clip("a"), seed=1).waveform)


def test_payloads_are_exact(rebuilt):
    assert rebuilt("identity").payload == Payload(32768, 16 * 32768)
    assert rebuilt("silence").payload == Payload(0, 0)
    assert rebuilt("noise").payload == Payload(1, 32)
    assert rebuilt("scaled").payload == rebuilt("delayed").payload == Payload(32768, 16 * 32768)
    assert rebuilt("random-phase").payload == Payload(513 * 129, 32 * 513 * 129)
    assert rebuilt("mel-griffin-lim").payload == Payload(80 * 129, 32 * 80 * 129)
    for ratio, kept in ((1.0, 32768), (2.0, 16384), (2.5, 13108), (4.0, 8192), (10.0, 3277)):
        assert rebuilt("decimation", compression_ratio=ratio).payload == Payload(kept, 32 * kept)
    for ratio, kept in ((1.0, 16384), (2.0, 8192), (4.0, 4096), (10.0, 1638)):
        payload = rebuilt("mdct-top-k", compression_ratio=ratio).payload
        assert payload == Payload(2 * kept, (32 + 16) * kept), "a position among 65 x 512 needs 16 bits"


@pytest.mark.parametrize(
    ("metric", "best"), [("mse", 0), ("mae", 0), ("lsd", 0), ("stoi", 1), ("pesq", 4.64), ("mr_stft", 0), ("cdpam", 0)]
)
def test_identity_scores_perfectly(metric, best, value):
    assert value(metric, "identity") == pytest.approx(best, abs=5e-3)


@pytest.mark.parametrize("metric", ["si_snr", "snr"])
def test_identity_has_over_90_db_and_a_delay_of_one_sample_under_20(metric, value):
    assert value(metric, "identity") > 90
    assert value(metric, "delayed", samples=1) < 20


def test_a_gain_changes_errors_and_not_scale_invariant_metrics(value, speech):
    power = float(np.mean(speech.waveform.astype(np.float64) ** 2))
    assert value("mse", "scaled") == pytest.approx(power / 4, rel=1e-6)
    assert value("snr", "scaled") == pytest.approx(20 * np.log10(2), abs=1e-3)
    assert value("lsd", "scaled") == pytest.approx(np.log10(4), abs=1e-3)
    assert value("si_snr", "scaled") > 90
    assert value("stoi", "scaled") == pytest.approx(1)
    assert value("pesq", "scaled") == pytest.approx(4.64, abs=5e-3)


def test_inverted_polarity_changes_errors_only(value, speech):
    power = float(np.mean(speech.waveform.astype(np.float64) ** 2))
    assert value("mse", "scaled", gain=-1.0) == pytest.approx(4 * power, rel=1e-6)
    assert value("snr", "scaled", gain=-1.0) == pytest.approx(-20 * np.log10(2), abs=1e-3)
    assert value("si_snr", "scaled", gain=-1.0) > 90
    assert value("lsd", "scaled", gain=-1.0) < 1e-6


def test_a_delay_of_sixteen_samples_ruins_si_snr_and_leaves_lsd_small(value):
    assert value("si_snr", "delayed") < 0
    assert value("mse", "delayed") > value("mse", "silence")
    assert value("lsd", "delayed") < 0.2
    assert value("stoi", "delayed") > 0.99


def test_random_phase_ruins_si_snr_and_raises_lsd_a_little(value):
    assert value("si_snr", "random-phase") < -15
    assert value("lsd", "random-phase") < 0.3 * value("lsd", "noise")
    assert value("lsd", "mel-griffin-lim") < value("lsd", "noise")
    assert value("pesq", "mel-griffin-lim") > value("pesq", "random-phase"), "iterations make frames consistent"


def test_the_error_of_noise_is_twice_the_power_of_the_clip_and_of_silence_once(value, speech):
    power = float(np.mean(speech.waveform.astype(np.float64) ** 2))
    assert value("mse", "noise") == pytest.approx(2 * power, rel=0.05)
    assert value("mse", "silence") == pytest.approx(power, rel=1e-6)
    assert value("snr", "noise") == pytest.approx(-10 * np.log10(2), abs=0.2)


@pytest.mark.parametrize("name", ["decimation", "mdct-top-k"])
@pytest.mark.parametrize("metric", ["si_snr", "pesq", "stoi"])
def test_more_stored_numbers_score_better_and_all_score_better_than_noise(name, metric, value):
    values = [value(metric, name, compression_ratio=ratio) for ratio in (2.0, 4.0, 10.0)]
    assert value(metric, "identity") > values[0] > values[1] > values[2] > value(metric, "noise")


def test_decimation_keeps_the_low_band_and_nothing_else(rebuilt, speech):
    assert np.array_equal(rebuilt("decimation").waveform, speech.waveform)
    before, after = (
        np.abs(np.fft.rfft(x)) ** 2 for x in (speech.waveform, rebuilt("decimation", compression_ratio=4.0).waveform)
    )
    edge = len(before) // 4
    assert after[: int(0.85 * edge)].sum() == pytest.approx(before[: int(0.85 * edge)].sum(), rel=1e-3)
    assert after[int(1.1 * edge) :].sum() < 1e-6 * before.sum()


def test_all_coefficients_reconstruct_the_clip(rebuilt, speech):
    reconstruction = rebuilt("mdct-top-k", compression_ratio=32768 / (2 * 65 * 512))
    assert reconstruction.payload.numbers == 2 * 65 * 512
    assert np.abs(reconstruction.waveform - speech.waveform).max() < 1e-6


def test_the_kept_coefficients_have_the_largest_energy_of_all_subsets_of_their_number(rebuilt):
    clip = Clip("a", np.random.default_rng(3).uniform(-1, 1, 12).astype(np.float32), 22050)
    coefficients = mdct(clip.waveform, 4).reshape(-1)
    reconstruction = rebuilt("mdct-top-k", clip, compression_ratio=2.0, size=4)
    subsets = itertools.combinations(range(coefficients.size), 3)
    energy = max(sum(coefficients[list(positions)] ** 2) for positions in subsets)
    assert reconstruction.payload.numbers == 6
    assert np.sort(coefficients**2)[-3:].sum() == pytest.approx(energy)
    kept = np.where(np.isin(coefficients**2, np.sort(coefficients**2)[-3:]), coefficients, 0).reshape(-1, 4)
    from hsbench.audio.mdct import imdct

    assert np.allclose(reconstruction.waveform, imdct(kept, 12), atol=1e-6)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("delayed", {"samples": -1}, "delayed.samples expects a number of samples from 0, got -1"),
        ("decimation", {"compression_ratio": 0.5}, "expects a number from 1, got 0.5"),
        ("mdct-top-k", {"compression_ratio": 0.0}, "a positive compression_ratio"),
        ("random-phase", {"hop": 600}, "random-phase.hop expects 1 to n_fft / 2 = 512 samples, got 600"),
        ("mel-griffin-lim", {"bands": 0}, "bands and passes from 1, got 0 and 32"),
    ],
)
def test_settings_out_of_range_are_refused_in_a_sentence(name, settings, message):
    with pytest.raises(UsageError, match=message):
        make(name, **settings)
