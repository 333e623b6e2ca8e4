"""Quantised weights: rounding error and bits of each format."""

import pytest
import torch

from hsbench.errors import UnknownNameError
from hsbench.models import quantise


@pytest.fixture
def params():
    generator = torch.Generator().manual_seed(0)
    return {"w0": torch.randn(3, 5, 4, generator=generator), "b0": 100 * torch.randn(3, 5, generator=generator)}


def test_fp32_changes_nothing(params):
    kept = quantise.stored(params, "fp32")
    assert all(torch.equal(kept[name], value) for name, value in params.items())


def test_fp16_keeps_eleven_significant_bits(params):
    kept = quantise.stored(params, "fp16")
    for name, value in params.items():
        error = ((kept[name] - value) / value).abs().max()
        assert 0 < float(error) <= 2**-11
        assert kept[name].dtype == torch.float32


def test_int8_keeps_255_levels_of_each_tensor_of_each_clip(params):
    kept = quantise.stored(params, "int8")
    for name, value in params.items():
        for original, rounded in zip(value, kept[name], strict=True):
            step = float(original.abs().max()) / 127
            assert 0 < float((original - rounded).abs().max()) <= step / 2 * 1.001
            levels = rounded / step
            torch.testing.assert_close(levels, levels.round(), atol=1e-4, rtol=0)
            assert float(rounded.abs().max()) == pytest.approx(float(original.abs().max()), rel=1e-6)


def test_every_clip_has_a_step_size_of_its_own(params):
    alone = quantise.stored({name: value[1:2] for name, value in params.items()}, "int8")
    together = quantise.stored(params, "int8")
    assert all(torch.equal(alone[name][0], together[name][1]) for name in params)


def test_zeros_stay_zeros():
    assert not quantise.stored({"w": torch.zeros(1, 3)}, "int8")["w"].any()


def test_the_bits_of_int8_include_the_step_sizes():
    sizes = {"w0": 20, "b0": 5}
    assert [quantise.bits(sizes, form) for form in quantise.FORMS] == [800, 400, 200 + 64]


def test_an_unknown_form_is_refused():
    with pytest.raises(UnknownNameError, match="weight format"):
        quantise.check("int4")
