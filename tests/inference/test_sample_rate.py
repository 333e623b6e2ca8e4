"""A model that is a function of time plays at any rate."""

import numpy as np
import pytest

RATE, SAMPLES = 22050, 2048  # of the cells in conftest.py


@pytest.mark.parametrize("length", [SAMPLES, 7001])
def test_at_twice_the_rate_every_second_sample_is_the_same(rebuild, results, model, length, tone, path):
    x = tone(length)
    own, _, _ = rebuild(path(results, model), x)
    y, rate, _ = rebuild(path(results, model), x, "--sample-rate", 2 * RATE)
    assert (rate, y.size, own.size) == (2 * RATE, 2 * length, length)
    assert np.abs(y[::2] - own).max() < 1e-4
    assert np.abs(y[1:-1:2] - (own[1:] + own[:-1]) / 2).max() < 0.2 * np.abs(own).max()


@pytest.mark.parametrize("other", [11025, 33075, 44101, 48000])
def test_at_any_rate_a_clip_is_played_where_its_samples_lie(rebuild, results, other, tone, path):
    """The same function of time, wherever the clips begin between the samples of the output."""
    cell, x = path(results, "inr-siren"), tone(5001)
    y, rate, _ = rebuild(cell, x, "--sample-rate", other)
    assert (rate, y.size) == (other, -(-5001 * other // RATE))
    dense, _, _ = rebuild(cell, x, "--sample-rate", 16 * RATE)
    near = np.interp(np.arange(y.size) / other, np.arange(dense.size) / (16 * RATE), dense)
    assert np.abs(y - near).max() < 0.002 * np.abs(dense).max()


def test_a_file_at_the_wanted_rate_comes_back_as_long_as_it_was(rebuild, results, tone, path):
    y, _, _ = rebuild(path(results, "hypersound"), tone(9001, 44100), "--sample-rate", 44100, rate=44100)
    assert y.size == 9001


def test_a_rate_that_is_the_cells_own_changes_nothing(rebuild, results, tone, path):
    own, _, _ = rebuild(path(results, "hypersound"), tone(5000))
    same, _, _ = rebuild(path(results, "hypersound"), tone(5000), "--sample-rate", RATE)
    assert np.array_equal(own, same)
