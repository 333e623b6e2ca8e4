"""Known values: the value of each metric on waveforms that a formula defines, to find out why a number differs.

The first five pairs are speech-like waveforms with the values of the HyperSound reference (WUT-AI/hypersound at commit
1455c27, run unmodified with torchmetrics 0.9.3, pystoi 0.3.3, pesq 0.0.4, cdpam 0.0.6). The tolerances allow for what
is different here, mainly the resampler before PESQ. The values of the last pair follow from the definitions. Metrics
that the reference does not have are compared with the packages that define or can compute them.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import signal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pair = tuple[NDArray[np.float32], NDArray[np.float32]]

RATE, SAMPLES = 22050, 32768


@dataclass(frozen=True)
class Known:
    """One known value.

    Attributes:
        metric: registered name of the metric.
        pair: name of the pair, see `pairs`.
        want: expected value.
        tolerance: largest absolute difference that counts as equal.
        source: origin of the expected value, "HyperSound reference", "definition", or a package with its version.
    """

    metric: str
    pair: str
    want: float
    tolerance: float
    source: str


_REFERENCE = {
    "noise20": (
        0.00010373764962423593,
        1.9058053493499756,
        19.749608993530273,
        1.9720940589904785,
        0.8815871477127075,
        0.7507437467575073,
    ),
    "half_gain_noise30": (
        0.0022264281287789345,
        1.0765156745910645,
        29.880355834960938,
        3.241971492767334,
        0.9558427929878235,
        0.3274727165699005,
    ),
    "shift3": (
        0.001845108112320304,
        0.7159969806671143,
        4.219269752502441,
        4.012535572052002,
        0.995669960975647,
        0.0611809603869915,
    ),
    "half_digital_silence": (
        0.003500652266666293,
        6.520040035247803,
        2.297795295715332,
        3.197819471359253,
        0.8706620931625366,
        0.8513280749320984,
    ),
    "identical": (0.0, 4.6022557292912936e-11, 94.43626403808594, 4.643888473510742, 1.0, 0.0),
}
_TOLERANCE = {
    "mse": (0.0, 1e-5),
    "lsd": (1e-3, 1e-3),
    "si_snr": (5e-3, 0.0),
    "pesq": (0.02, 0.0),
    "stoi": (1e-6, 0.0),
    "cdpam": (2e-6, 1e-5),
}


_PACKAGES = [
    Known("mel", "noise20", 2.661237894300308, 1e-5, "torchaudio 2.11.0"),
    Known("estoi", "noise20", 0.7755336772116781, 1e-6, "pystoi 0.4.1"),
    Known("visqol", "noise20", 3.7039076294266713, 0.01, "visqol-python 3.8.0"),
]
"""Values of packages that were called without hsbench, for metrics that the reference does not have."""


def values() -> list[Known]:
    """Return every known value."""
    known = []
    for pair, wants in _REFERENCE.items():
        for (metric, (absolute, relative)), want in zip(_TOLERANCE.items(), wants, strict=True):
            known.append(Known(metric, pair, want, absolute + relative * abs(want), "HyperSound reference"))
    tone, _ = pairs()["offset"]
    span = float(tone.max()) - float(tone.min())
    for metric, want in (
        ("si_sdr", 10 * math.log10(0.125 / 0.01)),  # the mean of the tone is 0, so the offset is the whole noise
        ("mae", 0.1),
        ("mse", 0.01),
        ("psnr", 20 * math.log10(span / 0.1)),
        ("snr", 10 * math.log10(0.125 / 0.01)),
    ):
        known.append(Known(metric, "offset", want, 1e-4, "definition"))
    for metric, want in (("mr_stft", 0.0), ("mel", 0.0), ("estoi", 1.0), ("visqol", 5.0)):
        known.append(Known(metric, "identical", want, 1e-5, "definition"))
    return [*known, *_PACKAGES]


def pairs() -> dict[str, Pair]:
    """Return the pairs by name: (reference, estimate), each [32768] float32 at 22 050 Hz."""
    tone = 0.5 * np.sin(2 * np.pi * 100 * np.arange(SAMPLES) / SAMPLES)
    half = speech(11) * (np.arange(SAMPLES) < SAMPLES // 2)
    by_name = {
        "noise20": (speech(0), _noisy(speech(0), 20, 0)),
        "half_gain_noise30": (speech(5), 0.5 * _noisy(speech(5), 30, 5)),
        "shift3": (speech(7), _noisy(np.roll(speech(7), 3), 40, 7)),
        "half_digital_silence": (half, _noisy(speech(11), 25, 12)),
        "identical": (speech(1), speech(1)),
        "offset": (tone, tone + 0.1),
    }
    return {name: (x.astype(np.float32), y.astype(np.float32)) for name, (x, y) in by_name.items()}


_VOWELS = np.array(
    [(730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410), (490, 1350, 1690)]
)


def speech(seed: int) -> NDArray[np.float64]:
    """Return a speech-like waveform [32768]: a gliding pulse train through the formants of vowels, with breath noise.

    It has six syllables, each with a vowel and a level of its own; the fourth is nearly silent.

    Args:
        seed: of the random choices.
    """
    random = np.random.RandomState(seed)
    time = np.arange(SAMPLES) / RATE
    pitch = (
        95 + 110 * random.rand() + 18 * np.sin(2 * np.pi * (0.7 + random.rand()) * time + random.rand() * 6) - 12 * time
    )
    pulses = (np.diff(np.floor(np.cumsum(pitch / RATE)), prepend=0) > 0).astype(float)
    source = signal.lfilter([1], [1, -0.96], pulses + 0.01 * random.standard_normal(SAMPLES))
    band = signal.butter(4, [3500 / (RATE / 2), 8000 / (RATE / 2)], "band")
    waveform, edges = np.zeros(SAMPLES), np.linspace(0, SAMPLES, 7).astype(int)
    for syllable, (start, end) in enumerate(itertools.pairwise(edges)):
        voiced = _formants(source, _VOWELS[random.randint(len(_VOWELS))])
        envelope = np.zeros(SAMPLES)
        envelope[start:end] = np.sin(np.pi * (np.arange(end - start) + 0.5) / (end - start)) ** 0.7
        if syllable == 3:
            envelope *= 0.02
        waveform += envelope * voiced * (0.5 + 0.5 * random.rand())
        breath = signal.lfilter(*band, random.standard_normal(SAMPLES))
        waveform += 0.03 * np.abs(waveform).max() * breath * np.roll(envelope, (end - start) // 2)
    return np.asarray(waveform / np.abs(waveform).max() * 0.6 + 2e-4 * random.standard_normal(SAMPLES))


def _formants(source: NDArray[np.float64], frequencies: NDArray[np.int64]) -> NDArray[np.float64]:
    """Filter a waveform [samples] by three resonances of the vocal tract at the frequencies [3] in Hz."""
    voiced = source.copy()
    for frequency, width in zip(frequencies, (80, 110, 160), strict=True):
        radius = np.exp(-np.pi * width / RATE)
        poles = [1, -2 * radius * np.cos(2 * np.pi * frequency / RATE), radius * radius]
        voiced = signal.lfilter([sum(poles)], poles, voiced)
    return np.asarray(voiced)


def _noisy(clean: NDArray[np.float64], ratio: float, seed: int) -> NDArray[np.float64]:
    """Add white noise to a waveform [32768] at a signal-to-noise ratio in dB."""
    noise = np.random.RandomState(1000 + seed).standard_normal(SAMPLES)
    return np.asarray(clean + noise * np.sqrt((clean**2).mean() / (noise**2).mean() / 10 ** (ratio / 10)))
