import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hsbench.audio.overlap import coordinates, cut, join, overlap, spans, starts


def noise(length, seed=0):
    return np.random.default_rng(seed).standard_normal(length).astype(np.float32)


@settings(max_examples=200, deadline=None)
@given(length=st.integers(1, 3000), samples=st.integers(1, 700))
def test_cut_then_join_is_the_identity(length, samples):
    x, begins = noise(length), starts(length, samples)
    clips = cut(x, samples)
    assert clips.shape == (len(begins), samples)
    assert np.array_equal(join(list(clips), begins, length, overlap(samples)), x)


@settings(max_examples=100, deadline=None)
@given(length=st.integers(65, 3000), samples=st.integers(64, 700))
def test_neighbours_share_a_sixteenth_and_the_last_clip_ends_with_the_sound(length, samples):
    begins = starts(length, samples)
    steps = np.diff(begins)
    assert begins[0] == 0
    assert (steps > 0).all()
    assert (steps <= samples - samples / 16).all()
    assert (steps[:-1] == samples - overlap(samples)).all()
    assert begins[-1] + samples == length or (begins == [0] and length < samples)


@settings(max_examples=100, deadline=None)
@given(length=st.integers(200, 3000), samples=st.integers(160, 700))
def test_joins_of_different_constants_have_no_step_above_the_ramp(length, samples):
    begins, fade = starts(length, samples), overlap(samples)
    levels = noise(len(begins), 1)
    y = join([np.full(samples, level, np.float32) for level in levels], begins, length, fade)
    largest = np.abs(np.diff(levels)).max(initial=0.0)
    assert np.abs(np.diff(y)).max() <= largest / (fade + 1) * 1.001 + 1e-6
    assert levels.min() <= y.min()
    assert y.max() <= levels.max()


def test_a_fade_is_linear_and_lies_in_the_middle_of_what_is_shared():
    y = join([np.zeros(8, np.float32), np.ones(8, np.float32)], [0, 3], 11, 3)
    assert y.tolist() == [0, 0, 0, 0, 0.25, 0.5, 0.75, 1, 1, 1, 1]


def test_joining_is_linear():
    begins, fade = starts(1000, 300), overlap(300)
    a, b = (noise((len(begins), 300), seed) for seed in (0, 1))
    apart = join(list(a), begins, 1000, fade) + join(list(b), begins, 1000, fade)
    assert np.allclose(join(list(a + b), begins, 1000, fade), apart, atol=1e-5)


def test_a_short_sound_is_padded_and_cut_back():
    x = noise(10)
    (clip,) = cut(x, 32)
    assert np.array_equal(clip[:10], x)
    assert not clip[10:].any()
    assert np.array_equal(join([clip], [0], 10, 2), x)


@settings(max_examples=200, deadline=None)
@given(
    length=st.integers(1, 3000),
    samples=st.integers(2, 700),
    rate=st.sampled_from([8000, 16000, 22050]),
    other=st.sampled_from([1, 8000, 11025, 16000, 22050, 44100, 44101, 48000]),
)
def test_at_another_rate_every_clip_plays_the_time_that_it_holds(length, samples, rate, other):
    """Clips that hold the time itself, joined, are the time itself, up to where the sound has samples."""
    wanted, begins = -(-length * other // rate), starts(length, samples)
    places = spans(begins, samples, rate, other, wanted)
    clips = []
    for begin, place in zip(begins, places, strict=True):
        t = coordinates(place.late, place.count, samples, rate, other)
        assert ((t >= -1) & (t <= 1)).all()
        clips.append(begin / rate + (t + 1) / 2 * (samples - 1) / rate)
    assert all(one.end >= after.first for one, after in itertools.pairwise(places))
    y = join([clip.astype(np.float32) for clip in clips], [place.first for place in places], wanted, 5)
    last = max(length, samples) - 1
    assert np.allclose(y, np.minimum(np.arange(wanted) / other, last / rate), atol=1e-6)


def test_coordinates_of_a_clips_own_samples_are_a_line_from_minus_one_to_one():
    own = coordinates(0, 32768, 32768, 22050, 22050)
    assert own == pytest.approx(np.linspace(-1, 1, 32768), abs=1e-15)
    assert coordinates(0, 65535, 32768, 22050, 44100)[::2] == pytest.approx(own, abs=1e-15)
