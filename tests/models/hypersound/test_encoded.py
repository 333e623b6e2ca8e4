import pytest
import torch

from hsbench.models.hypersound.encoded import Encoded
from hsbench.models.hypersound.encoder import Encoder
from hsbench.models.targets import create
from hsbench.models.targets.tiles import Tiles


@pytest.fixture(params=[1, 2])
def number(request, threads):
    threads(request.param)
    return request.param


def clips():
    return torch.randn(3, 2048, generator=torch.Generator().manual_seed(0))


def test_gradients_are_added_to_those_that_are_there(number):
    encoder = Encoder(2048, 2)
    once = []
    for _ in range(2):
        encoded = Encoded(encoder, clips(), 1, "fp32")
        encoded.latent.grad = torch.ones_like(encoded.latent)
        encoded.backward()
        once = once or [parameter.grad.clone() for parameter in encoder.parameters()]
    for parameter, gradient in zip(encoder.parameters(), once, strict=True):
        assert torch.allclose(parameter.grad, 2 * gradient, rtol=1e-5)


def test_without_gradients_no_core_builds_a_graph(number):
    with torch.no_grad():
        encoded = Encoded(Encoder(2048, 2), clips(), 1, "fp32")
    assert not encoded.latent.requires_grad
    assert not any(part.requires_grad for parts in encoded.parts for part in parts)


def test_the_policy_reaches_encoder_and_target_network_on_every_core(number):
    encoder, net = Encoder(2048, 2), create("fmlp", [8, 8])
    fine, coarse = (Encoded(encoder, clips(), 1, policy).latent.detach() for policy in ("fp32", "bf16"))
    assert fine.dtype == coarse.dtype == torch.float32
    assert (fine != coarse).flatten(1).any(dim=1).all()
    params = {name: torch.ones(3, *shape) / 7 for name, shape in net.shapes().items()}
    features = net.features(torch.linspace(-1, 1, 300).view(1, -1, 1))
    fine, coarse = (Tiles(net, 1, 100, policy).play(params, features) for policy in ("fp32", "bf16"))
    assert fine.dtype == coarse.dtype == torch.float32
    assert (fine != coarse).view(3, 3, 100).any(dim=2).all()
