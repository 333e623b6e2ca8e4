import numpy as np
import pytest

from hsbench.audio.mdct import imdct, mdct


def noise(samples, seed=0):
    return np.random.default_rng(seed).standard_normal(samples)


@pytest.mark.parametrize(("samples", "size"), [(4096, 512), (4097, 512), (100, 512), (1, 8), (1000, 7)])
def test_the_inverse_restores_the_waveform_and_energy_is_preserved(samples, size):
    x = noise(samples)
    coefficients = mdct(x, size)
    assert coefficients.shape == (-(-samples // size) + 1, size)
    assert np.allclose(imdct(coefficients, samples), x, atol=1e-12)
    assert np.sum(coefficients**2) == pytest.approx(np.sum(x**2), rel=1e-12)


def test_a_coefficient_is_the_formula_of_the_definition():
    size, x = 8, noise(64)
    n, k = np.arange(2 * size), 3
    window = np.sin(np.pi * (n + 0.5) / (2 * size))
    cosine = np.cos(np.pi / size * (n + 0.5 + size / 2) * (k + 0.5))
    expected = np.sqrt(2 / size) * np.sum(window * cosine * x[: 2 * size])
    assert mdct(x, size)[1, k] == pytest.approx(expected, rel=1e-12)


def test_inner_products_are_preserved():
    x, y = noise(2048, 1), noise(2048, 2)
    assert np.sum(mdct(x, 128) * mdct(y, 128)) == pytest.approx(np.sum(x * y), rel=1e-10)


def test_the_energy_of_a_tone_lies_in_the_coefficients_near_its_frequency():
    size, rate, frequency = 512, 22050, 3000.0
    energies = (mdct(np.sin(2 * np.pi * frequency * np.arange(16384) / rate), size) ** 2).sum(axis=0)
    centre = frequency / (rate / 2) * size
    near = np.abs(np.arange(size) + 0.5 - centre) < 3
    assert energies[near].sum() > 0.99 * energies.sum()
