"""Target networks: coordinate networks t -> sample, batched over clips.

    net = create("siren", [90] * 5, omega_0=2000.0, omega_i=30.0)
    net.shapes()                    ordered {"w0": (90, 1), "b0": (90,), "w1": ...}
    net.apply(params, coords)       params {name: [batch, *shape]}, coords [batch or 1, time, 1] -> [batch, time]

Weights are [out, in]; flattened in the order of `shapes` they are the vector that a hypernetwork generates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hsbench.errors import UnknownNameError
from hsbench.models.targets.composed import Composed
from hsbench.models.targets.fmlp import FMLP
from hsbench.models.targets.grids import Grids
from hsbench.models.targets.kan import KAN
from hsbench.models.targets.siren import SIREN
from hsbench.models.targets.wire import WIRE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hsbench.models.targets.base import TargetNet

_NETS: dict[str, Callable[..., TargetNet]] = {"fmlp": FMLP, "siren": SIREN, "wire": WIRE, "kan": KAN, "grid": Grids}
"""Kinds of networks with a class of their own; every other kind states its activation and is composed."""


def create(kind: str, hidden_sizes: Sequence[int], **settings: Any) -> TargetNet:
    """Create a target network.

    Args:
        kind: "fmlp", "siren", "wire", "kan", "grid", or any name for a composed network.
        hidden_sizes: number of units of each hidden layer.
        **settings: of the kind: encoding_length (number of octaves) for an FMLP; omega_0 and omega_i for a SIREN;
            encoding, activation, init and their numbers for a composed network, see hsbench.models.targets.composed.

    Raises:
        UnknownNameError: there is no such kind.
    """
    if kind not in _NETS and "activation" in settings:
        return Composed(hidden_sizes, **settings)
    if kind not in _NETS:
        raise UnknownNameError("target network", kind, _NETS)
    return _NETS[kind](hidden_sizes, **settings)


__all__ = ["FMLP", "KAN", "SIREN", "WIRE", "Composed", "Grids", "create"]
