"""Noise on fitted weights, and fits to every s-th sample."""

import numpy as np
import pytest
import torch

from hsbench import protocols, registry, widths
from hsbench.errors import UsageError
from hsbench.models.inr import disturb
from hsbench.models.targets import create

PARAMS = {"w0": torch.randn(2, 50, 40, generator=torch.Generator().manual_seed(0)), "b0": torch.ones(2, 60)}


def key(*purpose):
    return hash(purpose) % 2**31


def test_noise_has_the_wanted_size_in_every_tensor_whatever_its_scale():
    scaled = {"w0": 100 * PARAMS["w0"], "b0": PARAMS["b0"]}
    noisy = disturb.disturbed(scaled, 0.1, ["a", "b"], key)
    for name, value in scaled.items():
        relative = (noisy[name] - value).square().mean().sqrt() / value.square().mean().sqrt()
        assert relative == pytest.approx(0.1, rel=0.2)


def test_noise_of_a_clip_does_not_depend_on_the_other_clips():
    both = disturb.disturbed(PARAMS, 0.1, ["a", "b"], key)
    alone = disturb.disturbed({name: value[1:] for name, value in PARAMS.items()}, 0.1, ["b"], key)
    for name in PARAMS:
        assert torch.equal(both[name][1:], alone[name])
        assert not torch.equal(both[name][0] - PARAMS[name][0], both[name][1] - PARAMS[name][1])
    assert disturb.disturbed(PARAMS, 0.0, ["a", "b"], key) is PARAMS


def test_a_fit_to_every_second_sample_sees_the_low_passed_clip():
    time = np.arange(8192) / 8192
    low, high = np.sin(2 * np.pi * 300 * time), np.sin(2 * np.pi * 3500 * time)
    seen = disturb.fitted_to((low + high).astype(np.float32), 2)
    assert seen.size == 4096
    inner = slice(200, -200)
    assert np.abs(seen - low[::2])[inner].max() < 5e-3  # the tone above the lower Nyquist frequency is gone
    whole = low.astype(np.float32)
    assert disturb.fitted_to(whole, 1) is whole


@pytest.mark.parametrize("noise", [-1.0, float("nan"), float("inf")])
def test_impossible_noise_is_refused(noise):
    with pytest.raises(UsageError, match="weight_noise expects a number from 0"):
        disturb.checked_noise(noise)


@pytest.mark.parametrize("stride", [0, 1.5, "2"])
def test_an_impossible_stride_is_refused(stride):
    with pytest.raises(UsageError, match="fit_stride expects a whole number from 1"):
        disturb.checked_stride(stride)


@pytest.mark.parametrize("name", ["inr-fmlp", "inr-siren"])
def test_neutral_settings_leave_no_trace_in_the_key(name):
    descriptor = registry.model(name)
    switches = protocols.switches("fixed", descriptor.switches)
    settings = descriptor.key_settings(widths.resolve(descriptor.defaults, switches, 32768))
    assert not {"weight_noise", "fit_stride"} & set(settings)
    changed = descriptor.key_settings({**widths.resolve(descriptor.defaults, switches, 32768), "weight_noise": 0.01})
    assert changed["weight_noise"] == 0.01


def test_the_plain_initialisation_of_a_siren_ignores_omega():
    net = create("siren", [32, 32], omega_0=2000.0, omega_i=30.0)
    assert net.bound("w1", 32, "none") == pytest.approx(30 * net.bound("w1", 32, "omega_i"))
    assert net.bound("w0", 1, "none") == net.bound("w0", 1, "omega_i") == 1
    assert net.bound("b1", 32, "none") == net.bound("b1", 32, "omega_i")
