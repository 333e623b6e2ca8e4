"""The sign-flip test and Holm's correction, against their definitions."""

import itertools

import numpy as np
import pytest

from hsbench.drift import significance


def test_p_is_the_share_of_sign_patterns_whose_sum_is_as_far_from_zero():
    values = np.array([1.0, 2.0, 3.0, -0.5, 0.25])
    sums = [abs(np.dot(signs, values)) for signs in itertools.product((1, -1), repeat=5)]
    assert significance.sign_flip(values) == pytest.approx(np.mean(np.array(sums) >= values.sum() - 1e-12))


@pytest.mark.parametrize("n", [2, 11, 16])
def test_differences_of_one_sign_have_the_smallest_p(n):
    assert significance.sign_flip(np.full(n, 0.1)) == pytest.approx(2.0 ** (1 - n))


def test_zero_differences_and_no_differences_have_p_one():
    assert significance.sign_flip(np.zeros(12)) == 1
    assert significance.sign_flip(np.zeros(0)) == 1


def test_sampled_patterns_of_many_clips_agree_with_the_normal_distribution():
    rng = np.random.default_rng(3)
    values = rng.normal(0.1, 1, 200)
    z = abs(values.sum()) / np.sqrt((values**2).sum())
    from scipy.stats import norm

    assert significance.sign_flip(values) == pytest.approx(2 * norm.sf(z), rel=0.1)


def test_five_percent_of_chance_differences_have_p_below_five_percent():
    rng = np.random.default_rng(1)
    alarms = [significance.sign_flip(rng.normal(0, 1, 10)) <= 0.05 for _ in range(400)]
    assert 0.02 < np.mean(alarms) < 0.08


def test_holm_steps_down():
    p = {"a": 0.012, "b": 0.013, "c": 0.04, "d": 0.9}
    assert significance.holm(p) == {"a", "b"}, "0.012 <= 0.05/4, 0.013 <= 0.05/3, 0.04 > 0.05/2"
    assert significance.holm({"a": 0.013, "b": 0.013, "c": 0.013, "d": 0.9}) == set(), "the first one fails"


def test_enough_is_the_smallest_number_of_clips_that_can_be_significant():
    for comparisons in (1, 30, 31, 100):
        n = significance.enough(comparisons)
        assert 2.0 ** (1 - n) <= significance.LEVEL / comparisons < 2.0 ** (2 - n)


def test_experiment_smoke_has_enough_clips():
    from hsbench.experiments.smoke import CLIPS, smoke

    experiment = smoke()
    assert significance.enough(len(experiment.rows) * len(experiment.metrics)) <= CLIPS
