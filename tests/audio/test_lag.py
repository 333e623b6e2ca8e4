import numpy as np
import pytest

from hsbench.audio.lag import advanced, alignment, best_match


@pytest.fixture
def noise():
    return np.random.default_rng(0).standard_normal(4000)


def shifted(waveform, lag):
    late = np.zeros_like(waveform)
    late[max(lag, 0) : waveform.size + min(lag, 0)] = waveform[max(-lag, 0) : waveform.size - max(lag, 0)]
    return late


@pytest.mark.parametrize("lag", [-1024, -3, 0, 1, 16, 1024])
@pytest.mark.parametrize("gain", [0.1, -2.0])
def test_lag_and_polarity_are_found(noise, lag, gain):
    match = best_match(noise, gain * shifted(noise, lag))
    assert match.lag == lag
    assert np.sign(match.correlation) == np.sign(gain)
    assert abs(match.correlation) > 0.8


def test_the_correlation_is_normalised(noise):
    assert best_match(noise, 7 * noise).correlation == pytest.approx(1)
    other = np.random.default_rng(1).standard_normal(4000)
    assert abs(best_match(noise, other).correlation) < 0.1


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
def test_silent_and_non_finite_waveforms_have_no_match(noise, bad):
    assert best_match(noise, np.full(4000, bad)) == (0, 0.0)


def test_a_waveform_shorter_than_the_reach_is_searched_over_its_whole_length():
    assert best_match(np.eye(1, 8, 2)[0], np.eye(1, 8, 5)[0]) == (3, pytest.approx(1))


@pytest.mark.parametrize("lag", [-1024, -3, 0, 1, 16, 1024])
@pytest.mark.parametrize("gain", [0.1, -2.0])
def test_lag_and_gain_are_stated(noise, lag, gain):
    found = alignment(noise, gain * shifted(noise, lag))
    assert found.lag == lag == best_match(noise, gain * shifted(noise, lag)).lag
    assert found.gain == pytest.approx(gain)


def test_an_unrelated_silent_or_unequal_waveform_has_no_alignment(noise):
    other = np.random.default_rng(1).standard_normal(4000)
    for estimate in (other, 0 * noise, np.full(4000, np.nan), np.full(4000, np.inf), noise[:-1], noise[:0]):
        assert alignment(noise, estimate) is None
    assert alignment(noise[:0], noise[:0]) is None
    assert alignment(noise, noise + 1.5 * other).lag == 0
    assert alignment(noise, noise + 2 * other) is None  # a correlation of 0.45


def test_advanced_removes_a_delay(noise):
    late = shifted(noise, 16)
    np.testing.assert_array_equal(advanced(late, 16)[:-16], noise[:-16])
    assert advanced(late, 16).size == noise.size
    np.testing.assert_array_equal(advanced(noise, 0), noise)
    assert not advanced(noise, 9999).any()
