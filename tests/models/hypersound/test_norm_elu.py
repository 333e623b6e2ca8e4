"""LayerNorm and ELU by kernels of our own do what the library does."""

import pytest
import torch
from torch.nn import functional as F

from hsbench.models.hypersound.encoder import Encoder


@pytest.fixture
def small(monkeypatch, kernels):
    """The module, with several programs to a row; and the device."""
    from hsbench.models.hypersound import norm_elu

    monkeypatch.setattr(norm_elu, "CHUNK", 256)
    monkeypatch.setattr(norm_elu, "COLUMN", 64)
    return norm_elu.norm_elu, kernels


def random(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("batch", "shape"), [(3, (4, 333)), (2, (2, 128)), (1, (5, 7))])
@pytest.mark.parametrize("number", [torch.float32, torch.bfloat16], ids=["fp32", "bf16"])
def test_values_and_gradients(small, batch, shape, number):
    norm_elu, device = small
    given = (random(batch, *shape) * 3 + 5).to(number), random(*shape, seed=1), random(*shape, seed=2)
    given = [one.to(device).requires_grad_() for one in given]
    slope = random(batch, *shape, seed=3).to(device)
    y = norm_elu(*given)
    assert y.dtype == torch.float32
    exact = [one.detach().double().requires_grad_() for one in given]
    wanted = F.elu(F.layer_norm(exact[0], shape, exact[1], exact[2]))
    assert (y - wanted).abs().max() < 2e-6
    found = torch.autograd.grad(y, given, slope)
    for one, want, name in zip(found, torch.autograd.grad(wanted, exact, slope.double()), "xwb", strict=True):
        bound = 5e-3 if one.dtype == torch.bfloat16 else 1e-6
        assert (one - want).norm() <= bound * want.norm(), name


def test_a_mean_far_from_zero_costs_no_digits(small):
    """Sums of squares would: 1e8 beside a variance of 1 leaves float32 nothing."""
    norm_elu, device = small
    x = (random(2, 1, 1000) + 1e4).to(device)
    ones, zeros = torch.ones(1, 1000, device=device), torch.zeros(1, 1000, device=device)
    wanted = F.elu(F.layer_norm(x.double(), (1, 1000)))
    assert (norm_elu(x, ones, zeros) - wanted).abs().max() < 2e-3


def encoded(norm, device):
    """What a small encoder gives, and the gradients of its sum's squares."""
    torch.manual_seed(0)
    encoder = Encoder(640, 2, norm).to(device)
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter.add_(0.1 * random(*parameter.shape).to(device))
    latent = encoder(random(2, 640, seed=4).to(device))
    return latent, torch.autograd.grad(latent.square().sum(), list(encoder.parameters()))


@pytest.mark.parametrize(("norm", "calls"), [("element", 29), ("channel", 0), ("none", 0)])
def test_the_encoder_uses_them_where_it_can_and_gives_the_same(kernels, monkeypatch, norm, calls):
    from hsbench.models.hypersound import norm_elu

    seen = []
    own = norm_elu.norm_elu
    monkeypatch.setattr(norm_elu, "norm_elu", lambda *given: seen.append(1) or own(*given))
    found = encoded(norm, kernels)
    assert len(seen) == calls
    monkeypatch.delenv("HSBENCH_TRITON")
    wanted = encoded(norm, kernels)
    assert len(seen) == calls
    assert (found[0] - wanted[0]).norm() <= 1e-5 * wanted[0].norm()
    for one, want in zip(found[1], wanted[1], strict=True):
        assert (one - want).norm() <= 1e-4 * want.norm() + 1e-6
