import itertools

import numpy as np
import pytest
import torch

from hsbench.audio import stft
from hsbench.audio.griffin_lim import griffin_lim, random_phase


def noise(samples):
    return torch.from_numpy(np.random.default_rng(0).standard_normal(samples))


@pytest.mark.parametrize(("samples", "n_fft", "hop"), [(4096, 1024, 256), (4000, 512, 100), (50, 256, 64)])
def test_the_inverse_restores_the_waveform(samples, n_fft, hop):
    x = noise(samples)
    transformed = stft.spectrum(x, n_fft, hop, pad="constant")
    assert transformed.shape == (n_fft // 2 + 1, 1 + samples // hop)
    assert torch.allclose(stft.inverse(transformed, n_fft, hop, samples), x, atol=1e-12)


def test_the_magnitude_is_that_of_the_spectrum():
    x = noise(4096).float().view(2, 2048)
    assert torch.equal(stft.magnitude(x, 512, 128), stft.spectrum(x, 512, 128).abs())


def test_a_window_that_inference_made_serves_a_training():
    x = noise(500).float()
    with torch.inference_mode():
        expected = stft.magnitude(x, 62, 31)
    x.requires_grad_()
    stft.magnitude(x, 62, 31).sum().backward()
    assert torch.equal(stft.magnitude(x.detach(), 62, 31), expected)
    assert x.grad.abs().max() > 0
    assert stft.window(62, torch.float32, x.device).tolist() == torch.hann_window(62).tolist()


def test_random_phases_keep_magnitudes_and_have_no_preferred_direction():
    drawn = random_phase(torch.full((100, 100), 2.0), np.random.default_rng(0))
    assert torch.allclose(drawn.abs(), torch.full((100, 100), 2.0, dtype=torch.float64))
    assert abs(complex(drawn.mean())) < 0.1


def test_more_iterations_of_griffin_lim_come_nearer_to_the_magnitudes():
    wanted = stft.magnitude(noise(4096), 256, 64, pad="constant")

    def distance(passes):
        estimate = griffin_lim(wanted, 256, 64, 4096, passes=passes, random=np.random.default_rng(1))
        return float((stft.magnitude(estimate, 256, 64, pad="constant") - wanted).norm())

    distances = [distance(passes) for passes in (0, 1, 4, 16, 64)]
    assert all(later < earlier for earlier, later in itertools.pairwise(distances))
