"""The factor f with which generated parameters enter the rule "global_residual", and how it grows with the epochs.

    f(epoch) = min(1, epoch / ramp_epochs),     epochs are counted from 0

In epoch 0 the generated parameters have no effect and no gradient: it trains the shared parameters alone. FewSound
(arXiv 2503.02585) trains for 2500 epochs and ramps over 50 of them. A budget of fewer epochs has a shorter ramp, in the
same proportion: the setting `ramp_epochs` None stands for a fiftieth of all epochs, at least one.

The factor depends on the number of the epoch and on settings alone, so an interrupted training continues with the same
factor, and all processes of a training have the same one. The trained network keeps the factor of the last epoch, with
which it reconstructs: 1, or less where `ramp_epochs` exceeds the number of epochs minus 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hsbench.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

SHARE = 50
"""Epochs of a whole training per epoch of the ramp, where `ramp_epochs` is None."""


def length(training: Mapping[str, Any]) -> int:
    """Return the number of epochs from the factor 0 to the factor 1; 0 if the factor is always 1.

    Args:
        training: training settings; ramp_epochs and epochs are read.

    Raises:
        UsageError: ramp_epochs is neither None nor a whole number from 0.
    """
    epochs = training["ramp_epochs"]
    if epochs is None:
        return max(1, int(training["epochs"]) // SHARE)
    if isinstance(epochs, bool) or not isinstance(epochs, int) or epochs < 0:
        raise UsageError(
            f"ramp_epochs expects a whole number of epochs from 0, or none for a fiftieth of all, got {epochs!r}."
        )
    return epochs


def factor(epoch: int, ramp_epochs: int) -> float:
    """Return the factor of an epoch.

    Args:
        epoch: number of the epoch, from 0.
        ramp_epochs: length of the ramp in epochs, see `length`.
    """
    return min(1.0, epoch / ramp_epochs) if ramp_epochs else 1.0
