"""Steps recorded as CUDA graphs: gradients of every call, also on a CPU, where nothing is recorded."""

import pytest
import torch

from hsbench.fit.graphs import Recorded
from hsbench.fit.losses import MultiResolutionMelLoss


def step_of(weight):
    def step(x):
        loss = (weight * x).square().sum()
        loss.backward()
        return loss.detach()

    return step


def test_a_call_replaces_the_gradients_of_the_call_before():
    weight = torch.tensor([1.0, 2.0], requires_grad=True)
    run = Recorded(step_of(weight), [weight])
    first, second = torch.tensor([1.0, 1.0]), torch.tensor([3.0, 0.0])
    assert float(run(first)) == 5
    assert weight.grad.tolist() == [2, 4]
    assert float(run(second)) == 9
    assert weight.grad.tolist() == [18, 0]


def test_a_parameter_that_the_step_does_not_use_has_no_gradient():
    weight, other = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    other.grad = torch.ones(2)
    Recorded(step_of(weight), [weight, other])(torch.ones(2))
    assert other.grad is None


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_replay_has_the_loss_and_the_gradients_of_the_step():
    generator = torch.Generator().manual_seed(0)
    weight = torch.rand(2048, generator=generator).cuda().requires_grad_()
    loss, target = MultiResolutionMelLoss(22050), torch.rand(4, 2048, generator=generator).cuda()

    def step(x):
        value = loss(target, weight * x)
        value.backward()
        return value.detach()

    run = Recorded(step, [weight])
    for seed in range(3):
        x = torch.rand(4, 2048, generator=torch.Generator().manual_seed(seed)).cuda()
        weight.grad = None
        expected = float(step(x))
        gradient = weight.grad.clone()
        assert float(run(x)) == pytest.approx(expected, rel=1e-6)
        assert (weight.grad - gradient).norm() <= 1e-5 * gradient.norm()
    assert run.graph is not None
