"""Spectral losses: parity with the reference code, frequency weighting, root over the batch, gradients."""

import math

import pytest
import torch

from hsbench.audio.stft import magnitude
from hsbench.errors import UnknownNameError, UsageError
from hsbench.fit.losses import BANDS, FLOOR, MultiResolutionMelLoss, spectral


@pytest.fixture(scope="module")
def pair():
    """The two signals, [1, 32768] each, from which the golden values were computed."""
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
    for size, expected in golden_models["stft_loss/per_resolution"].items():
        assert loss._at(*pair, int(size), 0).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("p", [0.2, 0.5, 1.0])
@pytest.mark.parametrize("epoch", [0, 250, 500])
def test_parity_of_the_frequency_weighting(golden_models, pair, p, epoch):
    loss, expected = MultiResolutionMelLoss(22050, p), golden_models[f"freq_weight/p{p}/epoch{epoch}"]
    weights = loss.weights(BANDS, epoch)
    assert [weights[0].item(), weights[63].item(), weights[-1].item()] == pytest.approx(
        [expected["first"], expected["mid"], expected["last"]], rel=1e-5
    )
    assert weights.sum().item() == pytest.approx(expected["sum"], rel=1e-6)
    assert loss(*pair, epoch).item() == pytest.approx(expected["loss"], rel=1e-5)


def test_weights_stop_growing_at_epoch_500_and_the_papers_form_differs(pair):
    loss = MultiResolutionMelLoss(22050, 0.5)
    assert torch.equal(loss.weights(128, 500), loss.weights(128, 9999))
    spectrum = MultiResolutionMelLoss(22050, 0.5, "spectrum")
    assert spectrum(*pair, 0).item() == pytest.approx(loss(*pair, 0).item(), rel=1e-6)
    assert abs(spectrum(*pair, 500).item() / loss(*pair, 500).item() - 1) > 0.05


def test_the_weighting_of_the_spectrum_multiplies_both_spectra_by_frequency(pair):
    loss, difference = MultiResolutionMelLoss(22050, 0.5, "spectrum"), 0
    weights = loss.weights(257, 250).float()[:, None]
    for signal, sign in zip(pair, (1, -1), strict=True):
        difference = difference + sign * loss._bank(512, signal) @ (weights * magnitude(signal, 512, 128, floor=FLOOR))
    expected = difference.abs().mean() + difference.square().mean().sqrt()
    assert loss._at(*pair, 512, 250).item() == pytest.approx(expected.item(), rel=1e-5)


def test_a_perfect_estimate_has_loss_0_and_a_larger_error_costs_more(pair):
    loss, (x, y) = MultiResolutionMelLoss(22050), pair
    assert loss(x, x).item() == 0
    errors = [loss(x, x + scale * (y - x)).item() for scale in (0.1, 0.5, 1.0, 2.0)]
    assert errors == sorted(errors)


def test_the_loss_of_a_batch_exceeds_the_mean_of_its_clips(pair):
    loss, (x, y) = MultiResolutionMelLoss(22050), pair
    near, far = x + 0.1 * (y - x), y
    of_the_batch = loss(torch.cat([x, x]), torch.cat([near, far])).item()
    mean_of_the_clips = (loss(x, near).item() + loss(x, far).item()) / 2
    assert of_the_batch > mean_of_the_clips * 1.01


def test_below_the_floor_there_is_no_gradient():
    silence, faint = torch.zeros(1, 4096), torch.full((1, 4096), 1e-9, requires_grad=True)
    MultiResolutionMelLoss(22050)(silence, faint).backward()
    assert faint.grad.abs().max() == 0


def test_gradients_equal_finite_differences():
    generator = torch.Generator().manual_seed(0)
    x, y = (torch.rand(2, 1200, generator=generator, dtype=torch.float64) - 0.5 for _ in range(2))
    loss, direction = MultiResolutionMelLoss(22050, 0.5), torch.randn(2, 1200, generator=generator, dtype=torch.float64)
    y.requires_grad_()
    loss(x, y, 300).backward()
    step = 1e-6
    with torch.no_grad():
        slope = (loss(x, y + step * direction, 300) - loss(x, y - step * direction, 300)) / (2 * step)
    assert (y.grad * direction).sum().item() == pytest.approx(slope.item(), rel=1e-5)


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor")  # torch's tracer reads it
@pytest.mark.parametrize(("p", "weighted"), [(0.0, "mel_amplitude"), (0.5, "mel_amplitude"), (0.5, "spectrum")])
def test_the_compiled_form_has_the_same_loss_and_gradient(pair, p, weighted):
    plain, compiled = (MultiResolutionMelLoss(22050, p, weighted) for _ in range(2))
    compiled.compile("eager")
    (x, y), found = pair, []
    y = torch.cat([y, 0 * y])  # a silent clip lies below the floor
    for loss in (plain, compiled):
        estimate = y.clone().requires_grad_()
        value = loss(torch.cat([x, x]), estimate, 300)
        value.backward()
        found.append((value.item(), estimate.grad))
    assert found[1][0] == pytest.approx(found[0][0], rel=1e-6)
    assert (found[1][1] - found[0][1]).norm() < 1e-5 * found[0][1].norm()
    assert torch.equal(found[1][1][1], torch.zeros(32768))


def test_pwg_is_0_for_a_perfect_estimate_only(pair):
    x, y = pair
    loss = spectral("pwg", 22050, 0.0, "mel_amplitude", lambda mean: mean)
    assert loss(x, x, 0).item() == pytest.approx(0, abs=1e-6)
    assert loss(x, y, 0).item() > 0.1


def test_invalid_arguments_are_refused_in_a_sentence(pair):
    with pytest.raises(UnknownNameError, match="did you mean 'mel'"):
        spectral("mell", 22050, 0.0, "mel_amplitude", lambda mean: mean)
    with pytest.raises(UsageError, match="one shape and more than 1024 samples"):
        MultiResolutionMelLoss(22050)(torch.zeros(1, 1024), torch.zeros(1, 1024))
    with pytest.raises(UsageError, match="a number from 0"):
        MultiResolutionMelLoss(22050, -1.0)


def test_no_spectral_loss_is_zero_and_takes_no_weighting():
    x = torch.randn(2, 4096)
    none = spectral("none", 22050, 0.0, "mel_amplitude", lambda mean: mean)
    assert none(x, x + 1, 3) == 0
    with pytest.raises(UsageError, match="loss none takes no frequency weighting"):
        spectral("none", 22050, 0.5, "mel_amplitude", lambda mean: mean)
