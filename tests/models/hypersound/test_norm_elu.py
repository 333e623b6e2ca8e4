"""LayerNorm and ELU by hsbench's own Triton kernels agree with torch's operations."""

import pytest
import torch
from torch.nn import functional as F

from hsbench.models.hypersound.encoder import Encoder


@pytest.fixture
def small(monkeypatch, kernels):
    """norm_elu with chunks so small that a row takes several programs, and the device."""
    from hsbench.models.hypersound import norm_elu

    monkeypatch.setattr(norm_elu, "CHUNK", 256)
    monkeypatch.setattr(norm_elu, "COLUMN", 64)
    return norm_elu.norm_elu, kernels


def random(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("batch", "shape"), [(3, (4, 333)), (2, (2, 128)), (1, (5, 7))])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=["fp32", "bf16"])
def test_values_and_gradients(small, batch, shape, dtype):
    norm_elu, device = small
    inputs = (random(batch, *shape) * 3 + 5).to(dtype), random(*shape, seed=1), random(*shape, seed=2)
    inputs = [value.to(device).requires_grad_() for value in inputs]
    grad_y = random(batch, *shape, seed=3).to(device)
    y = norm_elu(*inputs)
    assert y.dtype == torch.float32
    exact = [value.detach().double().requires_grad_() for value in inputs]
    expected = F.elu(F.layer_norm(exact[0], shape, exact[1], exact[2]))
    assert (y - expected).abs().max() < 2e-6
    gradients = torch.autograd.grad(y, inputs, grad_y)
    exact_gradients = torch.autograd.grad(expected, exact, grad_y.double())
    for gradient, exact_gradient, name in zip(gradients, exact_gradients, "xwb", strict=True):
        bound = 5e-3 if gradient.dtype == torch.bfloat16 else 1e-6
        assert (gradient - exact_gradient).norm() <= bound * exact_gradient.norm(), name


def test_a_mean_far_from_zero_costs_no_digits(small):
    """A sum of x^2 would lose them: beside 1e8 a variance of 1 is below the precision of float32."""
    norm_elu, device = small
    x = (random(2, 1, 1000) + 1e4).to(device)
    ones, zeros = torch.ones(1, 1000, device=device), torch.zeros(1, 1000, device=device)
    expected = F.elu(F.layer_norm(x.double(), (1, 1000)))
    assert (norm_elu(x, ones, zeros) - expected).abs().max() < 2e-3


def encoded(norm, device):
    """Latent of a small encoder, and the gradients of its sum of squares."""
    torch.manual_seed(0)
    encoder = Encoder(640, 2, norm).to(device)
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter.add_(0.1 * random(*parameter.shape).to(device))
    latent = encoder(random(2, 640, seed=4).to(device))
    return latent, torch.autograd.grad(latent.square().sum(), list(encoder.parameters()))


@pytest.mark.parametrize(("norm", "calls"), [("element", 29), ("channel", 0), ("none", 0)])
def test_the_encoder_gives_the_same_with_and_without_the_kernels(kernels, monkeypatch, norm, calls):
    from hsbench.models.hypersound import norm_elu

    counted = []
    original = norm_elu.norm_elu
    monkeypatch.setattr(norm_elu, "norm_elu", lambda *inputs: counted.append(1) or original(*inputs))
    latent, gradients = encoded(norm, kernels)
    assert len(counted) == calls
    monkeypatch.delenv("HSBENCH_TRITON")
    torch_latent, torch_gradients = encoded(norm, kernels)
    assert len(counted) == calls
    assert (latent - torch_latent).norm() <= 1e-5 * torch_latent.norm()
    for gradient, torch_gradient in zip(gradients, torch_gradients, strict=True):
        assert (gradient - torch_gradient).norm() <= 1e-4 * torch_gradient.norm() + 1e-6
