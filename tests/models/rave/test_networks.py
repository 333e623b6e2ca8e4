import pytest
import torch

from hsbench.audio import pqmf
from hsbench.models.rave.discriminators import Discriminators, judged
from hsbench.models.rave.encoder import Encoder, divergence
from hsbench.models.rave.generator import Generator, coloured
from hsbench.models.rave.losses import loudness_distance, spectral_distance
from hsbench.models.rave.network import Rave


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_the_paper_s_sizes_are_the_published_ones():
    assert count(Encoder(64)) == 4_836_416
    assert count(Generator(64)) == 12_779_442
    assert count(Discriminators(16)) == 16_917_942


@pytest.mark.parametrize(("capacity", "millions"), [(32, 4.81), (16, 1.40), (8, 0.45), (4, 0.16)])
def test_smaller_capacities_have_the_sizes_measured_of_the_original(capacity, millions):
    """The rest of 2 % is what the original's buffers count."""
    assert count(Rave(capacity)) / 1e6 == pytest.approx(millions, rel=0.12)


def test_shapes_and_the_ratio():
    network = Rave(2).eval()
    waveform = 0.1 * drawn(1, 6 * 2048)
    latents = network.encode(waveform, "mean")
    assert latents.shape == (1, 128, 6)
    assert network.decode(latents, "mean", noise=False).shape == waveform.shape
    assert torch.equal(network.encode(waveform, "mean"), latents)
    torch.manual_seed(0)
    assert not torch.equal(network.encode(waveform, "full"), latents)


def test_the_seed_makes_the_network():
    one, same, other = (Rave(2, seed).state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)


def test_a_change_reaches_no_further_than_the_receptive_field():
    """1093 ms back and 1000 ms ahead at 22 050 Hz, as the original says of itself with dilations 1, 3, 5."""
    network = Rave(2).eval()
    network.generator = Generator(2, (1, 3, 5))
    waveform = torch.zeros(1, 40 * 2048, requires_grad=True)
    middle = 20 * 2048
    network.decode(network.encode(waveform, "mean"), "mean", noise=False)[0, middle].backward()
    touched = waveform.grad[0].nonzero()[:, 0]
    back, ahead = middle - int(touched.min()), int(touched.max()) - middle
    assert 20000 < back < 26000
    assert 20000 < ahead < 26000


def test_noise_follows_its_spectrum():
    white = 2 * torch.rand(1, 16, 64 * 64, generator=torch.Generator().manual_seed(0)) - 1
    flat = torch.ones(1, 80, 64)
    heard = []
    for frequency in (0, 4):
        one = torch.zeros(1, 16, 5, 64)
        one[:, :, frequency] = 1
        heard.append(coloured(white, one.view(1, 80, 64)))
    rough = [float((x[..., 1:] - x[..., :-1]).std() / x.std()) for x in (heard[0], white, heard[1])]
    assert rough[0] < 0.9
    assert rough[1] == pytest.approx(2**0.5, rel=0.02)
    assert rough[2] > 1.7
    assert coloured(white, 2 * flat).std() == pytest.approx(2 * float(coloured(white, flat).std()), rel=1e-5)


def test_divergence_is_that_of_normal_distributions():
    zero, one = torch.zeros(2, 128, 3), torch.ones(2, 128, 3)
    assert float(divergence(zero, one)) == 0
    assert float(divergence(one, one)) == pytest.approx(128)
    wide = torch.distributions.kl_divergence(torch.distributions.Normal(1.0, 2.0), torch.distributions.Normal(0.0, 1.0))
    assert float(divergence(one, 2 * one)) == pytest.approx(2 * 128 * float(wide), rel=1e-6)


def test_the_spectral_distance_is_its_formula():
    assert_formula(0.1)
    assert_formula(1e-6)  # where the floor of the logarithm counts, and so does the scale of the transform


def assert_formula(level):
    x, y = level * drawn(2, 4096), level * drawn(2, 4096, seed=1)
    total = 0.0
    for size in (2048, 1024, 512, 256, 128):
        window = torch.hann_window(size).double()
        spectra = [
            torch.stft(one.double(), size, window=window, return_complex=True).abs() / size**0.5 for one in (x, y)
        ]
        difference = spectra[0] - spectra[1]
        total += float(difference.square().sum().sqrt() / spectra[0].square().sum().sqrt())
        total += float(((spectra[0] + 1e-7).log() - (spectra[1] + 1e-7).log()).abs().mean())
    assert float(spectral_distance(x, y)) == pytest.approx(total, rel=1e-5)


def test_the_spectral_distance_sees_a_level():
    x = 0.1 * drawn(2, 4096)
    assert float(spectral_distance(x, x)) == 0
    assert float(spectral_distance(x, 2 * x)) == pytest.approx(5 * (1 + 0.6931), rel=1e-3)


def test_loudness_is_a_level():
    x = 0.1 * drawn(2, 8192)
    assert float(loudness_distance(x, x)) == 0
    assert float(loudness_distance(x, -x)) == pytest.approx(0, abs=1e-9)
    assert float(loudness_distance(x, x / 2)) == pytest.approx(0.6931**2, rel=1e-3)


def test_discriminators_hear_three_rates_and_their_features_come_before_the_activation():
    critics = Discriminators(2)
    found = critics(drawn(2, 4096))
    assert [len(scale) for scale in found] == [7, 7, 7]
    assert [scale[0].shape[-1] for scale in found] == [4096, 2048, 1024]
    assert found[0][-1].shape == (2, 1, 16)
    first = critics.scales[0].layers[0](drawn(2, 4096)[:, None]).detach()
    assert torch.equal(found[0][0], first)
    assert float(first.min()) < 0


def test_hinge_and_matching_are_sums_over_the_rates():
    real = [[torch.full((1, 2, 4), 3.0), torch.full((1, 1, 2), 2.0)]] * 3
    fake = [[torch.full((1, 2, 4), 1.0), torch.full((1, 1, 2), -0.5)]] * 3
    theirs, ours, matching = judged(real, fake)
    assert float(theirs) == pytest.approx(3 * (0 + 0.5))
    assert float(ours) == pytest.approx(3 * 0.5)
    assert float(matching) == pytest.approx(3 * 10 * (2 + 2.5) / 2)


def test_bands_of_the_network_are_those_of_the_filter_bank():
    network = Rave(2).eval()
    waveform = 0.1 * drawn(1, 4 * 2048)
    mean, _ = network.encoder(pqmf.analyse(waveform))
    assert torch.equal(network.encode(waveform, "mean"), mean)
