"""Bias, LayerNorm and ELU as a GPU computes them: values and gradients of torch's, alone and in the encoder."""

import pytest
import torch
from torch.nn import functional as F

from hsbench.models.hypersound import encoder
from hsbench.models.hypersound.encoder import Encoder
from hsbench.models.hypersound.norm import normalised_elu, preferred


def plain(x, conv_bias, weight, offset):
    shifted = x + conv_bias[:, None]
    return F.elu(F.layer_norm(shifted, list(x.shape[1:])) * weight + offset)


@pytest.mark.parametrize("per_element", [True, False])
@pytest.mark.parametrize("shape", [(3, 5, 41), (2, 1, 64), (1, 7, 1)])
def test_values_and_gradients_are_those_of_torchs_functions(shape, per_element):
    noise = torch.Generator().manual_seed(0)
    x, to_result = (torch.randn(shape, generator=noise, dtype=torch.float64) for _ in range(2))
    x = x * torch.linspace(0.1, 3, shape[1])[:, None].double() + torch.linspace(-2, 5, shape[1])[:, None].double()
    affine = (shape[1], shape[2] if per_element else 1)
    conv_bias, weight, offset = (
        torch.randn(size, generator=noise, dtype=torch.float64) for size in (shape[1:2], affine, affine)
    )
    inputs, found = [value.requires_grad_() for value in (x, conv_bias, weight, offset)], []
    for function in (normalised_elu, plain):
        result = function(*inputs)
        found.append([result, *torch.autograd.grad((result * to_result).sum(), inputs)])
    for mine, expected in zip(*found, strict=True):
        assert mine.shape == expected.shape
        assert torch.allclose(mine, expected, rtol=1e-9, atol=1e-10)


def test_a_large_mean_does_not_spoil_the_variance():
    x = torch.randn(2, 8, 4096, generator=torch.Generator().manual_seed(0)) + 1000
    one, zero = torch.ones(8, 1), torch.zeros(8, 1)
    exact = plain(x.double(), zero[:, 0].double(), one.double(), zero.double())
    assert (normalised_elu(x, zero[:, 0], one, zero) - exact).abs().max() < 1e-3


def test_of_bf16_the_result_is_float32_and_the_gradient_bf16():
    x = torch.randn(2, 4, 50, generator=torch.Generator().manual_seed(0)).bfloat16().requires_grad_()
    result = normalised_elu(x, torch.zeros(4), torch.ones(4, 50), torch.zeros(4, 50))
    result.square().sum().backward()
    assert (result.dtype, x.grad.dtype) == (torch.float32, torch.bfloat16)


@pytest.mark.parametrize("norm", ["element", "channel"])
def test_the_encoder_has_the_same_latents_and_gradients(norm, monkeypatch):
    waveform = torch.randn(2, 2048, generator=torch.Generator().manual_seed(1))
    torch.manual_seed(0)
    network, asked = Encoder(2048, 2, norm), []
    found = []
    for two_stages in (False, True):
        monkeypatch.setattr(encoder, "preferred", lambda x, answer=two_stages: asked.append(x) or answer)
        latent = network(waveform)
        found.append((latent.detach(), torch.autograd.grad(latent.square().sum(), list(network.parameters()))))
    assert len(asked) == 2 * 29
    assert torch.allclose(found[0][0], found[1][0], rtol=1e-4, atol=1e-5)
    for one, other in zip(found[0][1], found[1][1], strict=True):
        assert (one - other).norm() <= 1e-4 * one.norm() + 1e-6
    assert not preferred(waveform)
