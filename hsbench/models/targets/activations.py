"""Activations of composed coordinate networks, one function each; the table ACTIVATIONS names them.

An activation maps the pre-activations z = W x + b of a layer to its output, element by element. It gets z and the layer
it stands in: its constants, whether it is the first one, and omega, the factor that sets its frequency (omega_0 in the
first layer, omega_i in later ones). First layers see t in [-1, 1], so omega_0 = pi T f reaches f Hz in a clip of T
seconds where |W| is at most 1.

Conventions: z [batch, units, time]; constants are numbers, or tensors [batch, 1, 1] where they are fitted to the clip.

References: sine: Sitzmann et al. 2020, arXiv 2006.09661. FINER: Liu et al. 2024, arXiv 2312.02434, code
liuzhen0212/FINERplusplus. H-SIREN: arXiv 2410.04716. INCODE: Kazerouni et al. 2024, arXiv 2310.18846, code
xmindflow/INCODE. Gauss: Ramasinghe and Lucey 2022, arXiv 2111.15135.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from hsbench.descriptors import load_target
from hsbench.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Layer(NamedTuple):
    """The place of an activation in a network.

    Attributes:
        first: whether it follows the first linear layer.
        omega: omega_0 in the first layer, omega_i in later ones; 1 in a network without these settings.
        constants: the network's other numbers by name, such as those that the activation names in its formula.
    """

    first: bool
    omega: float
    constants: Mapping[str, Any]


def relu(z: torch.Tensor, layer: Layer) -> torch.Tensor:
    """Compute max(z, 0)."""
    del layer
    return torch.relu(z)


def sine(z: torch.Tensor, layer: Layer) -> torch.Tensor:
    """Compute sin(omega z)."""
    return torch.sin(layer.omega * z)


def finer(z: torch.Tensor, layer: Layer) -> torch.Tensor:
    """Compute sin(omega (|z| + 1) z), whose frequency grows with |z|; no gradient flows through |z| + 1."""
    return torch.sin(layer.omega * (z.detach().abs() + 1) * z)


def hsiren(z: torch.Tensor, layer: Layer) -> torch.Tensor:
    """Compute sin(omega_0 sinh(2 z)) in the first layer and sin(omega_i z) in later ones."""
    return torch.sin(layer.omega * (torch.sinh(2 * z) if layer.first else z))


def incode(z: torch.Tensor, layer: Layer) -> torch.Tensor:
    """Compute e^a sin(e^b omega z + c) + d, with one (a, b, c, d) for all layers."""
    a, b, c, d = (layer.constants[name] for name in "abcd")
    output: torch.Tensor = math.e**a * torch.sin(math.e**b * layer.omega * z + c) + d
    return output


def gauss(z: torch.Tensor, layer: Layer) -> torch.Tensor:
    """Compute exp(-(omega z)^2); omega is the scale that the literature calls s."""
    return torch.exp(-torch.square(layer.omega * z))


ACTIVATIONS: dict[str, Callable[[torch.Tensor, Layer], torch.Tensor]] = {
    "relu": relu,
    "sine": sine,
    "finer": finer,
    "hsiren": hsiren,
    "incode": incode,
    "gauss": gauss,
}
"""Name -> activation."""


def find(name: str) -> Callable[[torch.Tensor, Layer], torch.Tensor]:
    """Return an activation: one of the table, or the function that a text of the form "module:function" names.

    Raises:
        UnknownNameError: the table has no such name, and the text names no function.
    """
    if name in ACTIVATIONS:
        return ACTIVATIONS[name]
    try:
        function: Callable[[torch.Tensor, Layer], torch.Tensor] = load_target(name)
    except (ImportError, AttributeError, ValueError) as error:
        raise UnknownNameError("activation", name, ACTIVATIONS) from error
    return function
