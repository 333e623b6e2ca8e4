"""Initial values of the weights and biases of coordinate networks; the table INITIAL names the ways to draw them.

U(a) is uniform between -a and a, N(s) normal of standard deviation s, n the number of inputs of a layer.

    name        first weights           later weights               first bias       later biases
    siren       U(1 / n)                U(sqrt(6 / n) / omega_i)    U(first_bias)    U(1 / sqrt(n))
    scaled      siren's, all but the last layer's weights times alpha
    winner      siren's + N(S0 / omega_0), second layer's weights + N(S1 / omega_i)
    default     U(1 / sqrt(n))          U(1 / sqrt(n))              U(1 / sqrt(n))   U(1 / sqrt(n))
    kaiming     N(sqrt(2 / n))          N(sqrt(2 / n))              U(1 / sqrt(n))   U(1 / sqrt(n))
    zero_bias   U(1 / sqrt(n))          U(1 / sqrt(n))              0                0

`default` is PyTorch's of a linear layer. The first bias is U(1 / sqrt(n)) where `first_bias` is not set.

`winner` follows the clip: with its centroid c (mean frequency of the amplitude spectrum, in cycles per sample),

    S0 = winner_scale (1 - exp(-7 c)),    S1 = 3 c.

winner_scale is in radians per unit of t. Its source states 3500 for every clip, which was tuned on clips of 150 000
samples and has another frequency on every other length, so that hsbench states it in Hz (winner_hz).

References: siren: Sitzmann et al. 2020, arXiv 2006.09661. scaled: Fast-Neural-Fields (ICLR 2025). winner: code
SIREN-square (modules/networks.py, learn_audios.py).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from hsbench.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CENTROID_RATE, SECOND_LAYER = 7.0, 3.0
"""Constants of `winner`, from its source."""


class Place(NamedTuple):
    """A parameter of a linear layer.

    Attributes:
        layer: number of the layer, from 0.
        layers: number of linear layers.
        bias: whether it is the bias.
        fan_in: number of inputs of the layer.
    """

    layer: int
    layers: int
    bias: bool
    fan_in: int


class Spread(NamedTuple):
    """Distribution of initial values: the sum of a uniform and a normal variable.

    Attributes:
        uniform: half the width of the uniform one.
        normal: standard deviation of the normal one.
    """

    uniform: float = 0.0
    normal: float = 0.0


def siren(place: Place, settings: Mapping[str, Any]) -> Spread:
    """Return SIREN's distribution, at which the outputs of all layers have one variance."""
    first = place.layer == 0
    if place.bias:
        given = settings.get("first_bias") if first else None
        return Spread(1 / math.sqrt(place.fan_in) if given is None else given)
    return Spread(1 / place.fan_in if first else math.sqrt(6 / place.fan_in) / settings["omega_i"])


def scaled(place: Place, settings: Mapping[str, Any]) -> Spread:
    """Return SIREN's distribution with all weights but the last layer's multiplied by alpha."""
    own = siren(place, settings)
    return own if place.bias or place.layer == place.layers - 1 else Spread(settings["alpha"] * own.uniform)


def winner(place: Place, settings: Mapping[str, Any]) -> Spread:
    """Return SIREN's distribution with noise on the weights of the first two layers that the clip's spectrum sets."""
    own, centroid = siren(place, settings), settings["centroid"]
    if place.bias or place.layer > 1:
        return own
    if place.layer == 0:
        scale = settings["winner_scale"] * (1 - math.exp(-CENTROID_RATE * centroid))
        return Spread(own.uniform, scale / settings["omega_0"])
    return Spread(own.uniform, SECOND_LAYER * centroid / settings["omega_i"])


def default(place: Place, settings: Mapping[str, Any]) -> Spread:
    """Return PyTorch's distribution of a linear layer."""
    del settings
    return Spread(1 / math.sqrt(place.fan_in))


def kaiming(place: Place, settings: Mapping[str, Any]) -> Spread:
    """Return Kaiming's normal distribution of weights before a ReLU, and PyTorch's of biases."""
    return default(place, settings) if place.bias else Spread(normal=math.sqrt(2 / place.fan_in))


def zero_bias(place: Place, settings: Mapping[str, Any]) -> Spread:
    """Return PyTorch's distribution of weights, and biases of zero."""
    return Spread() if place.bias else default(place, settings)


INITIAL: dict[str, Callable[[Place, Mapping[str, Any]], Spread]] = {
    "siren": siren,
    "scaled": scaled,
    "winner": winner,
    "default": default,
    "kaiming": kaiming,
    "zero_bias": zero_bias,
}
"""Name -> distribution of the initial values of a parameter."""


def check(name: str) -> str:
    """Return the name of an initialisation after checking it.

    Raises:
        UnknownNameError: the table has no such name.
    """
    if name not in INITIAL:
        raise UnknownNameError("initialisation", name, INITIAL)
    return name


def draw(shape: tuple[int, ...], spread: Spread, generator: torch.Generator) -> torch.Tensor:
    """Draw initial values of a shape, float32 on the CPU."""
    values = (torch.rand(shape, generator=generator) * 2 - 1) * spread.uniform
    return values + torch.randn(shape, generator=generator) * spread.normal if spread.normal else values


def centroid(waveform: torch.Tensor) -> float:
    """Return the mean frequency of a clip's amplitude spectrum, in cycles per sample (0 to 0.5); 0 for silence.

    Args:
        waveform: [samples].
    """
    spectrum = torch.fft.rfft(waveform.double()).abs()
    total = float(spectrum.sum())
    return float((spectrum * torch.fft.rfftfreq(len(waveform), dtype=torch.float64)).sum()) / total if total else 0.0


def with_clip(name: str, settings: Mapping[str, Any], waveform: torch.Tensor | None) -> dict[str, Any]:
    """Return the settings of an initialisation, with the clip's centroid where it follows the clip.

    Args:
        name: name of the initialisation.
        settings: settings of the network.
        waveform: the clip, [samples]; None where the values are drawn for no clip in particular.

    Raises:
        UsageError: the initialisation follows the clip, and there is none.
    """
    if name != "winner":
        return dict(settings)
    if waveform is None:
        raise UsageError("init=winner follows the clip, and there is none here; choose init=siren.")
    return {**settings, "centroid": centroid(waveform)}
