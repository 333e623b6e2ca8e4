"""A model that is a function of time is decoded at any sample rate."""

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
def test_any_rate_gives_samples_of_the_same_function_of_time(rebuild, results, other, tone, path):
    """This holds also if clips begin between two samples of the output."""
    cell, x = path(results, "inr-siren"), tone(5001)
    y, rate, _ = rebuild(cell, x, "--sample-rate", other)
    assert (rate, y.size) == (other, -(-5001 * other // RATE))
    dense, _, _ = rebuild(cell, x, "--sample-rate", 16 * RATE)
    expected = np.interp(np.arange(y.size) / other, np.arange(dense.size) / (16 * RATE), dense)
    assert np.abs(y - expected).max() < 0.002 * np.abs(dense).max()


def test_the_result_at_the_rate_of_the_file_is_as_long_as_the_file(rebuild, results, tone, path):
    y, _, _ = rebuild(path(results, "hypersound"), tone(9001, 44100), "--sample-rate", 44100, rate=44100)
    assert y.size == 9001


def test_giving_the_rate_of_the_cell_changes_nothing(rebuild, results, tone, path):
    own, _, _ = rebuild(path(results, "hypersound"), tone(5000))
    same, _, _ = rebuild(path(results, "hypersound"), tone(5000), "--sample-rate", RATE)
    assert np.array_equal(own, same)
