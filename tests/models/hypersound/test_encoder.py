"""The encoder against the reference code: values, sizes, causality, normalisation, and ELU."""

import pytest
import torch
from torch.nn import functional as F

from hsbench.errors import UnknownNameError
from hsbench.models.hypersound import elu as elu_module
from hsbench.models.hypersound.elu import elu_
from hsbench.models.hypersound.encoder import Encoder
from hsbench.models.hypersound.padding import padded


def test_parity_with_the_reference(golden_training, golden_speech, golden_encoder):
    expected = golden_training["encoder"]
    with torch.no_grad():
        latent = golden_encoder(golden_speech)
    assert list(latent.shape) == expected["shape"]
    assert latent.square().sum(1).tolist() == pytest.approx(expected["l2"], rel=1e-4)
    assert latent.sum(1).tolist() == pytest.approx(expected["sum"], rel=1e-4, abs=2e-3)
    for item in range(2):
        assert latent[item, :4].tolist() == pytest.approx(expected["first4"][item], rel=1e-4, abs=1e-5)
        assert latent[item, 103:107].tolist() == pytest.approx(expected["at_103"][item], rel=1e-4, abs=1e-5)


def test_parameter_counts(golden_models):
    def count(norm):
        return sum(parameter.numel() for parameter in Encoder(32768, norm=norm).parameters())

    assert count("element") == golden_models["params/encoder"]["with_layer_norm"]
    assert count("none") == golden_models["params/encoder"]["without"]
    assert count("none") < count("channel") < count("none") + 10000
    assert Encoder(32768, 1).frames * 32 == golden_models["params/encoder"]["latent"][1]


def test_without_norms_the_encoder_is_causal():
    """A change of later samples does not change earlier frames of the latent."""
    encoder = Encoder(2560, 2, "none")
    x = torch.randn(1, 2560, generator=torch.Generator().manual_seed(0))
    changed = x.clone()
    changed[:, 1280:] += 1
    with torch.no_grad():
        before, after = (encoder(waveform).view(32, -1) for waveform in (x, changed))
    same = (before - after).abs().amax(0) == 0
    assert same[:4].all()
    assert not same[4:].any()


@pytest.mark.parametrize("norm", ["element", "channel"])
def test_norms_give_zero_mean_and_unit_variance(norm):
    encoder = Encoder(2048, 2, norm)
    outputs = []
    encoder.layers[2].wide.norm.register_forward_hook(lambda module, inputs, output: outputs.append(output.clone()))
    with torch.no_grad():
        encoder(torch.randn(2, 2048))
    assert outputs[0].mean((1, 2)).tolist() == pytest.approx([0, 0], abs=1e-4)
    assert outputs[0].var((1, 2)).tolist() == pytest.approx([1, 1], rel=1e-2)


def test_untrained_norms_by_channel_and_by_element_agree():
    by_element, by_channel = Encoder(2048, 2, "element"), Encoder(2048, 2, "channel")
    convolutions = {name: value for name, value in by_element.state_dict().items() if ".norm." not in name}
    by_channel.load_state_dict(convolutions, strict=False)
    x = torch.randn(2, 2048)
    with torch.no_grad():
        assert torch.allclose(by_element(x), by_channel(x), atol=1e-5)


@pytest.mark.parametrize("samples", [1, 81, 2048, 44100])
def test_an_encoder_can_be_built_for_any_length(samples):
    encoder = Encoder(samples, 1)
    assert encoder(torch.randn(2, samples)).shape == (2, 32 * encoder.frames)


@pytest.mark.parametrize("chunk", [elu_module.CHUNK, 1000])
def test_elu_and_its_gradient_equal_torchs(monkeypatch, chunk):
    monkeypatch.setattr(elu_module, "CHUNK", chunk)
    x = torch.cat([torch.linspace(-30, 30, 10001), torch.tensor([0.0, -0.0, 1e-8, -1e-8])]).requires_grad_()
    values, gradients = [], []
    for function in (elu_, F.elu):
        y = function(x * 1)
        y.backward(torch.ones_like(y))
        values.append(y.detach())
        gradients.append(x.grad.clone())
        x.grad = None
    assert torch.allclose(*values, atol=1.5e-7)
    assert torch.allclose(*gradients, atol=1.5e-7)
    assert elu_(torch.tensor([torch.nan])).isnan().all()
    transposed = torch.linspace(-3, 3, 60).view(3, 20).T
    assert torch.allclose(elu_(transposed.clone()), F.elu(transposed), atol=1.5e-7)


def test_elu_takes_the_memory_of_its_input():
    x = torch.linspace(-3, 3, 60)
    assert elu_(x).data_ptr() == x.data_ptr()


def test_padding_and_its_gradient_equal_torchs():
    x = torch.randn(2, 3, 50, requires_grad=True)
    weights = torch.randn(2, 3, 56)
    outputs = [padded(x, 6), F.pad(x, (6, 0))]
    gradients = [torch.autograd.grad((y * weights).sum(), x)[0] for y in outputs]
    assert torch.equal(*outputs)
    assert torch.equal(*gradients)


def test_an_unknown_norm_is_refused_in_a_sentence():
    with pytest.raises(UnknownNameError, match="did you mean 'element'"):
        Encoder(2048, norm="elements")
