"""The six metrics: hsbench beside plain calls of the packages.

Plain is what a script would write: pystoi, pesq after a torchaudio Resample made for the call, and CDPAM's published
network layer by layer with both clips embedded for every pair (the cdpam package itself does not load beside a
current torch), one pair at a time. Both sides run with the same thread count, in turn, and must give the same numbers.
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
    """The published network as it is written: every layer in full, normalisation apart, decimation after the fact."""

    def __init__(self) -> None:
        self.state = cdpam_weights.load(cdpam_weights.find())
        self.distance = cdpam_network.Network(self.state).distance

    @torch.inference_mode()
    def embed(self, signal: np.ndarray) -> torch.Tensor:
        """[samples] at full scale -> [512]."""
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
        """Both clips, anew for every pair."""
        return self.distance(self.embed(x), self.embed(y))


def plain_pesq(x: np.ndarray, y: np.ndarray) -> float:
    """Resample both with a kernel made anew, then the package."""
    low = [Resample(22050, 16000, **KERNEL)(torch.from_numpy(s.astype(np.float32))).numpy() for s in (x, y)]
    return float(pesq.pesq(16000, *low, "wb"))


def plain_lsd(x: np.ndarray, y: np.ndarray) -> float:
    """A transform per signal."""
    window = torch.hann_window(1024, dtype=torch.float64)
    pair = [
        torch.stft(torch.from_numpy(one), 1024, 220, window=window, pad_mode="constant", return_complex=True).abs()
        for one in (x, y)
    ]
    distance = torch.log10(pair[0] ** 2 / (pair[1] + 1e-12) ** 2 + 1e-12) ** 2
    return float(distance.mean(dim=0).sqrt().mean())


def plain_si_snr(x: np.ndarray, y: np.ndarray) -> float:
    """The definition."""
    x, y, eps = x - x.mean(), y - y.mean(), float(np.finfo(np.float32).eps)
    target = (x @ y + eps) / (x @ x + eps) * x
    noise = target - y
    return float(10 * np.log10((target @ target + eps) / (noise @ noise + eps)))


def timed(run: Callable[[], float]) -> tuple[float, float]:
    """Seconds and value."""
    start = time.perf_counter()
    value = run()
    return time.perf_counter() - start, value


def ours(name: str, x: np.ndarray, y: np.ndarray) -> float:
    """One metric through the public function."""
    score = hsbench.score(x, y, 22050, [name])[name]
    assert score.value is not None, score
    return score.value


def forget() -> None:
    """Drop every prepared reference, in memory and on disk."""
    suite._prepared.clear()
    os.environ["HSBENCH_CACHE"] = tempfile.mkdtemp()


PLAIN: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "mse": lambda x, y: float(np.mean((x - y) ** 2)),
    "lsd": plain_lsd,
    "si_snr": plain_si_snr,
    "pesq": plain_pesq,
    "stoi": lambda x, y: float(pystoi.stoi(x, y, 22050)),
}


def alone(name: str, pairs: Sequence[Pair]) -> list[bench.Line]:
    """A metric by itself: pair by pair, in this process."""
    ours(name, *pairs[0])
    found, apart = [], 0.0
    for x, y in pairs:
        plain, want = timed(lambda x=x, y=y: PLAIN[name](x, y))
        forget()
        cold, got = timed(lambda x=x, y=y: ours(name, x, y))
        cached, _ = timed(lambda x=x, y=y: ours(name, x, y))
        found.append((plain, cold, cached))
        apart = max(apart, abs(got - want))
    assert apart < 1e-5, f"{name}: the values differ by {apart}"
    remark = f"apart by {apart:.0e} at most"
    return [
        bench.compared(f"{name}, per pair, {way}", [(one[0], one[side]) for one in found], remark=remark)
        for side, way in ((1, "cold"), (2, "cached"))
    ]


def as_run(names: Sequence[str], rounds: Sequence[Sequence[Pair]], workers: int) -> list[list[tuple[float, float]]]:
    """Rounds of (plain, ours) seconds per pair, cold and cached, as a run scores: with a pool for PESQ and STOI."""
    found: list[list[tuple[float, float]]] = [[], []]
    with suite.Scorer(22050, workers=workers) as scorer:
        list(scorer.score([(str(n), *pair, names) for n, pair in enumerate(rounds[0])]))  # starts the pool
        for pairs in rounds:
            forget()
            plain = bench.seconds(lambda pairs=pairs: [PLAIN[name](*pair) for pair in pairs for name in names])
            asked = [(str(number), *pair, names) for number, pair in enumerate(pairs)]
            for way in found:
                way.append(
                    (plain / len(pairs), bench.seconds(lambda asked=asked: list(scorer.score(asked))) / len(pairs))
                )
    return found


def measure(options: argparse.Namespace) -> list[bench.Line]:
    """Speech-like sounds beside themselves with a little noise."""

    def pairs(first: int, count: int) -> list[Pair]:
        noise = np.random.default_rng(first).standard_normal((count, known.SAMPLES))
        speech = [known.speech(first + number) for number in range(count)]
        return [(x, x + 0.01 * n) for x, n in zip(speech, noise, strict=True)]

    PLAIN["cdpam"] = PlainCdpam()
    lines = [
        line
        for name, count in (("pesq", options.clips), ("stoi", options.clips), ("cdpam", 3))
        for line in alone(name, pairs(0, count))
    ]
    cold, cached = as_run(SIX, [pairs(100 * number, 2) for number in range(1, 1 + options.rounds)], options.threads)
    five = as_run(SIX[:-1], [pairs(1000 * number, 16) for number in range(1, 1 + options.rounds)], options.threads)
    remark = "as a run scores: PESQ and STOI in a pool of processes, which is up"
    return [
        *lines,
        bench.compared("six metrics, per pair, reference side cached", cached, at_least=8, remark=remark),
        bench.compared("six metrics, per pair, cold", cold, at_least=4, remark=remark),
        bench.compared("five metrics (without CDPAM), per pair", five[0], at_least=3, remark=remark),
    ]


def extra(parser: argparse.ArgumentParser) -> None:
    """How much to score."""
    parser.add_argument("--clips", type=int, default=8)


if __name__ == "__main__":
    bench.main(__doc__, measure, options=extra)
