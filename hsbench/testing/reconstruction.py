"""Checks of one reconstruction that a model returned: its waveform, its payload, and its status, steps and seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hsbench.models.base import Payload
from hsbench.testing.checks import is_count

if TYPE_CHECKING:
    from hsbench.audio.clip import Clip
    from hsbench.descriptors import ModelDescriptor
    from hsbench.models.base import Reconstruction
    from hsbench.testing.checks import Checks

STATUSES = ("ok", "diverged", "collapsed")


def check_reconstruction(
    checks: Checks, descriptor: ModelDescriptor, clip: Clip, reconstruction: Reconstruction
) -> None:
    """Check the fields of a reconstruction.

    Args:
        checks: records the checks.
        descriptor: descriptor of the model.
        clip: the original clip.
        reconstruction: the result of the model for this clip.
    """
    _check_waveform(checks, clip, reconstruction.waveform)
    _check_payload(checks, descriptor, clip, reconstruction)
    with checks.check(f"status, steps and seconds are valid ({clip.id})"):
        status, steps, seconds = reconstruction.status, reconstruction.steps, reconstruction.seconds
        checks.require(status in STATUSES, f"status must be one of {', '.join(STATUSES)}, got {status!r}.")
        checks.require(is_count(steps), f"steps must be a whole number from 0, got {steps!r}.")
        checks.require(np.isfinite(seconds) and seconds >= 0, f"seconds must be a duration, got {seconds!r}.")


def _check_waveform(checks: Checks, clip: Clip, waveform: object) -> None:
    with checks.check(f"a waveform is float32 and as long as its clip ({clip.id})"):
        if not isinstance(waveform, np.ndarray):
            checks.fail(f"expected a numpy array, got {type(waveform).__name__}.")
        shape = clip.waveform.shape
        checks.require(
            waveform.dtype == np.float32 and waveform.shape == shape,
            f"expected float32 {list(shape)}, got {waveform.dtype} {list(waveform.shape)}.",
        )
        invalid = int((~np.isfinite(waveform)).sum())
        checks.require(invalid == 0, f"samples that are not finite: {invalid} of {waveform.size}.")


def _check_payload(checks: Checks, descriptor: ModelDescriptor, clip: Clip, reconstruction: Reconstruction) -> None:
    with checks.check(f"a payload counts the stored numbers ({clip.id})"):
        payload, weights = reconstruction.payload, reconstruction.weights
        checks.require(isinstance(payload, Payload), f"expected a Payload, got {payload!r}.")
        numbers, bits = payload.numbers, payload.bits
        checks.require(is_count(numbers), f"numbers must be a whole number from 0, got {numbers!r}.")
        checks.require(bits is None or is_count(bits), f"bits must be a whole number from 0 or None, got {bits!r}.")
        checks.require(
            weights or not descriptor.function_of_time,
            "a function of time must return the weights of each clip, which play needs; got none.",
        )
        parameters = sum(np.asarray(value).size for value in (weights or {}).values())
        checks.require(
            parameters <= numbers, f"the weights have {parameters} numbers, but the payload counts {numbers}."
        )
