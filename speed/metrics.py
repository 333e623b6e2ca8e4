"""The six metrics, pair by pair: hsbench beside plain calls of the packages.

Plain is what a script would write: pystoi, pesq after a torchaudio Resample made for the call, and CDPAM's published
network layer by layer with both clips embedded for every pair (the cdpam package itself does not load beside a
current torch). Both sides run in this process with the same thread count, in turn, and must give the same numbers.
CDPAM is compared on three clips at most.
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
from hsbench.metrics import cdpam_network, cdpam_weights, known, suite

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

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
    score = suite.score(x, y, 22050, [name])[name]
    assert score.value is not None, score
    return score.value


def forget() -> None:
    """Drop every prepared reference, in memory and on disk."""
    suite._prepared.clear()
    os.environ["HSBENCH_CACHE"] = tempfile.mkdtemp()


def compare(pairs: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, list[dict[str, float]]]:
    """Metric -> seconds of each pair: plain, cold and cached, and how far the values lie apart."""
    plain: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
        "mse": lambda x, y: float(np.mean((x - y) ** 2)),
        "lsd": plain_lsd,
        "si_snr": plain_si_snr,
        "pesq": plain_pesq,
        "stoi": lambda x, y: float(pystoi.stoi(x, y, 22050)),
        "cdpam": PlainCdpam(),
    }
    found: dict[str, list[dict[str, float]]] = {name: [] for name in SIX}
    for name in SIX:
        ours(name, *pairs[0])
        for x, y in pairs[:3] if name == "cdpam" else pairs:
            one = {}
            one["plain"], want = timed(lambda x=x, y=y, name=name: plain[name](x, y))
            forget()
            one["cold"], got = timed(lambda x=x, y=y, name=name: ours(name, x, y))
            one["cached"], _ = timed(lambda x=x, y=y, name=name: ours(name, x, y))
            found[name].append({**one, "apart": abs(got - want)})
    return found


def rows(found: dict[str, list[dict[str, float]]]) -> list[bench.Line]:
    """A row per slow metric, and those of all six that have a target."""
    lines = []
    for name in ("pesq", "stoi", "cdpam"):
        for way in ("cold", "cached"):
            apart = max(one["apart"] for one in found[name])
            rounds = [(one["plain"], one[way]) for one in found[name]]
            lines.append(bench.compared(f"{name}, per pair, {way}", rounds, remark=f"apart by {apart:.0e} at most"))
    for names, way, target, said in (
        (SIX, "cached", 8, "six metrics, per pair, reference side cached"),
        (SIX, "cold", 4, "six metrics, per pair, cold"),
        (SIX[:-1], "cached", 3, "five metrics (without CDPAM), per pair, cached"),
    ):
        count = min(len(found[name]) for name in names)
        rounds = [
            tuple(sum(found[name][pair][side] for name in names) for side in ("plain", way)) for pair in range(count)
        ]
        lines.append(bench.compared(said, rounds, at_least=target))
    return lines


def measure(options: argparse.Namespace) -> list[bench.Line]:
    """Speech-like sounds beside themselves with a little noise."""
    noise = np.random.default_rng(0).standard_normal((options.clips, known.SAMPLES))
    speech = [known.speech(seed) for seed in range(options.clips)]
    found = compare([(x, x + 0.01 * n) for x, n in zip(speech, noise, strict=True)])
    worst = {name: max(one["apart"] for one in pairs) for name, pairs in found.items()}
    assert all(apart < 1e-5 for apart in worst.values()), f"the values differ: {worst}"
    return rows(found)


def extra(parser: argparse.ArgumentParser) -> None:
    """How much to score."""
    parser.add_argument("--clips", type=int, default=8)


if __name__ == "__main__":
    bench.main(__doc__, measure, options=extra)
