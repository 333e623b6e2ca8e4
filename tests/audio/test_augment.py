import math

import numpy as np
import pytest
import torch
from scipy.signal import lfilter

from hsbench.audio.augment import dequantise, divide_by_peak, impulse_response, phase_mangle
from hsbench.audio.randomness import uniform


@pytest.mark.parametrize("frequency", [100, 1000])
def test_phase_mangle_agrees_with_the_reference_filter(golden_training, golden_speech, frequency):
    want = golden_training[f"phase_mangle/{frequency}Hz"]
    y = phase_mangle(golden_speech[:1], torch.tensor([float(frequency)]), 22050)[0].double()
    assert y[:5].tolist() == pytest.approx(want["first5"], abs=1e-6)
    assert y.sum().item() == pytest.approx(want["sum"], rel=1e-4)
    assert y.square().sum().item() == pytest.approx(want["l2"], rel=1e-4)
    impulse, pole = np.zeros(2048), 0.99 * np.exp(2j * np.pi * frequency / 22050)
    impulse[0] = 1
    a = [1, -2 * pole.real, abs(pole) ** 2]
    assert (a, a[::-1]) == (pytest.approx(want["a"], rel=1e-6), pytest.approx(want["b"], rel=1e-6))
    response = impulse_response(torch.tensor([float(frequency)]), 22050)[0].numpy()
    assert response == pytest.approx(lfilter(a[::-1], a, impulse), abs=1e-7)


def test_phase_mangle_keeps_the_power_and_changes_the_waveform():
    x = torch.randn(3, 32768, generator=torch.Generator().manual_seed(0))
    y = phase_mangle(x, torch.tensor([20.0, 300.0, 2000.0]), 22050)
    assert y.square().mean(1).tolist() == pytest.approx(x.square().mean(1).tolist(), rel=0.01)
    assert ((y - x).norm(dim=1) > 0.1 * x.norm(dim=1)).all()


def test_an_item_whose_frequency_is_nan_is_unchanged():
    x = torch.randn(2, 4096, generator=torch.Generator().manual_seed(0))
    y = phase_mangle(x, torch.tensor([math.nan, 500.0]), 22050)
    assert torch.equal(y[0], x[0])
    assert not torch.allclose(y[1], x[1])


def test_dequantisation_is_a_quarter_step_at_most():
    noise = uniform(torch.arange(4), 5000)
    added = dequantise(torch.zeros(4, 5000), noise)
    assert 0.45 < added.abs().max() * 2**16 <= 0.5
    assert abs(added.mean()) * 2**16 < 0.01


def test_each_item_is_divided_by_its_peak_and_a_silent_one_is_unchanged():
    x = torch.tensor([[0.1, -0.5], [0.0, 0.0], [2.0, 1.0]])
    assert divide_by_peak(x).tolist() == [[pytest.approx(0.2), -1.0], [0.0, 0.0], [1.0, 0.5]]


def test_random_numbers_are_those_of_splitmix64():
    """Computed with Python's unlimited integers."""
    mask = (1 << 64) - 1

    def number(key, index):
        bits = (key + index * 0x9E3779B97F4A7C15) & mask
        bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & mask
        bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & mask
        return ((bits ^ (bits >> 31)) >> 40) / 2**24

    keys = [0, 1, 12345, 2**63 - 1]
    got = uniform(torch.tensor(keys), 7)
    assert got.tolist() == [[number(key, index) for index in range(1, 8)] for key in keys]


def test_random_numbers_are_uniform_and_independent():
    values = uniform(torch.arange(64), 4096).double()
    assert values.min() >= 0
    assert values.max() < 1
    assert values.mean().item() == pytest.approx(0.5, abs=0.005)
    assert values.var().item() == pytest.approx(1 / 12, rel=0.01)
    correlations = torch.corrcoef(values)
    assert (correlations - torch.eye(64)).abs().max() < 0.08
