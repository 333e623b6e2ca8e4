"""The inner loop of COIN++ and its meta-gradient."""

import pytest
import torch

from hsbench.models.patches.adaptation import adapt, at_start, inner_steps, meta_gradient, outcome


def loss_of(plain, shared, latents, targets, grid):
    shifts = plain.shifts(shared.base, shared.modulation, latents)
    return (plain.evaluate(shared.weights, shifts, grid) - targets).square().mean(1)


@pytest.mark.parametrize("steps", [1, 3])
def test_the_meta_gradient_equals_that_of_autograd_through_all_steps(plain, shared, targets, grid, steps):
    flat = [*shared.weights, shared.base, shared.modulation, shared.rates]
    leaves = [value.clone().requires_grad_() for value in flat]
    *weights, base, modulation, _ = leaves
    latents = plain.adapted(leaves, targets, grid, steps)
    total = (plain.evaluate(weights, plain.shifts(base, modulation, latents), grid) - targets).square().sum()
    expected = torch.autograd.grad(total, leaves)
    found, by = meta_gradient(shared, at_start(shared, grid), targets, grid, steps)
    assert float(found) == pytest.approx(float(total.detach()), rel=1e-12)
    for value, other in zip([*by.weights, by.base, by.modulation, by.rates], expected, strict=True):
        assert torch.allclose(value, other, rtol=1e-9, atol=1e-9)


def test_without_second_derivatives_the_gradient_would_be_another(plain, shared, targets, grid):
    """The first-order gradient, which treats the inner gradients as constants, is far from the true one."""
    last = inner_steps(shared, at_start(shared, grid), targets, grid, 3)[-1]
    latents = outcome(shared, last)
    base = shared.base.clone().requires_grad_()
    shifts = plain.shifts(base, shared.modulation, latents)
    (plain.evaluate(shared.weights, shifts, grid) - targets).square().sum().backward()
    _, by = meta_gradient(shared, at_start(shared, grid), targets, grid, 3)
    assert (by.base - base.grad).norm() > 0.1 * by.base.norm()


def test_every_patch_is_adapted_alone(shared, targets, grid):
    together = adapt(shared, at_start(shared, grid), targets, grid, 5, trained=3)
    for patch, target in enumerate(targets):
        alone = adapt(shared, at_start(shared, grid), target[None], grid, 5, trained=3)[0]
        assert torch.allclose(alone, together[patch], rtol=1e-10, atol=1e-12)


def test_the_trained_steps_are_plain_gradient_steps(plain, shared, targets, grid):
    leaves = [*shared.weights, shared.base, shared.modulation, shared.rates]
    expected = plain.adapted(leaves, targets, grid, 2).detach()
    assert torch.allclose(
        adapt(shared, at_start(shared, grid), targets, grid, 2, trained=3), expected, rtol=1e-10, atol=1e-12
    )


@pytest.mark.parametrize("factor", [1, 100])
def test_steps_beyond_the_trained_ones_never_raise_the_loss_of_a_patch(plain, shared, targets, grid, factor):
    """With step sizes that are much too long, plain steps diverge."""
    longer = shared._replace(rates=factor * shared.rates)
    losses = [
        loss_of(plain, shared, adapt(longer, at_start(longer, grid), targets, grid, steps, trained=3), targets, grid)
        for steps in (3, 10, 100)
    ]
    assert (losses[1] <= losses[0]).all()
    assert (losses[2] <= losses[1]).all()
    assert (losses[2] < losses[0]).all()
