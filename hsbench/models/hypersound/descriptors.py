"""Descriptors of the two HyperSound models. This file imports no torch, so `hsbench list` stays fast.

Everything that a budget makes smaller, such as the encoder's number of channels, is a training setting. Tables name the
training settings in which a row differs from the paper.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hsbench import widths
from hsbench.descriptors import ModelDescriptor
from hsbench.models.inr.descriptors import FMLP, SIREN

if TYPE_CHECKING:
    from collections.abc import Mapping

# Model settings that both kinds of target network share; docs/hypersound.md explains each.
HYPERNETWORK: dict[str, Any] = {
    "weight_format": "fp32",
    "combine": "replace",
    "shared_layers": 0,
    "frequency_weight_p": 0.0,
    "warmup_first_epoch": 0,
    "spectral_loss": "mel",
    "norm": "element",
}

WARM_UP_NEUTRAL = {"warmup_first_epoch": 1}
"""The first version counted the epochs of the frequency weighting's warm-up from 1, the reference code from 0."""

NEUTRAL = {**WARM_UP_NEUTRAL, "ramp_epochs": None, "head_start": "hyperfan"}
"""The first version had no way to use the weights with a ramp; None, a fiftieth of all epochs, suits every budget. Its
head always started with hyperfan-in."""

PAPER: dict[str, Any] = {
    "epochs": 2500,
    "epoch_samples": 10000,
    "batch": 16,
    "learning_rate": 1e-4,
    "schedule": "protocol",
    "weight_decay": 0.01,
    "clip_norm": None,
    "warmup_epochs": 500,
    "ramp_epochs": None,
    "channels": 16,
    "hidden": "400-768-768-768-768-400",
    "coordinates": None,
    "train_clips": None,
    "augment": True,
    "output_scale": 1.0,
    "head_start": "hyperfan",
    "micro_batch": None,
    "precision": "tf32",
}
STANDARD = {**PAPER, "epochs": 160, "warmup_epochs": 32, "precision": "bf16"}
QUICK = {
    **PAPER,
    "precision": "fp32",
    "epochs": 30,
    "epoch_samples": 40,
    "batch": 4,
    "schedule": "one_cycle",
    "clip_norm": 1.0,
    "warmup_epochs": 6,
    "channels": 2,
    "hidden": "256-256-128",
    "coordinates": 4096,
    "train_clips": 4,
    "augment": False,
    "head_start": "network",
}
SMOKE = {
    **QUICK,
    "epochs": 2,
    "epoch_samples": 32,
    "train_clips": 8,
    "learning_rate": 3e-5,
    "warmup_epochs": 1,
    "hidden": "32-32",
    "output_scale": 0.1,
    "head_start": "hyperfan",
}

BUDGETS = {"smoke": SMOKE, "quick": QUICK, "standard": STANDARD, "paper": PAPER}
SIREN_RATES = {"smoke": 3e-6, "quick": 3e-5, "standard": 1e-6, "paper": 1e-6}
"""Learning rate by budget with a SIREN as the target network."""
SIREN_BUDGETS = {name: {**training, "learning_rate": SIREN_RATES[name]} for name, training in BUDGETS.items()}
SIREN_BUDGETS["quick"] |= {"output_scale": 0.1, "head_start": "hyperfan"}
"""Training settings with a SIREN, whose head starts near one complete network in any case."""

SWITCHES = (
    "width_at_cr_1",
    "hyper_schedule",
    "additive_bias",
    "multiplicative_bias",
    "frequency_weighting",
    "bad_fit_is_status",
)


def resolve(settings: Mapping[str, Any], switches: Mapping[str, Any], samples: int) -> dict[str, Any]:
    """Complete the settings of a HyperSound model.

    The width follows from the compression ratio (hsbench.widths). Without a frequency weighting there is no warm-up,
    so the number of its first epoch is neutral and leaves no trace in the key of a cell.

    Args:
        settings: model settings, by name.
        switches: protocol switches that the model reads, by name.
        samples: samples per clip.
    """
    resolved = widths.resolve(settings, switches, samples)
    return resolved if resolved["frequency_weight_p"] else {**resolved, **WARM_UP_NEUTRAL}


DESCRIPTORS = [
    ModelDescriptor(
        name="hypersound-fmlp",
        target="hsbench.models.hypersound.model:HyperSound",
        summary="hypernetwork that generates the weights of an FMLP (Fourier-mapped perceptron) for each clip",
        needs=("torch",),
        defaults={**FMLP, **HYPERNETWORK},
        decode_settings=("weight_format",),
        function_of_time=True,
        budgets=BUDGETS,
        switches=SWITCHES,
        resolve="hsbench.models.hypersound.descriptors:resolve",
        neutral=NEUTRAL,
        only_with={"head_start": ("combine", "replace")},
        operations="hsbench.widths:hypersound",
        approach="one pass",
    ),
    ModelDescriptor(
        name="hypersound-siren",
        target="hsbench.models.hypersound.model:HyperSound",
        summary="hypernetwork that generates the weights of a SIREN (sinusoidal network) for each clip",
        needs=("torch",),
        defaults={**SIREN, **HYPERNETWORK},
        decode_settings=("weight_format",),
        function_of_time=True,
        budgets=SIREN_BUDGETS,
        switches=SWITCHES,
        resolve="hsbench.models.hypersound.descriptors:resolve",
        neutral=NEUTRAL,
        operations="hsbench.widths:hypersound",
        approach="one pass",
    ),
]
