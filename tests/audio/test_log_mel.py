import numpy as np
import pytest

from hsbench.audio.log_mel import BANDS, FLOOR, HOP, extent, log_mel
from hsbench.audio.mel import mel

RATE = 22050


def tone(frequency, level=1.0, samples=16384):
    return level * np.sin(2 * np.pi * frequency / RATE * np.arange(samples))


@pytest.mark.parametrize("frequency", [300.0, 1000.0, 4000.0, 9000.0])
def test_a_tone_is_loudest_in_the_band_of_its_frequency(frequency):
    levels = log_mel(tone(frequency), RATE)
    assert levels.shape == (BANDS, 1 + 16384 // HOP)
    _, _, bottom, top = extent(16384, RATE)
    band = levels[:, 64].argmax()
    centre = bottom + (band + 0.5) * (top - bottom) / BANDS
    assert abs(centre - float(mel(np.array(frequency)))) < (top - bottom) / BANDS


def test_half_the_amplitude_is_six_decibels_less():
    difference = log_mel(tone(1000), RATE).max() - log_mel(tone(1000, 0.5), RATE).max()
    assert difference == pytest.approx(20 * np.log10(2), abs=1e-6)


def test_silence_is_the_floor():
    assert log_mel(np.zeros(4096, np.float32), RATE).max() == pytest.approx(20 * np.log10(FLOOR))


def test_frames_are_centred_on_their_times():
    click = np.zeros(16384)
    click[64 * HOP] = 1
    loudest = log_mel(click, RATE).sum(axis=0).argmax()
    left, right, _, _ = extent(16384, RATE)
    frames = 1 + 16384 // HOP
    assert left + (loudest + 0.5) * (right - left) / frames == pytest.approx(64 * HOP / RATE)
