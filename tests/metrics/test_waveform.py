import numpy as np
import pytest

from hsbench.metrics.base import info
from hsbench.metrics.suite import Scorer

DEFINED = (
    "noise20",
    "noise5",
    "lowpass3k",
    "half_gain_noise30",
    "shift3",
    "inr_lp1500_snr10",
    "identical",
    "half_digital_silence",
)
NAMES = {"MSE": "mse", "LSD": "lsd", "SI-SNR": "si_snr", "PESQ": "pesq", "STOI": "stoi", "CDPAM": "cdpam"}


def value(x, y, metric, rate=22050):
    with Scorer(rate) as scorer:
        ((_, scores),) = scorer.score([("", x, y, [metric])])
    result = scores[metric]
    assert result.status == "ok", result
    return result.value


def signal(seed=0, samples=32768):
    rng = np.random.default_rng(seed)
    return np.sin(np.arange(samples) * 0.05) * 0.5 + 0.1 * rng.standard_normal(samples)


def noisy(x, level, seed=1):
    return x + level * np.random.default_rng(seed).standard_normal(x.size)


@pytest.mark.parametrize("pair", DEFINED)
@pytest.mark.parametrize("metric", NAMES)
def test_parity_with_the_reference(golden, pair, metric):
    want, tolerance = golden["values"][pair][metric], golden["tolerance"][metric]
    got = value(*golden["pairs"][pair], NAMES[metric])
    assert got == pytest.approx(want, rel=tolerance.get("rel", 0), abs=tolerance.get("abs", 0))


@pytest.mark.parametrize(("metric", "ideal"), [("mse", 0), ("mae", 0), ("lsd", 0)])
def test_an_identical_estimate_has_the_ideal_value(metric, ideal):
    assert value(signal(), signal(), metric) == pytest.approx(ideal, abs=1e-8)


def test_only_eps_limits_the_ratios_of_an_identical_estimate():
    x = signal()
    assert value(x, x, "snr") == pytest.approx(10 * np.log10((x @ x + 2**-23) / 2**-23))
    assert value(x, x, "si_snr") > 90


@pytest.mark.parametrize("gain", [0.25, 2.0, -1.0])
def test_si_snr_alone_does_not_depend_on_level_polarity_and_offset(gain):
    x = signal()
    y = noisy(x, 0.1)
    assert value(x, gain * y, "si_snr") == pytest.approx(value(x, y, "si_snr"), abs=1e-3)
    assert value(x, y + 0.3, "si_snr") == pytest.approx(value(x, y, "si_snr"), abs=1e-3)
    assert value(x, gain * y, "mse") > value(x, y, "mse")
    assert value(x, gain * y, "snr") < value(x, y, "snr")


@pytest.mark.parametrize("ratio", [-40, 0, 20, 40, 60])
@pytest.mark.parametrize("gain", [0.1, 0.5, -0.9, 1.1, -30.0, 1e6])
def test_below_its_ceiling_si_snr_is_scale_invariant(ratio, gain):
    x = signal()
    noise = np.random.default_rng(3).standard_normal(x.size)
    noise -= noise.mean() + (x - x.mean()) * (noise @ (x - x.mean())) / ((x - x.mean()) @ (x - x.mean()))
    y = x + noise * np.sqrt(((x - x.mean()) ** 2).sum() / (noise**2).sum() / 10 ** (ratio / 10))
    assert value(x, y, "si_snr") == pytest.approx(ratio, abs=1e-3)
    # The noise has an energy of at least 5e-3 (60 dB), or 5e-5 at a tenth of the level; eps is 1.2e-7.
    assert value(x, gain * y, "si_snr") == pytest.approx(ratio, abs=0.02)


@pytest.mark.parametrize("gain", [0.5, -0.9, 1.0, 2.0])
def test_the_si_snr_of_a_scaled_reference_is_above_the_ceiling_and_measures_its_energy(gain):
    x = signal()
    energy = ((x - x.mean()) ** 2).sum()
    assert value(x, gain * x, "si_snr") == pytest.approx(10 * np.log10(1 + gain**2 * energy / 2**-23), abs=1e-3)
    assert value(x, gain * x, "si_snr") > info("si_snr").ceiling


def test_worst_values_of_open_scales_are_those_of_noise_at_the_level_of_the_reference():
    x = signal()
    generator = np.random.default_rng(0)
    level = np.sqrt((x**2).mean())
    estimates = [level * generator.standard_normal(x.size) for _ in range(300)]
    for metric, margin in (("snr", 0.01), ("si_snr", 2.0)):  # one SI-SNR has a standard deviation of 9.6 dB
        mean = np.mean([value(x, y, metric) for y in estimates])
        assert mean == pytest.approx(info(metric).worst, abs=margin)


def test_values_that_follow_from_the_definitions():
    x = signal()
    n = np.random.default_rng(3).standard_normal(x.size)
    n *= np.sqrt((x @ x) / (n @ n) / 10)
    assert value(x, x + n, "snr") == pytest.approx(10, abs=1e-5)
    assert value(x, x + 0.1, "mae") == pytest.approx(0.1)
    assert value(x, x + 0.1, "mse") == pytest.approx(0.01)
    assert value(x, x + 0.1, "psnr") == pytest.approx(20 * np.log10((x.max() - x.min()) / 0.1))


@pytest.mark.parametrize("metric", ["mse", "mae", "snr", "psnr", "si_snr", "si_sdr", "lsd", "mel"])
def test_more_noise_is_worse(metric):
    x = signal()
    values = [value(x, noisy(x, level), metric) for level in (0.001, 0.01, 0.1, 0.5)]
    rising = metric in ("mse", "mae", "lsd", "mel")
    assert values == sorted(values, reverse=not rising)
    assert len(set(values)) == 4


def test_si_snr_agrees_with_auraloss(golden):
    """SISDRLoss of auraloss is the negative of the same formula with another epsilon."""
    import torch
    from auraloss.time import SISDRLoss

    for pair in ("noise20", "noise5", "shift3", "half_gain_noise30"):
        x, y = golden["pairs"][pair]
        theirs = -SISDRLoss()(torch.from_numpy(y)[None, None].double(), torch.from_numpy(x)[None, None].double())
        assert value(x, y, "si_snr") == pytest.approx(theirs.item(), abs=1e-4)


def test_the_lsd_of_a_gain_of_ten_is_two():
    x = signal()
    assert value(x, 10 * x, "lsd") == pytest.approx(2, abs=1e-6)
    assert value(x, 0.1 * x, "lsd") == pytest.approx(2, abs=1e-6)


def test_lsd_is_not_symmetric(golden):
    x, y = golden["pairs"]["half_digital_silence"]
    assert value(x, y, "lsd") != pytest.approx(value(y, x, "lsd"), abs=0.1)


def test_the_lsd_of_a_silent_frame_of_the_reference_is_twelve():
    x = signal()
    x[8000:24000] = 0
    frames = 1 + 32768 // 220
    silent = sum(1 for centre in range(0, 32769, 220) if 8000 + 512 <= centre <= 24000 - 512)
    assert value(x, x, "lsd") == pytest.approx(12 * silent / frames, abs=1e-6)


def test_si_sdr_counts_an_offset_as_noise_and_si_snr_removes_it():
    x = signal()
    x -= x.mean()
    offset = 0.1
    assert value(x, x + offset, "si_sdr") == pytest.approx(10 * np.log10((x @ x) / (x.size * offset**2)), abs=1e-3)
    assert value(x, x + offset, "si_snr") > 90


@pytest.mark.parametrize("gain", [0.25, 2.0, -1.0])
def test_si_sdr_does_not_depend_on_level_and_polarity(gain):
    x = signal()
    assert value(x, gain * noisy(x, 0.1), "si_sdr") == pytest.approx(value(x, noisy(x, 0.1), "si_sdr"), abs=1e-3)


def test_without_a_mean_si_sdr_is_si_snr(golden):
    x, y = (part.astype(float) - part.astype(float).mean() for part in golden["pairs"]["noise5"])
    assert value(x, y, "si_sdr") == pytest.approx(value(x, y, "si_snr"), abs=1e-9)


@pytest.mark.filterwarnings("ignore:At least one mel filterbank")
def test_mel_is_the_distance_of_the_mel_spectrograms_of_torchaudio(golden):
    import torch
    import torchaudio

    for pair in ("noise20", "lowpass3k", "shift3"):
        signals = [torch.from_numpy(part.astype(float)) for part in golden["pairs"][pair]]
        total = 0.0
        for n_fft, bands in ((32, 5), (64, 10), (128, 20), (256, 40), (512, 80), (1024, 160), (2048, 320)):
            spectrogram = torchaudio.transforms.MelSpectrogram(
                22050, n_fft, hop_length=n_fft // 4, n_mels=bands, power=1, norm="slaney", mel_scale="slaney"
            ).double()
            levels = [spectrogram(part).clamp(min=1e-5).log10() for part in signals]
            total += (levels[0] - levels[1]).abs().mean().item()
        assert value(*golden["pairs"][pair], "mel") == pytest.approx(total, rel=1e-5)


def test_a_factor_of_ten_adds_one_to_the_mel_distance_of_each_scale():
    x = np.random.default_rng(0).standard_normal(32768)  # at full scale, no band of white noise is below the floor
    assert value(x, 10 * x, "mel") == pytest.approx(7, abs=1e-3)
    assert value(x, x, "mel") == 0
    assert value(x, -x, "mel") == pytest.approx(0, abs=1e-9)


def test_mel_is_symmetric_and_defined_for_silence():
    x, y = signal(), noisy(signal(), 0.1)
    assert value(x, y, "mel") == pytest.approx(value(y, x, "mel"), abs=1e-12)
    assert value(x, 0 * x, "mel") > value(x, y, "mel")
