"""Derivatives of the shared SIREN: those computed by hand equal those of autograd, in float64."""

import pytest
import torch

from hsbench.models.patches.siren import Weights, backward, evaluate, forward, tangent


@pytest.fixture(params=[1, 2, 4])
def network(request):
    """Weights of a SIREN of 1, 2 or 4 layers, and shifts of 5 patches."""
    layers, generator = request.param, torch.Generator().manual_seed(request.param)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    return Weights(draw(6, 1), draw(layers - 1, 6, 6) / 2, draw(1, 6), draw(1)), draw(5, layers, 6)


@pytest.fixture
def wanted(targets):
    return torch.cat([targets, targets[:1] / 2])


def leaves(*values):
    return [value.clone().requires_grad_() for value in values]


def close(found, expected):
    for value, other in zip(found, expected, strict=True):
        assert torch.allclose(value, other, rtol=1e-10, atol=1e-10)


def test_the_value(plain, network, grid):
    weights, shifts = network
    expected = plain.evaluate(weights, shifts, grid)
    close([evaluate(weights, shifts, grid), forward(weights, shifts, grid).output], [expected, expected])


def test_first_derivatives(plain, network, grid, wanted):
    shifts, *weights = leaves(network[1], *network[0])
    loss = (plain.evaluate(weights, shifts, grid) - wanted).square().sum()
    expected = torch.autograd.grad(loss, [shifts, *weights], materialize_grads=True)
    evaluation = forward(*network, grid)
    found, _ = backward(network[0], evaluation, grid, 2 * (evaluation.output - wanted))
    close([found.shifts, *found.weights], expected)


def test_first_derivatives_by_the_shifts_alone(network, grid, wanted):
    evaluation = forward(*network, grid)
    slope = 2 * (evaluation.output - wanted)
    alone, _ = backward(network[0], evaluation, grid, slope, shared=False)
    both, _ = backward(network[0], evaluation, grid, slope)
    assert alone.weights is None
    assert torch.equal(alone.shifts, both.shifts)


def test_second_derivatives_in_a_direction(plain, network, grid, wanted):
    direction = torch.randn(network[1].shape, generator=torch.Generator().manual_seed(9), dtype=torch.float64)
    shifts, *weights = leaves(network[1], *network[0])
    loss = (plain.evaluate(weights, shifts, grid) - wanted).square().sum()
    (gradient,) = torch.autograd.grad(loss, shifts, create_graph=True)
    expected = torch.autograd.grad((gradient * direction).sum(), [shifts, *weights], materialize_grads=True)
    evaluation = forward(*network, grid)
    slope = 2 * (evaluation.output - wanted)
    _, derivatives = backward(network[0], evaluation, grid, slope)
    found = tangent(network[0], evaluation, derivatives, grid, direction, slope, 2.0)
    close([found.shifts, *found.weights], expected)


def test_the_second_derivative_is_the_limit_of_differences(network, grid, wanted):
    weights, shifts = network
    direction = torch.ones_like(shifts)

    def gradient(at):
        evaluation = forward(weights, at, grid)
        return backward(weights, evaluation, grid, 2 * (evaluation.output - wanted))[0].shifts

    evaluation = forward(weights, shifts, grid)
    slope = 2 * (evaluation.output - wanted)
    _, derivatives = backward(weights, evaluation, grid, slope)
    found = tangent(weights, evaluation, derivatives, grid, direction, slope, 2.0)
    difference = (gradient(shifts + 1e-5 * direction) - gradient(shifts - 1e-5 * direction)) / 2e-5
    assert torch.allclose(found.shifts, difference, rtol=1e-4, atol=1e-4 * float(difference.abs().max()))


def test_patches_do_not_mix(network, grid):
    weights, shifts = network
    other = torch.cat([shifts[:1], 2 * shifts[1:]])
    assert torch.allclose(evaluate(weights, shifts, grid)[0], evaluate(weights, other, grid)[0], atol=1e-12)
