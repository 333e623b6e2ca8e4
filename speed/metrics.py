"""The six metrics, pair by pair: hsbench beside plain calls of the packages.

Plain is what a script would write: pystoi, pesq after a torchaudio Resample made for the call, and CDPAM's published
network layer by layer with both clips embedded for every pair (the cdpam package itself does not load beside a
current torch). Both sides run in this process with the same thread count, in turn, and must give the same numbers.
Usage: python speed/metrics.py [--threads 2] [--clips 8]
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from typing import TYPE_CHECKING

import numpy as np
import pesq
import pystoi
import torch
from torch.nn import functional as F
from torchaudio.transforms import Resample

from hsbench.metrics import cdpam_network, cdpam_weights, known, suite

if TYPE_CHECKING:
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


def timed(run: Callable[[], float]) -> tuple[float, float]:
    """Value and seconds."""
    start = time.perf_counter()
    value = run()
    return value, time.perf_counter() - start


def ours(name: str, x: np.ndarray, y: np.ndarray) -> float:
    """One metric through the public function."""
    score = suite.score(x, y, 22050, [name])[name]
    assert score.value is not None, score
    return score.value


def forget() -> None:
    """Drop every prepared reference, in memory and on disk."""
    suite._prepared.clear()
    os.environ["HSBENCH_CACHE"] = tempfile.mkdtemp()


def compare(pairs: list[tuple[np.ndarray, np.ndarray]]) -> None:
    """Print a line per metric, and the sums over PESQ, STOI and CDPAM."""
    network = PlainCdpam()
    plain: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
        "pesq": plain_pesq,
        "stoi": lambda x, y: float(pystoi.stoi(x, y, 22050)),
        "cdpam": network,
    }
    for name in SIX:
        ours(name, *pairs[0])
    print("metric       plain      cold    cached  ratio cold  cached  largest difference")
    for name in SIX:
        rows = []
        for x, y in pairs[:3] if name == "cdpam" else pairs:
            theirs, seconds = timed(lambda x=x, y=y, name=name: plain[name](x, y)) if name in plain else (None, None)
            forget()
            mine, cold = timed(lambda x=x, y=y, name=name: ours(name, x, y))
            _, cached = timed(lambda x=x, y=y, name=name: ours(name, x, y))
            rows.append((seconds, cold, cached, abs(mine - theirs) if theirs is not None else None))
        print(line(name, rows))


def line(name: str, rows: list[tuple[float | None, float, float, float | None]]) -> str:
    """Medians in milliseconds and medians of ratios."""
    cold, cached = (1000 * statistics.median(row[side] for row in rows) for side in (1, 2))
    if rows[0][0] is None:
        return f"{name:8} {'':>9} {cold:7.1f}ms {cached:7.1f}ms"
    seconds = 1000 * statistics.median(row[0] for row in rows if row[0])
    ratios = [statistics.median(row[0] / row[side] for row in rows if row[0]) for side in (1, 2)]
    worst = max(row[3] for row in rows if row[3] is not None)
    return f"{name:8} {seconds:7.1f}ms {cold:7.1f}ms {cached:7.1f}ms {ratios[0]:11.2f} {ratios[1]:7.2f} {worst:19.1e}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--clips", type=int, default=8)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"{options.clips} clips of {known.SAMPLES} samples, {options.threads} threads, torch {torch.__version__}")
    noise = np.random.default_rng(0).standard_normal((options.clips, known.SAMPLES))
    speech = [known.speech(seed) for seed in range(options.clips)]
    compare([(x, x + 0.01 * n) for x, n in zip(speech, noise, strict=True)])


if __name__ == "__main__":
    main()
