"""RAVE: a variational autoencoder of sub-bands (Caillon and Esling 2021).

`encoder.py`, `generator.py` and `discriminators.py` are our own RAVE v1, `training.py` trains it in two phases, and
`model.py` is the registered model. `export.py` reads what acids-rave exports, and `wrapper.py` is the registered model
of such a file. `rows.py` passes a clip through either. `descriptors.py` declares both models and imports no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hsbench.widths import Operations

if TYPE_CHECKING:
    from collections.abc import Mapping


def operations(settings: Mapping[str, Any], training: Mapping[str, Any], samples: int) -> Operations:
    """Estimated work of our own RAVE v1: for all clips, and for each.

    Most of a small network's step is its spectral loss, which does not grow with the capacity. A step of the second
    phase takes some four times as long as one of the first.
    """
    del settings
    step = 3e9 + 2.2e6 * training["capacity"] ** 2  # of 32 768 samples
    second = max(0, training["steps"] - training["phase_1_steps"])
    steps = training["steps"] - second + 4 * second
    scale = training["signal"] / 32768
    return Operations(steps * training["batch"] * scale * step, 0.3 * samples / 32768 * step)
