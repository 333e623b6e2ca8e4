import math

import pytest
import torch

from hsbench.errors import UnknownNameError, UsageError
from hsbench.fit.losses import BANDS, MultiResolutionMelLoss, spectral


@pytest.fixture(scope="module")
def pair():
    """The signals of the golden values."""
    n = torch.arange(32768, dtype=torch.float64) / 22050
    tau = 2 * math.pi
    x = (
        0.5 * (tau * 220 * n).sin()
        + 0.25 * (tau * 1760 * n + 0.3).sin()
        + 0.1 * (tau * 6000 * n * (1 + 0.05 * n)).sin()
    )
    y = 0.8 * x + 0.05 * (tau * 3000 * n).cos()
    return x.float()[None], y.float()[None]


def test_parity_with_the_reference(golden_models, pair):
    loss = MultiResolutionMelLoss(22050)
    assert loss(*pair).item() == pytest.approx(golden_models["stft_loss/total"], rel=1e-5)
    silence = torch.zeros_like(pair[0])
    assert loss(silence, pair[0]).item() == pytest.approx(golden_models["stft_loss/silence_vs_x"], rel=1e-5)
    for size, want in golden_models["stft_loss/per_resolution"].items():
        assert loss._at(*pair, int(size), 0).item() == pytest.approx(want, rel=1e-5)


@pytest.mark.parametrize("p", [0.2, 0.5, 1.0])
@pytest.mark.parametrize("epoch", [0, 250, 500])
def test_parity_of_the_frequency_weighting(golden_models, pair, p, epoch):
    loss, want = MultiResolutionMelLoss(22050, p), golden_models[f"freq_weight/p{p}/epoch{epoch}"]
    weights = loss.weights(BANDS, epoch)
    assert [weights[0].item(), weights[63].item(), weights[-1].item()] == pytest.approx(
        [want["first"], want["mid"], want["last"]], rel=1e-5
    )
    assert weights.sum().item() == pytest.approx(want["sum"], rel=1e-6)
    assert loss(*pair, epoch).item() == pytest.approx(want["loss"], rel=1e-5)


def test_weights_stop_growing_and_the_papers_form_is_another(pair):
    loss = MultiResolutionMelLoss(22050, 0.5)
    assert torch.equal(loss.weights(128, 500), loss.weights(128, 9999))
    spectrum = MultiResolutionMelLoss(22050, 0.5, "spectrum")
    assert spectrum(*pair, 0).item() == pytest.approx(loss(*pair, 0).item(), rel=1e-6)
    assert abs(spectrum(*pair, 500).item() / loss(*pair, 500).item() - 1) > 0.05


def test_identity_is_zero_and_a_louder_error_costs_more(pair):
    loss, (x, y) = MultiResolutionMelLoss(22050), pair
    assert loss(x, x).item() == 0
    errors = [loss(x, x + scale * (y - x)).item() for scale in (0.1, 0.5, 1.0, 2.0)]
    assert errors == sorted(errors)


def test_the_root_couples_the_clips_of_a_batch(pair):
    loss, (x, y) = MultiResolutionMelLoss(22050), pair
    near, far = x + 0.1 * (y - x), y
    together = loss(torch.cat([x, x]), torch.cat([near, far])).item()
    apart = (loss(x, near).item() + loss(x, far).item()) / 2
    assert together > apart * 1.01


def test_below_the_floor_there_is_no_gradient():
    silence, faint = torch.zeros(1, 4096), torch.full((1, 4096), 1e-9, requires_grad=True)
    MultiResolutionMelLoss(22050)(silence, faint).backward()
    assert faint.grad.abs().max() == 0


def test_gradients_are_right():
    generator = torch.Generator().manual_seed(0)
    x, y = (torch.rand(2, 1200, generator=generator, dtype=torch.float64) - 0.5 for _ in range(2))
    loss, direction = MultiResolutionMelLoss(22050, 0.5), torch.randn(2, 1200, generator=generator, dtype=torch.float64)
    y.requires_grad_()
    loss(x, y, 300).backward()
    step = 1e-6
    with torch.no_grad():
        slope = (loss(x, y + step * direction, 300) - loss(x, y - step * direction, 300)) / (2 * step)
    assert (y.grad * direction).sum().item() == pytest.approx(slope.item(), rel=1e-5)


def test_pwg_is_auralosss(pair):
    x, y = pair
    loss = spectral("pwg", 22050, 0.0, "mel_amplitude", lambda mean: mean)
    assert loss(x, x, 0).item() == pytest.approx(0, abs=1e-6)
    assert loss(x, y, 0).item() > 0.1


def test_bad_requests_are_sentences(pair):
    with pytest.raises(UnknownNameError, match="did you mean 'mel'"):
        spectral("mell", 22050, 0.0, "mel_amplitude", lambda mean: mean)
    with pytest.raises(UsageError, match="one shape and more than 1024 samples"):
        MultiResolutionMelLoss(22050)(torch.zeros(1, 1024), torch.zeros(1, 1024))
    with pytest.raises(UsageError, match="a number from 0"):
        MultiResolutionMelLoss(22050, -1.0)
