"""Encoding in micro-batches on several cores: gradients, graphs, and precision of every part."""

import pytest
import torch

from hsbench.models.hypersound.encoded import EncodedBatch
from hsbench.models.hypersound.encoder import Encoder
from hsbench.models.targets import create
from hsbench.models.targets.tiles import Tiles


@pytest.fixture(params=[1, 2])
def core_count(request, threads):
    threads(request.param)
    return request.param


def clips():
    return torch.randn(3, 2048, generator=torch.Generator().manual_seed(0))


def test_gradients_are_added_to_existing_ones(core_count):
    encoder = Encoder(2048, 2)
    first = []
    for _ in range(2):
        encoded = EncodedBatch(encoder, clips(), 1, "fp32")
        encoded.latent.grad = torch.ones_like(encoded.latent)
        encoded.backward()
        first = first or [parameter.grad.clone() for parameter in encoder.parameters()]
    for parameter, gradient in zip(encoder.parameters(), first, strict=True):
        assert torch.allclose(parameter.grad, 2 * gradient, rtol=1e-5)


def test_with_gradients_disabled_no_core_builds_a_graph(core_count):
    with torch.no_grad():
        encoded = EncodedBatch(Encoder(2048, 2), clips(), 1, "fp32")
    assert not encoded.latent.requires_grad
    assert not any(part.requires_grad for parts in encoded.parts for part in parts)


def test_every_core_uses_the_precision_policy(core_count):
    encoder, net = Encoder(2048, 2), create("fmlp", [8, 8])
    fp32, bf16 = (EncodedBatch(encoder, clips(), 1, policy).latent.detach() for policy in ("fp32", "bf16"))
    assert fp32.dtype == bf16.dtype == torch.float32
    assert (fp32 != bf16).flatten(1).any(dim=1).all()
    params = {name: torch.ones(3, *shape) / 7 for name, shape in net.shapes().items()}
    features = net.features(torch.linspace(-1, 1, 300).view(1, -1, 1))
    fp32, bf16 = (Tiles(net, 1, 100, policy).play(params, features) for policy in ("fp32", "bf16"))
    assert fp32.dtype == bf16.dtype == torch.float32
    assert (fp32 != bf16).view(3, 3, 100).any(dim=2).all()
