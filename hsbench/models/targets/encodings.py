"""Encodings of time: the inputs that a composed coordinate network sees instead of t; the table ENCODINGS names them.

    time      t
    octaves   sin(2^i pi t), then cos(2^i pi t), i = 0 .. encoding_length - 1              (FMLP; no raw t)
    random    sin(B t), then cos(B t), B ~ N(0, sigma^2), `frequencies` draws              (random Fourier features)
    log       cos(w t), then sin(w t), w from pi to `top` in equal ratios, `frequencies` of them (IPC's features; no t)

sigma and top are in radians per unit of t. B is drawn from one fixed seed, so it is the same for every clip and is not
stored with a clip.

References: octaves: arXiv 2302.04959. random: Tancik et al. 2020, arXiv 2006.10739, whose 2 pi B is B here. log: Kim et
al. 2023, arXiv 2301.09819, code ginr-ipc (modules/hyponet.py).

Conventions: coords [batch or 1, time, 1] in [-1, 1]; features [batch or 1, inputs, time] in their precision.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SEED = 0
"""Seed of the random frequencies."""


def time(coords: torch.Tensor, settings: Mapping[str, Any]) -> torch.Tensor:
    """Return t itself: one input."""
    del settings
    return coords.transpose(1, 2)


def octaves(coords: torch.Tensor, settings: Mapping[str, Any]) -> torch.Tensor:
    """Return sines and cosines of `encoding_length` octaves: 2 encoding_length inputs."""
    exponents = torch.arange(settings["encoding_length"], dtype=coords.dtype, device=coords.device)
    phases = coords.transpose(1, 2) * (2.0**exponents * math.pi)[:, None]
    return torch.cat([phases.sin(), phases.cos()], dim=1)


def random(coords: torch.Tensor, settings: Mapping[str, Any]) -> torch.Tensor:
    """Return sines and cosines of random frequencies of standard deviation sigma: 2 frequencies inputs."""
    drawn = torch.randn(settings["frequencies"], generator=torch.Generator().manual_seed(SEED), dtype=torch.float64)
    phases = coords.transpose(1, 2) * (settings["sigma"] * drawn).to(coords)[:, None]
    return torch.cat([phases.sin(), phases.cos()], dim=1)


def log(coords: torch.Tensor, settings: Mapping[str, Any]) -> torch.Tensor:
    """Return cosines and sines of frequencies in equal ratios from pi to top: 2 frequencies inputs."""
    # exp(linspace(0, ln(top / pi), m)) pi, as in the source, whose `top` is a multiple of pi.
    ratios = torch.linspace(0, math.log(settings["top"] / math.pi), settings["frequencies"], dtype=torch.float64)
    phases = coords.transpose(1, 2) * (ratios.exp() * math.pi).to(coords)[:, None]
    return torch.cat([phases.cos(), phases.sin()], dim=1)


ENCODINGS: dict[str, Callable[[torch.Tensor, Mapping[str, Any]], torch.Tensor]] = {
    "time": time,
    "octaves": octaves,
    "random": random,
    "log": log,
}
"""Name -> encoding; hsbench.models.inr.sizes counts the inputs of each."""
