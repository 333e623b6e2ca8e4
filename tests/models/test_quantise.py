"""Quantised parameters: what is kept, the error of the rest, and how much a network loses by it."""

import math

import pytest
import torch

from hsbench.errors import UnknownNameError, UsageError
from hsbench.models import quantise
from hsbench.models.targets import create
from hsbench.models.targets.base import grid

NETS = [
    ("siren", [90] * 5, {}),
    ("siren", [90] * 5, {"omega_0": 5000.0, "omega_i": 100.0}),
    ("siren", [8] * 2, {}),
    ("fmlp", [90] * 5, {}),
    ("fmlp", [16] * 5, {"encoding_length": 12}),
]
"""Target networks: kind, hidden layers, settings; tests/models/inr/test_families.py has those of the zoo."""


def drawn(net, seed=0, clips=1):
    generator = torch.Generator().manual_seed(seed)
    draws = [net.draw(generator) for _ in range(clips)]
    return {name: torch.stack([draw[name] for draw in draws]) for name in net.shapes()}


def agreement(one, other):
    """SI-SNR-like agreement of two waveforms in dB, without their means."""
    one, error = one.double() - one.double().mean(), (one - other).double()
    return 10 * math.log10(float(one.square().sum() / (error - error.mean()).square().sum()))


@pytest.mark.parametrize(("kind", "hidden", "settings"), NETS)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_network_of_8_bits_plays_what_its_float32_self_plays(kind, hidden, settings, seed):
    net = create(kind, hidden, **settings)
    params, times = drawn(net, seed), grid(8192)
    played = net.apply(params, times)
    agreements = [agreement(played, net.apply(quantise.rounded(params, bits), times)) for bits in (8, 7, 6, 5)]
    assert agreements[0] >= 35, "as near as 35 dB"
    assert agreements[0] > agreements[2] > 15, "about 6 dB per bit"


def test_rounding_the_first_layer_of_a_siren_too_would_destroy_it():
    net = create("siren", [90] * 5)
    params = drawn(net)
    first = {"w0": quantise.restored(quantise.levels(params["w0"].transpose(1, 2), 8), 8).transpose(1, 2)}
    assert agreement(net.apply(params, grid(8192)), net.apply(params | first, grid(8192))) < 5


def test_first_layer_and_unknown_parameters_stay_and_biases_keep_eleven_significant_bits():
    params = drawn(create("siren", [8] * 3), clips=2) | {"scalars": torch.randn(2, 4)}
    kept = quantise.rounded(params, 5)
    assert all(torch.equal(kept[name], params[name]) for name in ("w0", "b0", "scalars"))
    for name in ("b1", "b2", "b3"):
        error = ((kept[name] - params[name]) / params[name]).abs().max()
        assert 0 < float(error) <= 2**-11
    assert all(kept[name].dtype == torch.float32 for name in params)


@pytest.mark.parametrize("bits", [5, 6, 7, 8])
def test_every_row_has_its_own_levels(bits):
    rows = torch.randn(2, 6, 50, generator=torch.Generator().manual_seed(1))
    rows *= torch.logspace(-4, 2, 6)[:, None]
    stored = quantise.levels(rows, bits)
    largest = 2 ** (bits - 1) - 1
    assert torch.equal(stored.integers.abs().amax(-1), torch.full((2, 6), largest, dtype=torch.int32))
    error = (quantise.restored(stored, bits) - rows).abs().amax(-1)
    assert (error <= rows.abs().amax(-1) / largest / 2 * 1.01 + 1e-9).all()
    assert (error > 0).all()


@pytest.mark.parametrize(
    ("name", "shape", "way", "rows"),
    [
        ("w0", (90, 1), "float32", None),
        ("w2", (90, 60), "integers", 90),
        ("w2", (2, 40, 30), "integers", 80),  # complex weights: real and imaginary parts apart
        ("c1", (30, 20, 11), "integers", 30),  # spline coefficients of every pair of units
        ("t0", (2, 600), "integers", 2),  # a table of features
        ("b0", (2, 40), "float32", None),
        ("b1", (2, 40), "float16", None),
        ("learned", (4,), "float32", None),
        ("latents", (16, 224), "integers", 16),
        ("w1", (1, 8), "integers", 1),
    ],
)
def test_tensors_of_other_networks_are_stored_in_a_way_that_keeps_their_rows(name, shape, way, rows):
    assert quantise.way(name, len(shape)) == way
    if rows is not None:
        assert quantise.rows(shape) == rows
    value = torch.randn(2, *shape)
    kept = quantise.rounded({name: value}, 8)[name]
    error = float((kept - value).abs().max())
    assert error == 0 if way == "float32" else 0 < error < 0.05


def test_a_clip_is_rounded_as_it_would_be_alone():
    params = drawn(create("fmlp", [8] * 2), clips=3)
    together = quantise.rounded(params, 6)
    alone = quantise.rounded({name: value[1:2] for name, value in params.items()}, 6)
    assert all(torch.equal(alone[name][0], together[name][1]) for name in params)


def test_zeros_stay_zeros_and_what_is_not_finite_stays_so():
    rows = torch.zeros(1, 3, 4)
    rows[0, 1, 2], rows[0, 2, 0] = torch.nan, torch.inf
    restored = quantise.restored(quantise.levels(rows, 8), 8)
    assert not restored[0, 0].any()
    assert not torch.isfinite(restored[0, 1:]).any()


def test_a_gradient_passes_through_the_rounding_as_if_it_were_not_there():
    params = {name: value.requires_grad_() for name, value in drawn(create("siren", [8] * 2)).items()}
    evaluated = quantise.straight_through(params, 5)
    expected = quantise.rounded(params, 5)
    assert all(torch.equal(evaluated[name], expected[name]) for name in params)
    sum((3 * value).sum() for value in evaluated.values()).backward()
    assert all(torch.equal(value.grad, torch.full_like(value, 3)) for value in params.values())


def test_the_bits_without_entropy_coding_include_the_peaks_of_the_rows():
    shapes = {"w0": (5, 1), "b0": (5,), "w1": (4, 5), "b1": (4,), "latents": (2, 7)}
    assert quantise.plain_bits(shapes, 6) == 32 * 5 + 32 * 5 + (6 * 20 + 16 * 4) + 16 * 4 + (6 * 14 + 16 * 2)
    assert quantise.plain_bits(shapes, None) == 32 * (5 + 5 + 20 + 4 + 14)


def test_other_formats_and_numbers_of_bits_are_refused():
    with pytest.raises(UnknownNameError, match="weight format"):
        quantise.check("int4-rows")
    with pytest.raises(UsageError, match="int8 rounded the first layer of an INR too and is gone"):
        quantise.check("int8")
    for bits in (4, 9, True, 6.5, "6"):
        with pytest.raises(UsageError, match="finetune_bits expects a whole number of bits from 5 to 8"):
            quantise.check_bits(bits, "inr-siren.finetune_bits")
