"""The encoder with activations [batch, time, channels], as a GPU computes it: values and gradients of a CPU's form."""

import pytest
import torch
from torch.nn import functional as F

from hsbench.fit.losses import MultiResolutionMelLoss
from hsbench.models.hypersound import encoder
from hsbench.models.hypersound.channels_last import convolution, lay_out, preferred
from hsbench.models.hypersound.combine import Combination
from hsbench.models.hypersound.encoded import EncodedBatch, _laid_out_as
from hsbench.models.hypersound.encoder import NORMS, Encoder
from hsbench.models.hypersound.network import HyperSoundNetwork
from hsbench.models.hypersound.step import TrainingStep
from hsbench.models.targets import create


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize(
    ("inputs", "kernel", "stride", "dilation"),
    [(1, 7, 1, 1), (1, 7, 1, 3), (1, 4, 2, 1), (3, 1, 1, 1), (3, 7, 1, 1), (3, 7, 1, 9), (3, 16, 8, 1), (2, 1, 2, 1)],
)
@pytest.mark.parametrize("time", [64, 103])
def test_a_convolution_is_that_of_torch_with_zeros_before_the_signal(inputs, kernel, stride, dilation, time):
    x, weight = noise(2, time, inputs).requires_grad_(), noise(5, inputs, kernel, seed=1).requires_grad_()
    past = F.pad(x.transpose(1, 2), (dilation * (kernel - 1), 0))
    expected = F.conv1d(past, weight, None, stride, 0, dilation).transpose(1, 2)
    result = convolution(x, weight, stride, dilation)
    assert result.shape == (2, -(-time // stride), 5)
    to_result = noise(*result.shape, seed=2)
    found, wanted = (torch.autograd.grad((y * to_result).sum(), (x, weight)) for y in (result, expected))
    for mine, theirs in zip((result, *found), (expected, *wanted), strict=True):
        assert torch.allclose(mine, theirs, rtol=1e-10, atol=1e-10)
    assert found[1].is_contiguous(), "as the parameter, which the optimiser needs"


def encoded(network, waveform, layout, monkeypatch, policy="fp32"):
    """Encode as a device of this layout does; return latents, gradients, and how many convolutions were so."""
    calls = []
    monkeypatch.setattr(encoder, "preferred", lambda x: layout == "channels-last")
    monkeypatch.setattr(encoder, "convolution", lambda *arguments: calls.append(0) or convolution(*arguments))
    network.zero_grad()
    network.lay_out()
    batch = EncodedBatch(network, waveform, 2, policy)
    batch.latent.grad = torch.linspace(-1, 1, batch.latent.numel()).to(batch.latent).view_as(batch.latent)
    batch.backward()
    return batch.latent.detach(), [parameter.grad for parameter in network.parameters()], len(calls)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("samples", [2048, 1571])
def test_the_encoder_has_the_same_latents_and_gradients(norm, samples, monkeypatch):
    torch.manual_seed(0)
    network, waveform = Encoder(samples, 2, norm).double(), noise(3, samples, seed=1)
    for number, parameter in enumerate(network.parameters()):
        parameter.data += 0.1 * noise(*parameter.shape, seed=number)
    plain, last = (encoded(network, waveform, layout, monkeypatch) for layout in ("plain", "channels-last"))
    assert (plain[2], last[2]) == (0, 30 * 2), "30 convolutions for two micro-batches"
    assert torch.allclose(plain[0], last[0], rtol=1e-9, atol=1e-9)
    for one, other in zip(plain[1], last[1], strict=True):
        assert (one - other).norm() <= 1e-9 * one.norm() + 1e-9


def test_in_bf16_it_is_as_near_to_fp32_as_the_other_layout(monkeypatch):
    torch.manual_seed(0)
    network, waveform = Encoder(2048, 8), noise(2, 2048, seed=1).float()
    exact, plain, last = (
        encoded(network, waveform, layout, monkeypatch, policy)
        for layout, policy in (("plain", "fp32"), ("plain", "bf16"), ("channels-last", "bf16"))
    )
    assert last[0].dtype == torch.float32

    def apart(found):
        pairs = zip((found[0], *found[1]), (exact[0], *exact[1]), strict=True)
        return torch.stack([(one - other).norm() / other.norm() for one, other in pairs]).median()

    assert 1e-4 < apart(last) < 1.5 * apart(plain) < 0.2


@pytest.mark.parametrize("norm", NORMS)
def test_gradients_lie_in_memory_as_their_parameters_do(norm, monkeypatch):
    """torch's fused AdamW reads both in the order of their memory."""
    network = Encoder(1024, 2, norm).double()
    encoded(network, noise(2, 1024), "channels-last", monkeypatch)
    for parameter in network.parameters():
        assert parameter.grad.stride() == parameter.stride()


def test_laying_out_a_parameter_keeps_its_values_and_moves_them_in_memory():
    parameter = torch.nn.Parameter(noise(3, 5))
    before = parameter.detach().clone()
    lay_out(parameter)
    assert torch.equal(parameter, before)
    assert parameter.stride() == (1, 3)


def test_a_training_step_lays_out_all_parameters_of_the_norm(monkeypatch):
    monkeypatch.setattr(encoder, "preferred", lambda x: True)
    net = create("fmlp", [8])
    switches = {"additive_bias": "generated", "multiplicative_bias": "scale"}
    network = HyperSoundNetwork(net, Combination(net, "replace", 0, switches), 512, 2, "element", [16])
    TrainingStep(network, MultiResolutionMelLoss(22050), (1, 512), 1, "fp32")
    laid_out = {
        name: value.stride()
        for name, value in network.encoder.named_parameters()
        if ".norm." in name and len(value) > 1
    }
    assert len(laid_out) == 2 * 29
    assert all(strides == (1, len(network.encoder.get_parameter(name))) for name, strides in laid_out.items())


def test_a_gradient_in_another_order_is_copied_and_not_misread():
    parameter = torch.empty(5, 3).t()
    gradient = torch.arange(15.0).view(3, 5)
    placed = _laid_out_as(parameter, gradient)
    assert torch.equal(placed, gradient)
    assert placed.stride() == parameter.stride() == (1, 3)
    assert _laid_out_as(parameter, placed).data_ptr() == placed.data_ptr()


def test_on_a_cpu_nothing_is_laid_out_anew():
    network = Encoder(512, 2)
    network.lay_out()
    assert all(parameter.is_contiguous() for parameter in network.parameters())
    assert not preferred(torch.zeros(1))
