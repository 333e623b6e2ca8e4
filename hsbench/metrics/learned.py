"""Learned metrics: CDPAM, contrastive learning for perceptual audio similarity.

Conventions
    x = reference, y = estimate, both [samples] at 22 050 Hz, full scale +-1.

Metrics
    cdpam   the learned distance between the embeddings of round(32768 x) and round(32768 y), weights of cdpam 0.0.6
            0 .. , lower is better

Undefined
    "too_short" below 841 samples, the receptive field of one frame of the encoder;
    "unavailable" where the weight file of the package is missing or is not the published one.
    A silent reference or estimate has a value.

Limits
    The network expects 16-bit integers: without the factor 32768, distances are near 4e-6 and look perfect.
    The weights come from the package cdpam, which is never imported.

References
    Manocha et al., "CDPAM: Contrastive Learning for Perceptual Audio Similarity", ICASSP 2021.
    Checked against the package's own network, its published pair, and the HyperSound reference.
"""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING

import numpy as np

from hsbench.descriptors import MetricDescriptor, MetricInfo
from hsbench.files import cache_folder, replace_atomically

if TYPE_CHECKING:
    from pathlib import Path

    import torch
    from numpy.typing import NDArray

DESCRIPTORS = [
    MetricDescriptor(
        name="cdpam",
        target="hsbench.metrics.learned:cdpam",
        summary="learned perceptual distance",
        needs=("torch", "cdpam"),
        info=MetricInfo(
            label="CDPAM",
            better="lower",
            ideal=0.0,
            bounds=(0.0, None),
            sample_rate=22050,
            tolerance=1e-5,
            min_samples=841,
        ),
    ),
]

SCALE = 32768


class Cdpam:
    """CDPAM of a pair, or of a prepared reference and an estimate.

    Attributes:
        device: device on which the encoder runs, "cpu" or "cuda".
    """

    device = "cpu"

    def __call__(self, reference: NDArray[np.float64], estimate: NDArray[np.float64], sample_rate: int) -> float:
        """Return the distance of a pair; both [samples] at 22 050 Hz."""
        return self.compare(self.prepare(reference, sample_rate), estimate, sample_rate)

    def prepare(self, reference: NDArray[np.float64], sample_rate: int) -> torch.Tensor:
        """Return the embedding [512] of a reference [samples]; it is stored under HSBENCH_CACHE by content."""
        del sample_rate
        import torch

        from hsbench.metrics.cdpam_network import USED, network

        scaled = _scaled(reference)
        path = self._cache_path(scaled)
        with contextlib.suppress(OSError):
            data = path.read_bytes()
            if len(data) == 4 * USED and np.isfinite(stored := np.frombuffer(data, np.float32)).all():
                return torch.from_numpy(stored.copy())
        embedding = network(self.device).embed(scaled)
        with contextlib.suppress(OSError):  # without a cache, the embedding is computed again next time
            replace_atomically(path, embedding.numpy().tobytes())
        return embedding

    def compare(self, prepared: torch.Tensor, estimate: NDArray[np.float64], sample_rate: int) -> float:
        """Return the distance of an estimate [samples] from the embedding of its reference."""
        del sample_rate
        from hsbench.metrics.cdpam_network import network

        net = network(self.device)
        return net.distance(prepared, net.embed(_scaled(estimate)))

    def _cache_path(self, scaled: torch.Tensor) -> Path:
        from hsbench.metrics import cdpam_weights

        digest = hashlib.sha256(scaled.numpy().tobytes()).hexdigest()
        return cache_folder() / "cdpam" / f"{cdpam_weights.SHA256[:8]}-{self.device}" / f"{digest}.f32"


cdpam = Cdpam()


def _scaled(signal: NDArray[np.float64]) -> torch.Tensor:
    """Return a waveform [samples] at full scale +-1 in units of 16-bit integers, rounded, as float32."""
    import torch

    return torch.from_numpy(np.round(np.asarray(signal, np.float32) * np.float32(SCALE)))
