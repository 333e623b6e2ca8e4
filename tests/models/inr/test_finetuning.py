"""Fits whose last steps evaluate rounded weights."""

import numpy as np
import pytest
import torch

from hsbench import protocols, registry, widths
from hsbench.audio.clip import Clip
from hsbench.errors import UsageError
from hsbench.models import quantise
from hsbench.models.base import Context
from hsbench.models.inr.rounding import NEVER, Rounding

SAMPLES = 1024


def fitted(tmp_path, bits, form, steps=200):
    """Signal-to-noise ratio [dB] of a small SIREN, fitted with `finetune_bits` and stored in a format."""
    descriptor = registry.model("inr-siren")
    switches = protocols.switches("fixed", descriptor.switches)
    settings = {**descriptor.defaults, "width": 16, "layers": 3, "omega_0": 100.0}
    settings |= {"finetune_bits": bits, "weight_format": form}
    model = descriptor.load()(**widths.resolve(settings, switches, SAMPLES))
    times = np.linspace(-1, 1, SAMPLES)
    waveform = (np.sin(40 * times) + 0.5 * np.sin(90 * times + 1)).astype(np.float32) / 1.5
    training = {"steps": steps, "coordinates": None, "schedule": "one_cycle", "learning_rate": 3e-3}
    context = Context(
        seed=0,
        sample_rate=22050,
        samples=SAMPLES,
        switches=switches,
        training=training,
        device="cpu",
        threads=1,
        scratch=tmp_path / "scratch",
        kept=tmp_path / "kept",
        record=lambda row: None,
        progress=lambda done, total: None,
    )
    (rebuilt,) = model.reconstruct([Clip("a", waveform, 22050)], context)
    error = rebuilt.waveform - waveform
    return 10 * np.log10(np.mean(waveform**2) / np.mean(error**2))


def test_a_fit_that_knows_of_its_5_bits_loses_less_by_them(tmp_path):
    whole, plain, aware = (
        fitted(tmp_path, bits, form) for bits, form in ((None, "fp32"), (None, "int5-rows"), (5, "int5-rows"))
    )
    assert whole > aware > plain + 1


def test_only_the_last_quarter_of_the_steps_rounds():
    rounding = Rounding.last(6, 40)
    params = {"w1": torch.rand(1, 4, 4, requires_grad=True)}
    assert rounding(29, params) is params
    assert torch.equal(rounding(30, params)["w1"], quantise.rounded(params, 6)["w1"])
    assert NEVER(10**9, params) is params


def test_a_setting_outside_its_range_is_refused(tmp_path):
    with pytest.raises(UsageError, match="inr-siren.finetune_bits expects a whole number of bits from 5 to 8"):
        fitted(tmp_path, 12, "fp32")
