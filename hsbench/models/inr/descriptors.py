"""Descriptors of the individual INRs; imports no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hsbench import widths
from hsbench.descriptors import ModelDescriptor
from hsbench.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

NETWORK: dict[str, Any] = {"compression_ratio": 1.0, "width": None, "layers": 5}
"""Size of a target network; hsbench.widths computes the width from the compression ratio."""
FMLP: dict[str, Any] = {"kind": "fmlp", **NETWORK, "encoding_length": 10}
SIREN: dict[str, Any] = {"kind": "siren", **NETWORK, "omega_0": 2000.0, "omega_i": 30.0}

RANDOM, LEARNED = "random", "learned"
FITTING: dict[str, Any] = {
    "start": RANDOM,
    "shared_start": False,
    "weight_format": "fp32",
    "finetune_bits": None,
    "weight_noise": 0.0,
    "fit_stride": 1,
}

START: dict[str, Any] = {
    "start_steps": 10000,
    "start_batch": 1,
    "start_rate": 3e-3,
    "start_inner_steps": 32,
    "start_inner_rate": 1e-3,
    "start_coordinates": 1024,
}
"""Training of a learned start: outer steps, clips and peak learning rate of each; steps, rate and coordinates of each
clip's fit."""
PAPER: dict[str, Any] = {
    "steps": 100000,
    "coordinates": None,
    "schedule": "constant",
    "learning_rate": 1e-4,
    "precision": "tf32",
    **START,
}
STANDARD = {**PAPER, "steps": 20000, "start_steps": 1000, "precision": "bf16"}
QUICK = {
    **PAPER,
    "precision": "fp32",
    "steps": 1000,
    "coordinates": 4096,
    "schedule": "one_cycle",
    "learning_rate": 1e-2,
    "start_steps": 130,
}
SMOKE = {**QUICK, "steps": 300, "start_steps": 10}

BUDGETS = {"smoke": SMOKE, "quick": QUICK, "standard": STANDARD, "paper": PAPER}
SIREN_RATES = {"smoke": 1e-3, "quick": 1e-3, "standard": 1e-4, "paper": 1e-4}
"""Budget -> learning rate of a SIREN. Only in its learning rates does the training of a SIREN differ from an FMLP's."""
SIREN_START = {"start_rate": 3e-4, "start_inner_rate": 1e-4}
"""Learning rates of the training of a SIREN's start."""

INDIVIDUAL_INR = "hsbench.models.inr.individual:IndividualINR"
"""Target of all individual INRs."""
INIT: dict[str, Any] = {"init": "siren", "alpha": 1.5, "winner_scale": None}
"""Initialisation of a SIREN, see hsbench.models.targets.initial."""
NEUTRAL_INIT = {"init": "siren", "alpha": None, "winner_scale": None}
"""SIREN's own initialisation, which was the only one; elsewhere its settings are None."""

NEUTRAL = {
    "start": RANDOM,
    "finetune_bits": None,
    "weight_noise": 0.0,
    "fit_stride": 1,
    "precision": "fp32",
    **dict.fromkeys(START),
}
"""A start is random, no fit rounds weights, weights are decoded unchanged, every sample is fitted to, and all is in
fp32, as before there was a choice; where nothing is learned, the settings of the learning are None."""
ONLY_WITH = dict.fromkeys(START, ("start", LEARNED))


def resolve(settings: Mapping[str, Any], switches: Mapping[str, Any], samples: int) -> dict[str, Any]:
    """Complete the settings of an individual INR.

    The width follows from the compression ratio (hsbench.widths). All clips share a learned start, so `shared_start` is
    true there whatever was asked for, and one cell has one key.

    Args:
        settings: model settings, by name.
        switches: protocol switches that the model reads, by name.
        samples: samples per clip.

    Raises:
        UnknownNameError: there is no such start.
    """
    return check_start(widths.resolve(settings, switches, samples))


def check_start(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of an individual INR with `shared_start` true where the start is learned.

    Raises:
        UnknownNameError: there is no such start.
    """
    if settings["start"] not in (RANDOM, LEARNED):
        raise UnknownNameError("start", settings["start"], [RANDOM, LEARNED])
    return {**settings, "shared_start": True} if settings["start"] == LEARNED else dict(settings)


def resolve_siren(settings: Mapping[str, Any], switches: Mapping[str, Any], samples: int) -> dict[str, Any]:
    """Complete the settings of an individual SIREN as `resolve` does, and those of its initialisation.

    Numbers that the chosen initialisation does not read have their neutral value and leave no trace in the key.

    Args:
        settings: model settings, by name.
        switches: protocol switches that the model reads, by name.
        samples: samples per clip.

    Raises:
        UnknownNameError: there is no such start or initialisation.
        UsageError: the initialisation lacks its scale, or follows the clip while all clips share one start.
    """
    resolved, init = resolve(settings, switches, samples), settings["init"]
    if init not in SCALES:
        raise UnknownNameError("initialisation of a SIREN", init, SCALES)
    for name in {"alpha", "winner_scale"} - {SCALES[init]}:
        resolved[name] = None
    value = resolved.get(SCALES[init] or "")
    if SCALES[init] and not (isinstance(value, int | float) and value > 0):
        raise UsageError(
            f"init={init} expects a positive {SCALES[init]}, got {value!r}; set it"
            f"{', or winner_hz' if init == 'winner' else ''}."
        )
    if init == "winner" and resolved["shared_start"]:
        raise UsageError("init=winner follows each clip, so clips cannot share their start; choose another init.")
    return resolved


SCALES = {"siren": None, "scaled": "alpha", "winner": "winner_scale"}
"""Initialisation of a SIREN -> the number that it reads."""


DESCRIPTORS = [
    ModelDescriptor(
        name="inr-fmlp",
        version=2,
        target=INDIVIDUAL_INR,
        summary="one Fourier-mapped perceptron fitted to each clip",
        needs=("torch",),
        defaults={**FMLP, **FITTING},
        decode_settings=("weight_format", "weight_noise"),
        function_of_time=True,
        trains=False,
        trains_when={"start": LEARNED},
        budgets=BUDGETS,
        switches=("width_at_cr_1", "inr_loss", "inr_output", "bad_fit_is_status"),
        resolve="hsbench.models.inr.descriptors:resolve",
        neutral=NEUTRAL,
        only_with=ONLY_WITH,
        operations="hsbench.widths:individual",
        approach="individual fit",
    ),
    ModelDescriptor(
        name="inr-siren",
        version=2,
        target=INDIVIDUAL_INR,
        summary="one sinusoidal network fitted to each clip",
        needs=("torch",),
        defaults={**SIREN, **INIT, **FITTING},
        decode_settings=("weight_format", "weight_noise"),
        function_of_time=True,
        trains=False,
        trains_when={"start": LEARNED},
        budgets={
            name: {**training, "learning_rate": SIREN_RATES[name], **SIREN_START} for name, training in BUDGETS.items()
        },
        switches=("width_at_cr_1", "inr_loss", "inr_siren_init", "inr_output", "bad_fit_is_status"),
        resolve="hsbench.models.inr.descriptors:resolve_siren",
        neutral={**NEUTRAL, **NEUTRAL_INIT},
        only_with=ONLY_WITH,
        operations="hsbench.widths:individual",
        in_hz={"first_hz": "omega_0", "winner_hz": "winner_scale"},
        approach="individual fit",
    ),
]
