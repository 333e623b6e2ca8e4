"""Learning curves of individual fits hold the SI-SNR of each clip, by the definition of the metric."""

import numpy as np
import pytest
import torch

from hsbench import score
from hsbench.models.inr.curve import Curve, si_snr

RATE = 22050


def signals(seed=0, samples=3000):
    rng = np.random.default_rng(seed)
    target = np.cumsum(rng.standard_normal((2, samples)), axis=1)
    target /= np.abs(target).max()
    return (0.7 * target + 0.05 * rng.standard_normal((2, samples)) + 0.1).astype(np.float32), target.astype(np.float32)


def test_the_si_snr_is_that_of_the_metric():
    estimate, target = signals()
    made = si_snr(torch.from_numpy(estimate), torch.from_numpy(target))
    wanted = [score(x, e, RATE, ["si_snr"])["si_snr"].value for e, x in zip(estimate, target, strict=True)]
    assert made.tolist() == pytest.approx(wanted, abs=1e-3)


class Steps:
    def __init__(self, estimate, target):
        self.losses, self.latest = torch.tensor([0.5, float("nan")]), (estimate, target)


class Context:
    def __init__(self):
        self.rows = []
        self.record = self.rows.append


def test_a_row_holds_the_value_of_each_clip_and_none_where_there_is_none():
    estimate, target = (torch.from_numpy(signal) for signal in signals())
    estimate[1] = float("nan")
    context = Context()
    curve = Curve(["a", "b"], Steps(estimate, target), context)
    for step in range(6):
        curve.record({"step": step, "loss": 0.5})
    assert context.rows[0]["si_snr"]["a"] == pytest.approx(si_snr(estimate, target)[0].item(), abs=1e-3)
    assert context.rows[0]["si_snr"]["b"] is None
    assert [row.get("losses") for row in context.rows] == [{"a": 0.5, "b": None}] * 4 + [None] * 2
