"""The noise floor against its formula and a printed table of Student's t distribution."""

import math

import pytest

from hsbench.drift import noise


def run(**values):
    """The scores of one run by one row and metric; values: clip -> value of seed 0."""
    return {("row", "mse"): {(0, clip): (value, "ok") for clip, value in values.items()}}


def test_the_floor_follows_its_formula():
    s = math.sqrt(7 / 3)
    assert noise.floor([1.0, 2.0, 4.0], 1) == pytest.approx(math.sqrt(2) * s * 4.3027, rel=1e-4)
    shared = noise.floors({"a": [1.0, 2.0, 4.0], "b": [1.0, 1.0, 1.0], "c": [], "d": [], "e": []})
    assert shared["a"] == pytest.approx(math.sqrt(2) * s * 9.9248, rel=1e-4), "5 % shared out among five comparisons"
    assert (shared["b"], shared["c"]) == (0, 0)


def test_the_means_of_runs_use_the_clips_that_all_runs_have():
    runs = [run(a=1.0, b=2.0, c=30.0), run(a=2.0, b=3.0, c=None), run(a=3.0, b=5.0, d=90.0)]
    assert noise.means(runs) == {("row", "mse"): (1.5, 2.5, 4.0)}
    assert noise.means([run(a=1.0), run(b=1.0)]) == {("row", "mse"): ()}
    assert noise.means([run(a=1.0), {}]) == {("row", "mse"): ()}


def test_the_seeds_of_a_clip_are_averaged_before_the_clips():
    blessed = {("row", "mse"): {(0, "a"): (1.0, "ok"), (1, "a"): (3.0, "ok"), (0, "b"): (10.0, "ok")}}
    assert noise.means([blessed, run(a=1.0, b=1.0)]) == {("row", "mse"): (6.0, 1.0)}
