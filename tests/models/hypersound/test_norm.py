"""Bias, LayerNorm and ELU as a GPU computes them: values and gradients of torch's functions."""

import pytest
import torch
from torch.nn import functional as F

from hsbench.models.hypersound.norm import LENGTH, normalised_elu


def plain(x, conv_bias, weight, offset):
    shifted = x + conv_bias
    return F.elu(F.layer_norm(shifted, list(x.shape[1:])) * weight + offset)


@pytest.mark.parametrize("per_element", [True, False])
@pytest.mark.parametrize("shape", [(3, 41, 5), (2, 64, 1), (1, 1, 7), (2, 6 * LENGTH, 3), (1, 2 * LENGTH + 7, 2)])
def test_values_and_gradients_are_those_of_torchs_functions(shape, per_element):
    noise = torch.Generator().manual_seed(0)
    x, to_result = (torch.randn(shape, generator=noise, dtype=torch.float64) for _ in range(2))
    x = x * torch.linspace(0.1, 3, shape[2]).double() + torch.linspace(-2, 5, shape[2]).double()
    x = x + torch.linspace(0, 4, shape[1]).double()[:, None]  # other means in other stretches
    affine = (shape[1] if per_element else 1, shape[2])
    conv_bias, weight, offset = (
        torch.randn(size, generator=noise, dtype=torch.float64) for size in (shape[2:], affine, affine)
    )
    inputs, found = [value.requires_grad_() for value in (x, conv_bias, weight, offset)], []
    for function in (normalised_elu, plain):
        result = function(*inputs)
        found.append([result, *torch.autograd.grad((result * to_result).sum(), inputs)])
    for mine, expected in zip(*found, strict=True):
        assert mine.shape == expected.shape
        assert torch.allclose(mine, expected, rtol=1e-9, atol=1e-10)


def test_a_large_mean_does_not_spoil_the_variance():
    x = torch.randn(2, 4096, 8, generator=torch.Generator().manual_seed(0)) + 1000
    one, zero = torch.ones(1, 8), torch.zeros(1, 8)
    exact = plain(x.double(), zero[0].double(), one.double(), zero.double())
    assert (normalised_elu(x, zero[0], one, zero) - exact).abs().max() < 1e-3


def test_of_bf16_the_result_is_float32_and_the_gradient_bf16():
    x = torch.randn(2, 50, 4, generator=torch.Generator().manual_seed(0)).bfloat16().requires_grad_()
    result = normalised_elu(x, torch.zeros(4), torch.ones(50, 4), torch.zeros(50, 4))
    result.square().sum().backward()
    assert (result.dtype, x.grad.dtype) == (torch.float32, torch.bfloat16)
