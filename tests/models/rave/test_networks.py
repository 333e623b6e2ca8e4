"""Networks and losses of rave-v1: published sizes, shapes, receptive field, and formulas."""

import math

import pytest
import torch

from hsbench.audio import pqmf
from hsbench.models.rave.discriminators import Discriminators, adversarial_losses
from hsbench.models.rave.encoder import Encoder, divergence
from hsbench.models.rave.generator import Generator, coloured
from hsbench.models.rave.losses import loudness_distance, spectral_distance
from hsbench.models.rave.network import Rave


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_the_networks_of_the_paper_have_the_published_sizes():
    assert count(Encoder(64)) == 4_836_416
    assert count(Generator(64)) == 12_779_442
    assert count(Discriminators(16)) == 16_917_942


@pytest.mark.parametrize(("capacity", "millions"), [(32, 4.81), (16, 1.40), (8, 0.45), (4, 0.16)])
def test_smaller_networks_have_the_sizes_of_the_original(capacity, millions):
    """The original's sizes were measured with its buffers, and these were not, hence the tolerance."""
    assert count(Rave(capacity)) / 1e6 == pytest.approx(millions, rel=0.12)


def test_shapes_and_the_ratio():
    network = Rave(2).eval()
    waveform = 0.1 * normal(1, 6 * 2048)
    latents = network.encode(waveform, "mean")
    assert latents.shape == (1, 128, 6)
    assert network.decode(latents, "mean", noise=False).shape == waveform.shape
    assert torch.equal(network.encode(waveform, "mean"), latents)
    torch.manual_seed(0)
    assert not torch.equal(network.encode(waveform, "full"), latents)


def test_equal_seeds_give_equal_networks():
    first, same, other = (Rave(2, seed).state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(first[name], same[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_a_change_reaches_no_further_than_the_receptive_field():
    """1093 ms into the past and 1000 ms into the future at 22 050 Hz, as the original states for dilations 1, 3, 5."""
    network = Rave(2).eval()
    network.generator = Generator(2, (1, 3, 5))
    waveform = torch.zeros(1, 40 * 2048, requires_grad=True)
    middle = 20 * 2048
    network.decode(network.encode(waveform, "mean"), "mean", noise=False)[0, middle].backward()
    reached = waveform.grad[0].nonzero()[:, 0]
    past, future = middle - int(reached.min()), int(reached.max()) - middle
    assert 20000 < past < 26000
    assert 20000 < future < 26000


def test_the_noise_of_an_untrained_generator_is_faint():
    """Where the last layer of its head gives 0, all magnitudes are 2 sigmoid(-5)^2.3 + 1e-7."""
    generator = Rave(2).generator
    last = generator.noise[-1][-1]
    with torch.no_grad():
        last.weight.zero_()
        last.bias.zero_()
        _, amplitudes = generator.heads(torch.randn(1, 128, 3), True)
        bands, none = generator.heads(torch.randn(1, 128, 3), False)
    assert amplitudes.shape == (1, 80, 6)
    assert amplitudes.flatten().numpy() == pytest.approx(2 * (1 + math.exp(5)) ** -2.3 + 1e-7, rel=1e-4)
    assert (bands.shape, none) == ((1, 16, 384), None)


def test_filtered_noise_has_the_spectrum_of_its_filter():
    white = 2 * torch.rand(1, 16, 64 * 64, generator=torch.Generator().manual_seed(0)) - 1
    flat = torch.ones(1, 80, 64)
    filtered = []
    for frequency in (0, 4):
        amplitudes = torch.zeros(1, 16, 5, 64)
        amplitudes[:, :, frequency] = 1
        filtered.append(coloured(white, amplitudes.view(1, 80, 64)))
    roughness = [float((x[..., 1:] - x[..., :-1]).std() / x.std()) for x in (filtered[0], white, filtered[1])]
    assert roughness[0] < 0.9, "low frequencies only"
    assert roughness[1] == pytest.approx(2**0.5, rel=0.02)
    assert roughness[2] > 1.7, "high frequencies only"
    assert coloured(white, 2 * flat).std() == pytest.approx(2 * float(coloured(white, flat).std()), rel=1e-5)


def test_divergence_is_twice_that_of_normal_distributions():
    zero, one = torch.zeros(2, 128, 3), torch.ones(2, 128, 3)
    assert float(divergence(zero, one)) == 0
    assert float(divergence(one, one)) == pytest.approx(128)
    wide = torch.distributions.kl_divergence(torch.distributions.Normal(1.0, 2.0), torch.distributions.Normal(0.0, 1.0))
    assert float(divergence(one, 2 * one)) == pytest.approx(2 * 128 * float(wide), rel=1e-6)


def test_the_spectral_distance_equals_its_formula():
    assert_formula(0.1)
    assert_formula(1e-6)  # so low that the floor of the logarithm and the scale of the transform matter


def assert_formula(level):
    x, y = level * normal(2, 4096), level * normal(2, 4096, seed=1)
    total = 0.0
    for size in (2048, 1024, 512, 256, 128):
        window = torch.hann_window(size).double()
        spectra = [
            torch.stft(signal.double(), size, window=window, return_complex=True).abs() / size**0.5 for signal in (x, y)
        ]
        difference = spectra[0] - spectra[1]
        total += float(difference.square().sum().sqrt() / spectra[0].square().sum().sqrt())
        total += float(((spectra[0] + 1e-7).log() - (spectra[1] + 1e-7).log()).abs().mean())
    assert float(spectral_distance(x, y)) == pytest.approx(total, rel=1e-5)


def test_the_spectral_distance_of_a_change_of_level():
    x = 0.1 * normal(2, 4096)
    assert float(spectral_distance(x, x)) == 0
    assert float(spectral_distance(x, 2 * x)) == pytest.approx(5 * (1 + 0.6931), rel=1e-3)


def test_the_loudness_distance_of_a_change_of_level_and_of_polarity():
    x = 0.1 * normal(2, 8192)
    assert float(loudness_distance(x, x)) == 0
    assert float(loudness_distance(x, -x)) == pytest.approx(0, abs=1e-9)
    assert float(loudness_distance(x, x / 2)) == pytest.approx(0.6931**2, rel=1e-3)


def test_discriminators_work_at_three_rates_and_return_features_before_the_activation():
    discriminators = Discriminators(2)
    features = discriminators(normal(2, 4096))
    assert [len(scale) for scale in features] == [7, 7, 7]
    assert [scale[0].shape[-1] for scale in features] == [4096, 2048, 1024]
    assert features[0][-1].shape == (2, 1, 16)
    first = discriminators.scales[0].layers[0](normal(2, 4096)[:, None]).detach()
    assert torch.equal(features[0][0], first)
    assert float(first.min()) < 0


def test_adversarial_losses_are_sums_over_the_rates():
    real = [[torch.full((1, 2, 4), 3.0), torch.full((1, 1, 2), 2.0)]] * 3
    fake = [[torch.full((1, 2, 4), 1.0), torch.full((1, 1, 2), -0.5)]] * 3
    discriminators, generator, matching = adversarial_losses(real, fake)
    assert float(discriminators) == pytest.approx(3 * (0 + 0.5))
    assert float(generator) == pytest.approx(3 * 0.5)
    assert float(matching) == pytest.approx(3 * 10 * (2 + 2.5) / 2)


def test_the_encoder_reads_the_bands_of_the_filter_bank():
    network = Rave(2).eval()
    waveform = 0.1 * normal(1, 4 * 2048)
    mean, _ = network.encoder(pqmf.analyse(waveform))
    assert torch.equal(network.encode(waveform, "mean"), mean)
