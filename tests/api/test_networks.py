"""`hsbench.fit_inr` and `hsbench.load`: an INR fitted to a waveform, and a trained network applied to a waveform."""

from pathlib import Path

import numpy as np
import pytest

import hsbench
from hsbench.errors import DataError, UnknownNameError, UsageError

RATE = 8000
SMALL = {"budget": "smoke", "steps": 200, "width": 16, "layers": 2, "device": "cpu"}
NETWORK = Path(__file__).parent.parent / "fixtures" / "28dda25" / "network.safetensors"


def tone(samples, rate=RATE, hertz=220.0):
    return (0.4 * np.sin(2 * np.pi * hertz * np.arange(samples) / rate)).astype(np.float32)


@pytest.fixture(scope="module")
def fitted():
    return hsbench.fit_inr("inr-siren", tone(2000), RATE, omega_0=200.0, **SMALL)


def test_an_inr_learns_a_sound_and_is_evaluated_at_another_rate(fitted):
    assert fitted.status == "ok"
    assert hsbench.score(tone(2000), fitted.waveform, RATE, ["si_snr"])["si_snr"].value > 15
    assert fitted.payload.numbers == sum(value.size for value in fitted.weights.values())
    assert fitted.compression_ratio == 2000 / fitted.payload.numbers
    doubled = fitted.play(2 * RATE)
    assert doubled.shape == (4000,)
    np.testing.assert_allclose(doubled[: 2 * 1999 : 2], fitted.waveform[:1999], atol=1e-4)
    between = hsbench.score(tone(4000, 2 * RATE)[1::2], doubled[1::2], RATE, ["si_snr"])
    assert between["si_snr"].value > 15


def test_a_saved_inr_is_loaded_unchanged(fitted, tmp_path):
    again = hsbench.load(fitted.save(tmp_path / "tone.safetensors"))
    assert repr(again) == repr(fitted)
    np.testing.assert_array_equal(again.waveform, fitted.waveform)
    assert again.cell == fitted.cell


def test_the_same_seed_gives_the_same_inr_and_another_seed_does_not(fitted):
    again = hsbench.fit_inr("inr-siren", tone(2000), RATE, omega_0=200.0, **SMALL)
    np.testing.assert_allclose(again.waveform, fitted.waveform, atol=1e-5)
    other = hsbench.fit_inr("inr-siren", tone(2000), RATE, omega_0=200.0, seed=1, **SMALL)
    assert not np.allclose(other.waveform, fitted.waveform, atol=1e-4)


def test_the_level_of_the_sound_is_preserved(fitted):
    quiet = hsbench.fit_inr("inr-siren", 0.01 * tone(2000), RATE, omega_0=200.0, **SMALL)
    np.testing.assert_allclose(quiet.waveform, 0.01 * fitted.waveform, atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        (("inr-sirn", tone(2000), RATE), UnknownNameError, "did you mean 'inr-siren'"),
        (("identity", tone(2000), RATE), UsageError, "fitted to one sound, got 'identity'; choose inr-"),
        (("inr-siren", np.int16([1, 2, 3]), RATE), UsageError, "got int16"),
        (("inr-siren", tone(2000)[None], RATE), UsageError, r"got float32 \[1, 2000\]"),
        (("inr-siren", np.zeros(2000), RATE), UsageError, "got digital silence"),
        (("inr-siren", np.full(2000, np.nan), RATE), UsageError, "finite"),
        (("inr-siren", tone(2000), 0), UsageError, "positive whole number of Hz, got 0"),
    ],
)
def test_unusable_arguments_are_refused_in_one_sentence(arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        hsbench.fit_inr(*arguments)


def test_an_unknown_setting_or_budget_is_named():
    with pytest.raises(UnknownNameError, match="unknown setting of inr-siren 'omega'; did you mean 'omega_"):
        hsbench.fit_inr("inr-siren", tone(2000), RATE, omega=3.0)
    with pytest.raises(UnknownNameError, match="unknown budget 'quik'; did you mean 'quick'"):
        hsbench.fit_inr("inr-siren", tone(2000), RATE, budget="quik")


def test_a_damaged_file_is_refused_in_one_sentence(fitted, tmp_path):
    path = fitted.save(tmp_path / "tone.safetensors")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match="is damaged or of another kind"):
        hsbench.load(path)


@pytest.fixture(scope="module")
def network():
    return hsbench.load(NETWORK, device="cpu")


@pytest.fixture
def sound(network):
    return tone(5000, network.sample_rate)


def test_encoding_and_decoding_equal_the_reconstruction(network, sound):
    encoded = network.encode(sound)
    assert len(encoded.weights) == len(encoded.peaks) > 1
    with pytest.warns(UserWarning, match="collapsed"):
        whole = network.reconstruct(sound)
    np.testing.assert_allclose(network.decode(encoded), whole, atol=1e-5)
    above = network.decode(encoded, 2 * network.sample_rate)
    assert above.shape == (10000,)
    np.testing.assert_allclose(above[::2][:4990], whole[:4990], atol=1e-3)


def test_silent_clips_are_encoded_without_weights(network):
    encoded = network.encode(np.zeros(5000, np.float32))
    assert set(encoded.weights) == {None}
    assert not network.decode(encoded).any()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda network: network.encode(np.int16([1, 2])), "finite floating-point numbers.*got int16"),
        (lambda network: network.reconstruct(np.zeros((2, 9))), r"got float64 \[2, 9\]"),
        (lambda network: network.reconstruct(np.zeros(9), -1), "positive whole number of Hz, got -1"),
        (lambda network: network.decode(network.encode(np.zeros(9)), 0), "positive whole number of Hz, got 0"),
    ],
)
def test_unusable_waveforms_and_rates_are_refused_in_one_sentence(network, call, sentence):
    with pytest.raises(UsageError, match=sentence):
        call(network)


def test_the_representation_of_a_network_names_its_cell(network):
    assert repr(network) == f"<Network {network.cell.folder}: clips of 2048 samples at 22050 Hz>"
    with pytest.raises(UnknownNameError, match="unknown cell below"):
        hsbench.load("nothing", results="nowhere")
