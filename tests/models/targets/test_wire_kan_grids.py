"""WIRE, KAN and grids against plain evaluations of their formulas, in float64, and their initial statistics."""

import math

import numpy as np
import pytest
import torch

from hsbench.errors import UsageError
from hsbench.models.targets import create
from hsbench.models.targets.kan import basis

TIMES = np.linspace(-1, 1, 41)
NETS = {
    "wire": create("wire", [5, 4, 3], omega_0=6.0, omega_i=3.0, s=2.0),
    "kan": create("kan", [4, 3], encoding_length=3, intervals=5),
    "grid": create("grid", [5, 4], levels=3, lowest=4, highest=19, values=2),
}


def parameters(net, scale=0.5):
    rng = np.random.default_rng(3)
    return {name: scale * rng.standard_normal(shape) for name, shape in net.shapes().items()}


def evaluate(net, params):
    batch = {name: torch.tensor(value)[None] for name, value in params.items()}
    return net.apply(batch, torch.tensor(TIMES).view(1, -1, 1))[0].numpy()


def plain_wire(params):
    """Evaluate in complex arithmetic."""

    def gabor(z, omega):
        return np.exp(1j * omega * z - abs(2.0 * z) ** 2)

    x = gabor(params["w0"] * TIMES + params["b0"][:, None], 6.0)
    for layer in (1, 2):
        w, b = (params[f"{kind}{layer}"][0] + 1j * params[f"{kind}{layer}"][1] for kind in "wb")
        x = gabor(w @ x + b[:, None], 3.0)
    return ((params["w3"][0] + 1j * params["w3"][1]) @ x)[0].real + params["b3"]


def de_boor(k, order, x, knots):
    """B-spline k of an order by its recursion over half-open intervals."""
    if order == 0:
        return ((knots[k] <= x) & (x < knots[k + 1])).astype(float)
    left = (x - knots[k]) / (knots[k + order] - knots[k]) * de_boor(k, order - 1, x, knots)
    right = (knots[k + order + 1] - x) / (knots[k + order + 1] - knots[k + 1]) * de_boor(k + 1, order - 1, x, knots)
    return left + right


def splines(x, intervals):
    knots = -1 + (np.arange(intervals + 7) - 3) * 2 / intervals
    return np.stack([de_boor(k, 3, x, knots) for k in range(intervals + 3)])


def plain_kan(params):
    phases = np.stack([2.0**i * np.pi * TIMES for i in range(3)])
    x = np.concatenate([np.sin(phases), np.cos(phases)])
    for layer in range(3):
        w, s, c = (params[f"{kind}{layer}"] for kind in "wsc")
        silu, curves = x / (1 + np.exp(-x)), splines(x, 5)
        x = np.stack(
            [sum(w[o, i] * silu[i] + s[o, i] * (c[o, i] @ curves[:, i]) for i in range(len(x))) for o in range(len(w))]
        )
    return x[0]


def plain_grid(params):
    sizes = [4, round(4 * (19 / 4) ** 0.5), 19]
    points = [np.linspace(-1, 1, size + 1) for size in sizes]
    x = np.stack([np.interp(TIMES, points[n], values) for n in range(3) for values in params[f"t{n}"]])
    for layer in range(2):
        x = np.maximum(params[f"w{layer}"] @ x + params[f"b{layer}"][:, None], 0)
    return (params["w2"] @ x + params["b2"][:, None])[0]


PLAIN = {"wire": plain_wire, "kan": plain_kan, "grid": plain_grid}


@pytest.mark.parametrize("kind", NETS)
def test_parity_with_a_plain_evaluation_in_float64(kind):
    params = parameters(NETS[kind])
    assert np.abs(evaluate(NETS[kind], params) - PLAIN[kind](params)).max() < 1e-8


@pytest.mark.parametrize("kind", NETS)
def test_each_clip_of_a_batch_is_what_it_would_be_alone(kind):
    net, coords = NETS[kind], torch.tensor(TIMES).view(1, -1, 1)
    params = parameters(net)
    batch = {name: torch.stack([torch.tensor(value), torch.tensor(0.7 * value)]) for name, value in params.items()}
    together = net.apply(batch, coords)
    for clip in range(2):
        alone = net.apply({name: value[clip : clip + 1] for name, value in batch.items()}, coords)
        assert torch.allclose(alone[0], together[clip], rtol=0, atol=1e-12)


@pytest.mark.parametrize("intervals", [1, 5, 8])
def test_the_splines_are_those_of_the_recursion_everywhere(intervals):
    x = np.linspace(-3, 3, 1201) + 1e-9  # beside the knots, where half-open intervals decide
    made = basis(torch.tensor(x).view(1, 1, -1), intervals)[0, :, 0].numpy()
    assert np.abs(made - splines(x, intervals)).max() < 1e-12
    inside = abs(x) < 1
    assert np.allclose(made[:, inside].sum(axis=0), 1)


def test_the_gradient_of_the_splines_is_their_slope():
    x = torch.linspace(-1.3, 1.3, 23, dtype=torch.float64).view(1, 1, -1).requires_grad_()
    assert torch.autograd.gradcheck(lambda value: basis(value, 8), (x,))


def test_the_largest_magnitude_of_a_wavelet_is_where_the_formula_says():
    v = torch.linspace(-5, 5, 20001, dtype=torch.float64)
    omega, s = 3.0, 2.0
    magnitude = torch.exp(-omega * v - (s * v) ** 2)
    assert magnitude.max().item() == pytest.approx(math.exp(omega**2 / (4 * s**2)), rel=1e-6)
    assert v[magnitude.argmax()].item() == pytest.approx(-omega / (2 * s**2), abs=1e-3)


def test_a_complex_number_counts_twice():
    assert NETS["wire"].count() == 2 * 5 + 2 * (5 * 4 + 4) + 2 * (4 * 3 + 3) + 2 * 3 + 1


def draws(net, name, count=30):
    return torch.stack([net.draw(torch.Generator().manual_seed(seed))[name] for seed in range(count)])


@pytest.mark.parametrize(
    ("kind", "name", "bound"),
    [
        ("wire", "w0", 1.0),
        ("wire", "w1", 1 / math.sqrt(5)),
        ("wire", "b1", 1 / math.sqrt(5)),
        ("kan", "w0", 1 / math.sqrt(6)),
        ("kan", "s1", 1 / math.sqrt(4)),
        ("grid", "t2", 1e-4),
        ("grid", "w0", 1 / math.sqrt(6)),
        ("grid", "b1", 1 / math.sqrt(5)),
    ],
)
def test_initial_values_are_uniform_within_their_bounds(kind, name, bound):
    values = draws(NETS[kind], name)
    assert values.abs().max() <= bound
    assert values.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.12)


def test_the_initial_splines_pass_through_the_noise_at_the_knots():
    """Six conditions and eight coefficients: the fit is exact, and the noise is U(0.05 / G)."""
    coefficients = draws(NETS["kan"], "c1").double()
    knots = torch.linspace(-1, 1, 6, dtype=torch.float64).view(1, 1, -1)
    noise = coefficients @ basis(knots, 5)[0, :, 0]
    assert noise.abs().max() <= 0.05 / 5 * (1 + 1e-5)
    assert noise.std().item() == pytest.approx(0.05 / 5 / math.sqrt(3), rel=0.1)


def test_a_number_of_intervals_out_of_range_is_a_sentence():
    with pytest.raises(UsageError, match="intervals expects a whole number from 1"):
        create("kan", [4], encoding_length=3, intervals=0)
