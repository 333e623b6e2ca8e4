"""Which rows stand above silence and noise."""

import numpy as np
import pytest

from hsbench.analysis.floors import below

GENERATOR = np.random.default_rng(0)
POWER = GENERATOR.uniform(0.01, 0.05, 8)
FLOORS = {
    "silence": {"mse": POWER[None], "stoi": np.full((1, 8), np.nan)},
    "noise": {"mse": 2 * POWER[None], "stoi": np.full((1, 8), 0.3) + 0.01 * GENERATOR.standard_normal((1, 8))},
}


def row(mse, stoi):
    return {"mse": (mse * POWER)[None], "stoi": np.full((1, 8), stoi)}


@pytest.mark.parametrize(
    ("mse", "stoi", "expected"),
    [
        (0.5, 0.2, False),  # half of the clip's power is explained
        (1.6, 0.9, False),  # the phases are wrong and the speech is intelligible
        (0.5, 0.9, False),
        (1.2, 0.2, True),
        (1.0, 0.25, True),  # silence itself
    ],
)
def test_a_row_needs_less_error_than_silence_or_more_intelligibility_than_noise(mse, stoi, expected):
    assert below(row(mse, stoi), FLOORS) is expected


def test_a_difference_that_the_clips_do_not_separate_is_none():
    signs = np.array([1, -1] * 4)
    noisy = {"mse": (POWER * (1 + 0.5 * signs) * 0.99)[None]}
    assert below(noisy, FLOORS)


def test_a_single_clip_is_compared_by_its_value():
    floors = {"silence": {"mse": np.array([[0.02]])}}
    assert not below({"mse": np.array([[0.019]])}, floors)
    assert below({"mse": np.array([[0.021]])}, floors)


def test_nothing_is_said_without_floors_or_values():
    assert not below(row(3.0, 0.1), {})
    assert not below({"mse": np.full((1, 8), np.nan)}, FLOORS)
