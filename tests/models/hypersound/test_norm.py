"""LayerNorm in two stages, as a GPU computes it: values and gradients of torch's, alone and in the encoder."""

import pytest
import torch
from torch.nn import functional as F

from hsbench.models.hypersound import encoder
from hsbench.models.hypersound.encoder import Encoder
from hsbench.models.hypersound.norm import normalise, preferred


def values_and_gradients(function, x, weight, bias, to_result):
    inputs = [value.clone().requires_grad_() for value in (x, weight, bias)]
    result = function(*inputs)
    return [result, *torch.autograd.grad((result * to_result).sum(), inputs)]


@pytest.mark.parametrize("per_element", [True, False])
@pytest.mark.parametrize("shape", [(3, 5, 41), (2, 1, 64), (1, 7, 1)])
def test_values_and_gradients_are_those_of_layer_norm(shape, per_element):
    noise = torch.Generator().manual_seed(0)
    x, to_result = (torch.randn(shape, generator=noise, dtype=torch.float64) for _ in range(2))
    x = x * torch.linspace(0.1, 3, shape[1])[:, None].double() + torch.linspace(-2, 5, shape[1])[:, None].double()
    affine = (shape[1], shape[2] if per_element else 1)
    weight, bias = (torch.randn(affine, generator=noise, dtype=torch.float64) for _ in range(2))
    two_stages = values_and_gradients(lambda x, w, b: normalise(x) * w + b, x, weight, bias, to_result)
    one = values_and_gradients(lambda x, w, b: F.layer_norm(x, list(shape[1:])) * w + b, x, weight, bias, to_result)
    for mine, expected in zip(two_stages, one, strict=True):
        assert torch.allclose(mine, expected, rtol=1e-9, atol=1e-10)


def test_a_large_mean_does_not_spoil_the_variance():
    x = torch.randn(2, 8, 4096, generator=torch.Generator().manual_seed(0)) + 1000
    exact = F.layer_norm(x.double(), [8, 4096])
    assert (normalise(x) - exact).abs().max() < 1e-3


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
