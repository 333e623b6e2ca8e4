"""Pictures of sound: a tone is a bright line at its height, silence is dark, louder is not brighter than the scale."""

import io

import numpy as np
from PIL import Image

from hsbench.audio.log_mel import BANDS, HOP
from hsbench.report.html import spectrograms

RATE = 22050


def sine(frequency, level=1.0):
    return (level * np.sin(2 * np.pi * frequency * np.arange(32768) / RATE)).astype(np.float32)


def shades(data):
    picture = Image.open(io.BytesIO(data))
    assert picture.mode == "P"
    return np.asarray(picture)


def test_a_picture_has_low_bands_at_the_bottom_and_one_scale():
    tone = sine(500)
    top = spectrograms.loudest(tone, RATE)
    drawn = shades(spectrograms.png(tone, RATE, top))
    assert drawn.shape == (BANDS, 1 + 32768 // HOP)
    assert drawn.max() == 63
    assert drawn[:, 70].argmax() > BANDS // 2
    assert shades(spectrograms.png(0.1 * tone, RATE, top)).max() == round(63 * (1 - 20 / spectrograms.RANGE))
    assert shades(spectrograms.png(10 * tone, RATE, top)).max() == 63
    assert shades(spectrograms.png(np.zeros_like(tone), RATE, top)).max() == 0


def test_what_is_not_finite_is_shown_as_silence():
    broken = np.full(32768, np.nan, np.float32)
    assert shades(spectrograms.png(broken, RATE, 0.0)).max() == 0
