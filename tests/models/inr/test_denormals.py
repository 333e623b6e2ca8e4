"""Fits on a CPU round denormal numbers to zero, in every thread that works on a clip and in no other."""

import pytest
import torch

from hsbench.models.inr.steps import ClipSteps
from hsbench.models.targets import create


def half():
    return float(torch.tensor(2e-38) / 2)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_step_has_no_denormal_numbers_in_any_thread(threads):
    net, found = create("fmlp", [4], encoding_length=2), []
    drawn = net.draw(torch.Generator().manual_seed(0))
    times = torch.linspace(-1, 1, 4096).view(1, -1, 1)

    def loss(residual):
        found.append(half())
        return residual.abs()

    step = ClipSteps(
        net,
        {name: value[None] for name, value in drawn.items()},
        lambda _number: (net.features(times), torch.zeros(1, 4096)),
        loss,
        threads,
    )
    step(0)
    assert len(found) == 4
    assert set(found) == {0.0}
    assert half() > 0
