import pytest
import torch
from torch.nn import functional as F

from hsbench.audio import convolve
from hsbench.audio.convolve import FastConv
from hsbench.audio.strips import BEFORE, Memory


def random(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def convolved(layer, x, workers=1):
    """Apply a layer to x [in, time] by way of strips, and return [out, time]."""
    memory = Memory()
    strip, result = (
        memory.strip(name, time, channels)
        for name, time, channels in (("x", x.shape[1], len(x)), ("y", layer.length(x.shape[1]), layer.outputs))
    )
    strip.signal.copy_(x.T)
    layer(strip, result, memory, workers)
    assert (result.rows[:BEFORE] == 0).all()
    assert (result.rows[BEFORE + result.time :] == 0).all(), "the next layer relies on zeros around the signal"
    return result.signal.T


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("time", [1, 15, 49, 50, 51, 200, 333])
def test_a_layer_computes_what_conv1d_computes(stride, time, workers):
    weight, bias, x = random(5, 3, 15), random(5), random(3, time)
    want = F.conv1d(x[None], weight, bias, stride=stride, padding=7)[0]
    got = convolved(FastConv(weight, bias, stride), x, workers)
    assert got.shape == want.shape
    assert torch.allclose(got, want, atol=1e-4)


@pytest.mark.parametrize("taps", [1, 5, 15])
def test_a_leaky_relu_is_applied(taps):
    weight, bias, x = random(4, 2, taps), random(4), random(2, 120)
    want = F.leaky_relu(F.conv1d(x[None], weight, bias, padding=taps // 2)[0], 0.1)
    assert torch.allclose(convolved(FastConv(weight, bias, slope=0.1), x), want, atol=1e-4)


@pytest.mark.parametrize("stride", [1, 2])
def test_a_long_waveform_is_computed_in_several_spans(monkeypatch, stride):
    monkeypatch.setattr(convolve, "SPAN", 3)
    weight, bias, x = random(2, 2, 15), random(2), random(2, 1000)
    want = F.conv1d(x[None], weight, bias, stride=stride, padding=7)[0]
    assert torch.allclose(convolved(FastConv(weight, bias, stride), x), want, atol=1e-4)


def test_memory_is_reused_and_grows():
    memory = Memory()
    first = memory.array("a", 4, 5)
    assert memory.array("a", 2, 5).data_ptr() == first.data_ptr()
    assert memory.array("a", 40, 5).shape == (40, 5)
    assert memory.array("b", 1).data_ptr() != memory.array("a", 1).data_ptr()
