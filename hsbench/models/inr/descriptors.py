"""Descriptors of the individual INRs; imports no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hsbench import widths
from hsbench.descriptors import ModelDescriptor
from hsbench.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping

NETWORK: dict[str, Any] = {"compression_ratio": 1.0, "width": None, "layers": 5}
"""Size of a target network; hsbench.widths computes the width from the compression ratio."""
FMLP: dict[str, Any] = {"kind": "fmlp", **NETWORK, "encoding_length": 10}
SIREN: dict[str, Any] = {"kind": "siren", **NETWORK, "omega_0": 2000.0, "omega_i": 30.0}

RANDOM, LEARNED = "random", "learned"
FITTING: dict[str, Any] = {"start": RANDOM, "shared_start": False, "weight_format": "fp32"}

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

NEUTRAL = {"start": RANDOM, **dict.fromkeys(START), "precision": "fp32"}
"""A start is random, as before there was a choice; where nothing is learned, the settings of the learning are None. All
fits were in fp32."""
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
    if settings["start"] not in (RANDOM, LEARNED):
        raise UnknownNameError("start", settings["start"], [RANDOM, LEARNED])
    resolved = widths.resolve(settings, switches, samples)
    return {**resolved, "shared_start": True} if settings["start"] == LEARNED else resolved


DESCRIPTORS = [
    ModelDescriptor(
        name="inr-fmlp",
        version=2,
        target="hsbench.models.inr.individual:IndividualINR",
        summary="one Fourier-mapped perceptron fitted to each clip",
        needs=("torch",),
        defaults={**FMLP, **FITTING},
        decode_settings=("weight_format",),
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
        target="hsbench.models.inr.individual:IndividualINR",
        summary="one sinusoidal network fitted to each clip",
        needs=("torch",),
        defaults={**SIREN, **FITTING},
        decode_settings=("weight_format",),
        function_of_time=True,
        trains=False,
        trains_when={"start": LEARNED},
        budgets={
            name: {**training, "learning_rate": SIREN_RATES[name], **SIREN_START} for name, training in BUDGETS.items()
        },
        switches=("width_at_cr_1", "inr_loss", "inr_siren_init", "inr_output", "bad_fit_is_status"),
        resolve="hsbench.models.inr.descriptors:resolve",
        neutral=NEUTRAL,
        only_with=ONLY_WITH,
        operations="hsbench.widths:individual",
        approach="individual fit",
    ),
]
