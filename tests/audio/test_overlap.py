import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hsbench.audio.overlap import Layout


def noise(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


@settings(max_examples=200, deadline=None)
@given(length=st.integers(1, 3000), samples=st.integers(1, 700))
def test_joining_the_clips_of_a_waveform_restores_it(length, samples):
    x, layout = noise(length), Layout.plain(length, samples)
    clips = layout.cut(x)
    assert clips.shape == (len(layout.starts), samples)
    parts = [clip[: span.end - span.first] for clip, span in zip(clips, layout.spans, strict=True)]
    assert np.array_equal(layout.join(parts), x)


@settings(max_examples=100, deadline=None)
@given(length=st.integers(65, 3000), samples=st.integers(64, 700))
def test_successive_clips_share_a_sixteenth_and_the_last_one_ends_with_the_waveform(length, samples):
    layout = Layout.plain(length, samples)
    steps = np.diff(layout.starts)
    assert layout.starts[0] == 0
    assert (steps > 0).all()
    assert (steps <= samples - samples / 16).all()
    assert (steps[:-1] == samples - layout.overlap).all()
    assert layout.starts[-1] + samples == length or (layout.starts == (0,) and length < samples)


@settings(max_examples=100, deadline=None)
@given(length=st.integers(200, 3000), samples=st.integers(160, 700), played=st.sampled_from([1, 2, 3]))
def test_clips_of_different_constants_are_joined_by_no_step_larger_than_the_fade(length, samples, played):
    layout = Layout(length, samples, 1, length * played, played)
    levels = noise(len(layout.starts), seed=1)
    parts = [np.full(s.end - s.first, level, np.float32) for level, s in zip(levels, layout.spans, strict=True)]
    y = layout.join(parts)
    largest = np.abs(np.diff(levels)).max(initial=0.0)
    assert np.abs(np.diff(y)).max() <= largest / (layout.overlap - 1) / played * 1.001 + 1e-6
    assert levels.min() <= y.min()
    assert y.max() <= levels.max()


def test_a_fade_is_linear_and_lies_in_the_middle_of_the_shared_stretch():
    layout = Layout.plain(90, 64)
    assert layout.starts == (0, 26)
    assert layout.overlap == 4
    y = layout.join([np.zeros(64, np.float32), np.ones(64, np.float32)])
    middle = (26 + 63) / 2
    assert y == pytest.approx(np.clip((np.arange(90) - middle) / 3 + 0.5, 0, 1), abs=1e-6)


def test_a_clip_is_unchanged_outside_the_fades():
    layout = Layout.plain(100, 64)
    parts = list(noise(2, 64))
    y = layout.join(parts)
    assert np.array_equal(y[:40], parts[0][:40])
    assert np.array_equal(y[60:], parts[1][24:])


def test_a_short_waveform_is_padded_and_the_padding_is_removed():
    layout, x = Layout.plain(10, 32), noise(10)
    (clip,) = layout.cut(x)
    assert np.array_equal(clip[:10], x)
    assert not clip[10:].any()
    assert np.array_equal(layout.join([clip[:10]]), x)


RATES = [1, 8000, 11025, 16000, 22050, 44100, 44101, 48000]


@settings(max_examples=200, deadline=None)
@given(
    length=st.integers(1, 3000),
    samples=st.integers(2, 700),
    rate=st.sampled_from([8000, 16000, 22050]),
    played=st.sampled_from(RATES),
)
def test_at_another_rate_the_samples_of_a_clip_keep_their_times(length, samples, rate, played):
    """Clips whose value is the time are joined to a waveform whose value is the time, up to the last sample."""
    layout = Layout(length, samples, rate, -(-length * played // rate), played)
    assert all(span.end >= following.first for span, following in itertools.pairwise(layout.spans))
    parts = []
    for start, span in zip(layout.starts, layout.spans, strict=True):
        t = layout.coordinates(span)
        assert ((t >= -1) & (t <= 1)).all()
        seconds = (start + (t + 1) / 2 * (samples - 1)) / rate
        parts.append(seconds[: span.end - span.first].astype(np.float32))
    last = max(length, samples) - 1
    assert np.allclose(layout.join(parts), np.minimum(np.arange(layout.total) / played, last / rate), atol=1e-6)


@pytest.mark.parametrize(("played", "every", "own"), [(44100, 2, 1), (33075, 3, 2), (11025, 1, 2)])
def test_the_joined_value_at_a_moment_is_the_same_at_every_rate(played, every, own):
    """Each clip is a line in time of another slope; values at moments that two rates have in common are compared."""
    slopes = noise(4, seed=2)

    def joined(rate):
        layout = Layout(2000, 600, 22050, -(-2000 * rate // 22050), rate)
        spans = zip(slopes, layout.spans, strict=True)
        return layout.join([(a * layout.coordinates(s)).astype(np.float32) for a, s in spans])

    x, y = joined(22050)[::own], joined(played)[::every]
    assert y[: x.size - 1] == pytest.approx(x[: y.size][: x.size - 1], abs=1e-6)


def test_the_coordinates_of_a_clip_rise_linearly_from_minus_one_to_one():
    own, double = Layout.plain(32768, 32768), Layout(32768, 32768, 22050, 65536, 44100)
    line = np.linspace(-1, 1, 32768)
    assert own.coordinates(*own.spans) == pytest.approx(line, abs=1e-15)
    assert double.coordinates(*double.spans)[::2] == pytest.approx(line, abs=1e-15)
    assert (double.coordinates(*double.spans)[-2:] == 1).all()
