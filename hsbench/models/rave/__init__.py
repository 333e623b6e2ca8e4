"""RAVE: a variational autoencoder that works on sub-bands of the waveform (Caillon and Esling 2021).

Two models are registered here. `rave-v1` is a reimplementation of RAVE v1: `encoder.py`, `generator.py` and
`discriminators.py` are its networks, `step.py` and `training.py` train it in two phases, and `model.py` is the model.
`rave` runs a file that acids-rave exported: `export.py` reads the file, and `wrapper.py` is the model. Both decode
clips in the ways that `base.py` describes. `descriptors.py` declares both and imports no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hsbench.widths import Operations

if TYPE_CHECKING:
    from collections.abc import Mapping


def operations(settings: Mapping[str, Any], training: Mapping[str, Any], samples: int) -> Operations:
    """Estimate the work of rave-v1: of its training, and of the reconstruction of one clip.

    Args:
        settings: not used.
        training: training settings of the budget.
        samples: length of a clip, in samples.

    Returns:
        Operations of the whole training and of each clip.
    """
    del settings
    # Work of one step of phase 1 on 32 768 samples. The first term is the spectral loss, which does not depend on the
    # capacity and dominates in small networks. A step of phase 2 takes about four times as long.
    step = 3e9 + 2.2e6 * training["capacity"] ** 2
    second = max(0, training["steps"] - training["phase_1_steps"])
    steps = training["steps"] - second + 4 * second
    scale = training["signal"] / 32768
    return Operations(steps * training["batch"] * scale * step, 0.3 * samples / 32768 * step)
