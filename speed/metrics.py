"""Measure the six metrics: hsbench and plain calls of the packages.

The plain code scores one pair at a time, as a script would: pystoi; pesq after a torchaudio Resample object made for
the call; and CDPAM's published network layer by layer, which embeds both clips of every pair (the cdpam package itself
cannot be loaded with a current torch). Both sides run alternately with the same number of threads, and must give the
same numbers. "Cold" scores have no prepared reference; "cached" scores find the reference prepared.
Usage: python speed/metrics.py [--threads 2] [--clips 8]
"""

from __future__ import annotations

import os
import tempfile
import time
from typing import TYPE_CHECKING

import numpy as np
import pesq
import pystoi
import torch
from torch.nn import functional as F
from torchaudio.transforms import Resample

import bench
import hsbench
from hsbench.metrics import cdpam_network, cdpam_weights, known, suite

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    Pair = tuple[np.ndarray, np.ndarray]

SIX = ("mse", "lsd", "si_snr", "pesq", "stoi", "cdpam")
KERNEL = {
    "resampling_method": "sinc_interp_kaiser",
    "lowpass_filter_width": 64,
    "rolloff": 0.9475937167399596,
    "beta": 14.769656459379492,
}


class PlainCdpam:
    """CDPAM's published network as written: full convolutions, separate normalisation, decimation after the layer."""

    def __init__(self) -> None:
        self.state = cdpam_weights.load(cdpam_weights.find())
        self.distance = cdpam_network.Network(self.state).distance

    @torch.inference_mode()
    def embed(self, signal: np.ndarray) -> torch.Tensor:
        """Return the embedding, [512], of a waveform, [samples], full scale +-1."""
        x = torch.from_numpy(np.round(signal.astype(np.float32) * 32768)).view(1, 1, -1)
        for index in range(16):
            layer, norm = f"base_encoder.encoder.{index}", f"base_encoder.ebatch.{index}"
            x = F.conv1d(x, self.state[f"{layer}.weight"], self.state[f"{layer}.bias"], padding=7)
            moments = (self.state[f"{norm}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
            x = F.leaky_relu(F.batch_norm(x, *moments), 0.1)
            if index % 4 == 3:
                x = x[:, :, ::2]
        return x.mean(dim=2)[0, :512]

    def __call__(self, x: np.ndarray, y: np.ndarray) -> float:
        """Return the distance of two waveforms; both are embedded for every pair."""
        return self.distance(self.embed(x), self.embed(y))


def plain_pesq(x: np.ndarray, y: np.ndarray) -> float:
    """Resample both waveforms with a new Resample object each, then call the package."""
    low = [Resample(22050, 16000, **KERNEL)(torch.from_numpy(s.astype(np.float32))).numpy() for s in (x, y)]
    return float(pesq.pesq(16000, *low, "wb"))


def plain_lsd(x: np.ndarray, y: np.ndarray) -> float:
    """Compute the log-spectral distance, with one STFT for each signal."""
    window = torch.hann_window(1024, dtype=torch.float64)
    pair = [
        torch.stft(torch.from_numpy(signal), 1024, 220, window=window, pad_mode="constant", return_complex=True).abs()
        for signal in (x, y)
    ]
    distance = torch.log10(pair[0] ** 2 / (pair[1] + 1e-12) ** 2 + 1e-12) ** 2
    return float(distance.mean(dim=0).sqrt().mean())


def plain_si_snr(x: np.ndarray, y: np.ndarray) -> float:
    """Compute SI-SNR from its definition."""
    x, y, eps = x - x.mean(), y - y.mean(), float(np.finfo(np.float32).eps)
    target = (x @ y + eps) / (x @ x + eps) * x
    noise = target - y
    return float(10 * np.log10((target @ target + eps) / (noise @ noise + eps)))


def timed(run: Callable[[], float]) -> tuple[float, float]:
    """Return the time in seconds that a call takes, and its value."""
    start = time.perf_counter()
    value = run()
    return time.perf_counter() - start, value


def ours(name: str, x: np.ndarray, y: np.ndarray) -> float:
    """Score a pair with one metric of hsbench, through the public function."""
    score = hsbench.score(x, y, 22050, [name])[name]
    assert score.value is not None, score
    return score.value


def clear_prepared_references() -> None:
    """Clear all prepared references, in memory and on disk."""
    suite._prepared.clear()
    os.environ["HSBENCH_CACHE"] = tempfile.mkdtemp()


PLAIN: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "mse": lambda x, y: float(np.mean((x - y) ** 2)),
    "lsd": plain_lsd,
    "si_snr": plain_si_snr,
    "pesq": plain_pesq,
    "stoi": lambda x, y: float(pystoi.stoi(x, y, 22050)),
}


def one_metric(name: str, pairs: Sequence[Pair]) -> list[bench.Line]:
    """Measure one metric, pair by pair in this process; return its rows for cold and for cached references."""
    ours(name, *pairs[0])
    times, largest_difference = [], 0.0
    for x, y in pairs:
        plain, expected = timed(lambda x=x, y=y: PLAIN[name](x, y))
        clear_prepared_references()
        cold, value = timed(lambda x=x, y=y: ours(name, x, y))
        cached, _ = timed(lambda x=x, y=y: ours(name, x, y))
        times.append((plain, cold, cached))
        largest_difference = max(largest_difference, abs(value - expected))
    assert largest_difference < 1e-5, f"{name}: the values differ by {largest_difference}"
    remark = f"values differ by at most {largest_difference:.0e}"
    rounds = {
        "cold": [(plain, cold) for plain, cold, _ in times],
        "cached": [(plain, cached) for plain, _, cached in times],
    }
    return [
        bench.compared(f"{name}, per pair, {state}", both_sides, remark=remark) for state, both_sides in rounds.items()
    ]


def several_metrics(
    names: Sequence[str], rounds: Sequence[Sequence[Pair]], workers: int
) -> list[list[tuple[float, float]]]:
    """Measure several metrics as `hsbench run` scores them, with a pool of processes for PESQ and STOI.

    Args:
        names: metrics to score.
        rounds: pairs of each round; the first round also starts the pool, which is not timed.
        workers: processes of the pool.

    Returns:
        The times (plain, hsbench) per pair in seconds of each round, first for cold and then for cached references.
    """
    cold: list[tuple[float, float]] = []
    cached: list[tuple[float, float]] = []
    with suite.Scorer(22050, workers=workers) as scorer:
        list(scorer.score([(str(n), *pair, names) for n, pair in enumerate(rounds[0])]))  # starts the pool
        for pairs in rounds:
            clear_prepared_references()
            plain = bench.seconds(lambda pairs=pairs: [PLAIN[name](*pair) for pair in pairs for name in names])
            requests = [(str(number), *pair, names) for number, pair in enumerate(pairs)]
            for times in (cold, cached):
                elapsed = bench.seconds(lambda requests=requests: list(scorer.score(requests)))
                times.append((plain / len(pairs), elapsed / len(pairs)))
    return [cold, cached]


def measure(options: argparse.Namespace) -> list[bench.Line]:
    """Score speech-like sounds as references and the same sounds with a little noise as estimates."""

    def pairs(first: int, count: int) -> list[Pair]:
        noise = np.random.default_rng(first).standard_normal((count, known.SAMPLES))
        speech = [known.speech(first + number) for number in range(count)]
        return [(x, x + 0.01 * n) for x, n in zip(speech, noise, strict=True)]

    PLAIN["cdpam"] = PlainCdpam()
    lines = [
        line
        for name, count in (("pesq", options.clips), ("stoi", options.clips), ("cdpam", 3))
        for line in one_metric(name, pairs(0, count))
    ]
    cold, cached = several_metrics(
        SIX, [pairs(100 * number, 2) for number in range(1, 1 + options.rounds)], options.threads
    )
    five = several_metrics(
        SIX[:-1], [pairs(1000 * number, 16) for number in range(1, 1 + options.rounds)], options.threads
    )
    remark = "as in a run: PESQ and STOI in a pool of processes that is already running"
    return [
        *lines,
        bench.compared("six metrics, per pair, reference side cached", cached, at_least=8, remark=remark),
        bench.compared("six metrics, per pair, cold", cold, at_least=4, remark=remark),
        bench.compared("five metrics (without CDPAM), per pair", five[0], at_least=3, remark=remark),
    ]


def extra(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose the amount of work."""
    parser.add_argument("--clips", type=int, default=8)


if __name__ == "__main__":
    bench.main(__doc__, measure, options=extra)
