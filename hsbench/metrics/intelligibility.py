"""Intelligibility metrics: STOI, the short-time objective intelligibility.

Conventions
    x = reference, y = estimate, both [samples], float64, at any rate (22 050 Hz in the benchmark).

Metrics
    stoi    Both signals go to 10 kHz; frames of 256 samples every 128 whose reference lies more than 40 dB below the
            loudest are dropped; the rest is analysed in 15 third-octave bands from 150 Hz; over every 30 frames each
            band of y is scaled to x's energy, limited to 15 dB above x, and correlated with x; the mean over bands
            and segments.
            -1 .. 1, higher is better (not the extended variant)

Undefined
    for a silent reference or estimate; "not_enough_frames" where fewer than 30 frames are left (pystoi gives 1e-5).

References
    Taal et al., "A Short-Time Objective Intelligibility Measure for Time-Frequency Weighted Noisy Speech", ICASSP 2010.
    The arithmetic is pystoi's (to 1e-12) without its waste: the filter of the resampler is designed once, frames are
    views, and the reference side is prepared once. Checked against pystoi and the HyperSound reference.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from hsbench.descriptors import MetricDescriptor, MetricInfo
from hsbench.metrics.base import Undefined

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Signal = NDArray[np.float64]

DESCRIPTORS = [
    MetricDescriptor(
        name="stoi",
        target="hsbench.metrics.intelligibility:stoi",
        summary="short-time objective intelligibility",
        needs=("scipy",),
        info=MetricInfo(
            label="STOI",
            better="higher",
            ideal=1.0,
            bounds=(-1.0, 1.0),
            tolerance=1e-9,
            undefined_for=("target_silent", "estimate_silent"),
            decimals=3,
            in_pool=True,
        ),
    ),
]

RATE, FRAME, HOP, FFT = 10_000, 256, 128, 512
BANDS, LOWEST = 15, 150.0
SEGMENT = 30
CEILING = 1 + 10 ** (15 / 20)
EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Prepared:
    """The reference side of STOI.

    Attributes:
        kept: which frames at 10 kHz are loud enough, [frames] bool.
        segments: third-octave magnitudes, [segments, bands, 30].
        norms: of the segments, [segments, bands, 1].
        unit: the segments without mean and divided by their norm, [segments, bands, 30].
    """

    kept: NDArray[np.bool_]
    segments: Signal
    norms: Signal
    unit: Signal


class Stoi:
    """STOI as a function of a pair, or of a prepared reference and an estimate."""

    def __call__(self, reference: Signal, estimate: Signal, sample_rate: int) -> float:
        """Score a pair, both [samples].

        Raises:
            Undefined: "not_enough_frames".
        """
        return self.compare(self.prepare(reference, sample_rate), estimate, sample_rate)

    def prepare(self, reference: Signal, sample_rate: int) -> Prepared:
        """The reference side, to be used for many estimates; [samples].

        Raises:
            Undefined: "not_enough_frames".
        """
        frames = _frames(_at_10k(reference, sample_rate)) * _window()
        if len(frames) == 0:
            raise Undefined("not_enough_frames")
        level = 20 * np.log10(np.linalg.norm(frames, axis=1) + EPS)
        kept = level.max() - 40 - level < 0
        segments = _segments(frames[kept])
        unit, norms = _unit(segments), np.linalg.norm(segments, axis=2, keepdims=True)
        return Prepared(kept, segments, norms, unit)

    def compare(self, prepared: Prepared, estimate: Signal, sample_rate: int) -> float:
        """Score an estimate [samples] against a prepared reference of the same length."""
        frames = _frames(_at_10k(estimate, sample_rate)) * _window()
        segments = _segments(frames[prepared.kept])
        scale = prepared.norms / (np.linalg.norm(segments, axis=2, keepdims=True) + EPS)
        limited = np.minimum(segments * scale, prepared.segments * CEILING)
        count = segments.shape[0] * segments.shape[1]
        return float(np.sum(_unit(limited) * prepared.unit) / count)


stoi = Stoi()


def _unit(segments: Signal) -> Signal:
    centred = segments - segments.mean(axis=2, keepdims=True)
    return np.asarray(centred / (np.linalg.norm(centred, axis=2, keepdims=True) + EPS))


def _frames(signal: Signal) -> Signal:
    """[samples] -> [frames, 256]; a frame that would end with the last sample is left out, as in the original."""
    count = max(0, math.ceil((signal.size - FRAME) / HOP))
    if count == 0:
        return np.zeros((0, FRAME))
    return sliding_window_view(signal, FRAME)[: count * HOP : HOP]


def _segments(frames: Signal) -> Signal:
    """Windowed frames that were kept -> third-octave magnitudes of 30 successive frames: [segments, bands, 30]."""
    joined = np.zeros((len(frames) - 1) * HOP + FRAME if len(frames) else 0)
    for half in (0, 1):
        part = frames[:, half * HOP : (half + 1) * HOP].reshape(-1)
        joined[half * HOP : half * HOP + part.size] += part
    again = _frames(joined) * _window()
    if len(again) < SEGMENT:
        raise Undefined("not_enough_frames")
    power = np.abs(np.fft.rfft(again, n=FFT)) ** 2
    bands = np.sqrt(_bands() @ power.T)
    return np.ascontiguousarray(sliding_window_view(bands, SEGMENT, axis=1).transpose(1, 0, 2))


@functools.cache
def _window() -> Signal:
    return np.asarray(np.hanning(FRAME + 2)[1:-1])


@functools.cache
def _bands() -> Signal:
    """Which bins of the transform make up each third-octave band: [bands, bins] of zeros and ones."""
    bins = np.linspace(0, RATE, FFT + 1)[: FFT // 2 + 1]
    edges = [LOWEST * 2.0 ** ((2 * np.arange(BANDS) + side) / 6) for side in (-1, 1)]
    low, high = ([int(np.argmin((bins - edge) ** 2)) for edge in side] for side in edges)
    members = np.arange(bins.size)
    return np.stack([(members >= a) & (members < b) for a, b in zip(low, high, strict=True)]).astype(np.float64)


def _at_10k(signal: Signal, rate: int) -> Signal:
    from scipy.signal import resample_poly

    if rate == RATE:
        return signal
    return np.asarray(resample_poly(signal, RATE, rate, window=_filter(rate)))


@functools.lru_cache(maxsize=8)
def _filter(rate: int) -> Signal:
    """Octave's default anti-alias filter from `rate` to 10 kHz: a Kaiser-windowed sinc, 60 dB rejection, unit sum."""
    common = math.gcd(RATE, rate)
    up, down = RATE // common, rate // common
    stop = 1 / (2 * max(up, down))
    rejection = 60.0
    half = math.ceil((rejection - 8) / (28.714 * stop / 10))
    taps = np.arange(-half, half + 1)
    ideal = 2 * up * stop * np.sinc(2 * stop * taps)
    shaped = np.kaiser(2 * half + 1, 0.1102 * (rejection - 8.7)) * ideal
    return np.asarray(shaped / shaped.sum())
