"""Small patch-wise INRs, a context, and clips to train on."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from hsbench import registry
from hsbench.audio.clip import Clip
from hsbench.audio.passages import joined
from hsbench.models.patches.adaptation import Shared
from hsbench.models.patches.siren import Weights

SAMPLES = 1024
SIZES = {"patch-inr": {"width": 12, "layers": 2}, "coinpp": {}}
TRAINING = {
    "patch-inr": {"hidden": "24"},
    "coinpp": {"width": 12, "layers": 2},
}


class Clips(list):
    """Training clips as hsbench.models.base.Training describes them."""

    def first(self, count):
        return Clips(self[:count])

    def passages(self):
        return joined([np.round(clip.waveform * 32767).astype(np.int16) for clip in self])


def clip(name, seed, samples=SAMPLES):
    rng = np.random.default_rng(seed)
    t = np.linspace(0, samples / SAMPLES, samples)
    x = sum(rng.uniform(0.2, 1) * np.sin(2 * np.pi * rng.uniform(5, 40) * t + rng.uniform(0, 6)) for _ in range(4))
    return Clip(name, (x / np.abs(x).max()).astype(np.float32), 22050)


@pytest.fixture
def clips():
    return Clips(clip(f"c{number}", number) for number in range(4))


@pytest.fixture
def longer():
    """A clip of 1100 samples."""
    return clip("long", 9, samples=1100)


@pytest.fixture
def make(bare):
    """Build a small model and its context; keyword arguments are settings, training settings, or `context`."""

    def build(name, context=None, **changes):
        descriptor = registry.model(name)
        settings = {**descriptor.defaults, "patch": 64, "compression_ratio": 4.0, **SIZES[name]}
        training = {**descriptor.budgets["smoke"], "steps": 6, "batch": 2, "patches": 8, **TRAINING[name]}
        for key, value in changes.items():
            (settings if key in settings else training)[key] = value
        full = registry.load_target(descriptor.resolve)(settings, {}, SAMPLES)
        return descriptor.load()(**full), bare(SAMPLES, training=training, **(context or {}))

    return build


@pytest.fixture
def shared():
    """Random shared parameters in float64: 3 layers of 7 units, 5 numbers per patch."""
    generator = torch.Generator().manual_seed(1)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    weights = Weights(draw(7, 1), draw(2, 7, 7) / 2, draw(1, 7), draw(1))
    return Shared(weights, draw(3, 7), draw(21, 5), draw(5).abs() / 10)


@pytest.fixture
def targets():
    """Samples of 4 patches, [4, 16] float64."""
    return torch.randn(4, 16, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


@pytest.fixture
def grid():
    """Coordinates of a patch of 16 samples in float64."""
    return torch.linspace(-5, 5, 16, dtype=torch.float64)


def _evaluate(weights, shifts, grid):
    """y of every patch: shifts [patches, layers, width] -> [patches, samples]."""
    first, hidden, output, bias = weights
    h = torch.sin(first[None] * grid + shifts[:, 0, :, None])
    for layer, matrix in enumerate(hidden, start=1):
        h = torch.sin(matrix @ h + shifts[:, layer, :, None])
    return (output @ h).squeeze(1) + bias


def _shifts(base, modulation, latents):
    """u for latents [patches, latent]: [patches, layers, width]."""
    return base + (latents @ modulation.t()).view(-1, *base.shape)


def _adapted(leaves, targets, grid, steps):
    """Latents after the inner loop, with the graph of all its steps."""
    *weights, base, modulation, rates = leaves
    latents = targets.new_zeros(len(targets), len(rates), requires_grad=True)
    for _ in range(steps):
        error = _evaluate(weights, _shifts(base, modulation, latents), grid) - targets
        (gradient,) = torch.autograd.grad(error.square().mean(1).sum(), latents, create_graph=True)
        latents = latents - rates * gradient
    return latents


@pytest.fixture
def plain():
    """The shared SIREN and the inner loop written plainly with autograd, to compare the derivatives by hand with."""
    return SimpleNamespace(evaluate=_evaluate, shifts=_shifts, adapted=_adapted)
