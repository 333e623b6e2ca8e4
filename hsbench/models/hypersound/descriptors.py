"""Descriptors of HyperSound; imports no torch.

What a budget makes smaller, such as the encoder's channels, is a training setting, so that each row names it.
"""

from __future__ import annotations

from typing import Any

from hsbench.descriptors import ModelDescriptor
from hsbench.models.inr.descriptors import FMLP, SIREN

HYPERNETWORK: dict[str, Any] = {
    "weight_format": "fp32",
    "combine": "replace",
    "shared_layers": 0,
    "frequency_weight_p": 0.0,
    "spectral_loss": "mel",
    "norm": "element",
}

PAPER: dict[str, Any] = {
    "epochs": 2500,
    "epoch_samples": 10000,
    "batch": 16,
    "learning_rate": 1e-4,
    "schedule": "protocol",
    "weight_decay": 0.01,
    "clip_norm": None,
    "warmup_epochs": 500,
    "channels": 16,
    "hidden": "400-768-768-768-768-400",
    "coordinates": None,
    "train_clips": None,
    "augment": True,
    "output_scale": 1.0,
    "micro_batch": None,
    "precision": "fp32",
}
STANDARD = {**PAPER, "epochs": 40, "warmup_epochs": 8}
QUICK = {
    **PAPER,
    "epochs": 30,
    "epoch_samples": 80,
    "batch": 8,
    "schedule": "one_cycle",
    "clip_norm": 1.0,
    "warmup_epochs": 6,
    "channels": 2,
    "hidden": "256-256-128",
    "coordinates": 4096,
    "train_clips": 8,
    "augment": False,
    "output_scale": 0.1,
}
SMOKE = {
    **QUICK,
    "epochs": 2,
    "epoch_samples": 32,
    "batch": 4,
    "learning_rate": 3e-5,
    "warmup_epochs": 1,
    "hidden": "32-32",
}

BUDGETS = {"smoke": SMOKE, "quick": QUICK, "standard": STANDARD, "paper": PAPER}
SIREN_RATES = {"smoke": 3e-6, "quick": 3e-5, "standard": 1e-6, "paper": 1e-6}
"""Budget -> learning rate with a SIREN, the one training setting in which it differs from an FMLP."""

SWITCHES = (
    "width_at_cr_1",
    "hyper_schedule",
    "additive_bias",
    "multiplicative_bias",
    "frequency_weighting",
    "bad_fit_is_status",
)

DESCRIPTORS = [
    ModelDescriptor(
        name="hypersound-fmlp",
        target="hsbench.models.hypersound.model:HyperSound",
        summary="hypernetwork that writes a Fourier-mapped perceptron for each clip",
        needs=("torch",),
        defaults={**FMLP, **HYPERNETWORK},
        decode_settings=("weight_format",),
        function_of_time=True,
        budgets=BUDGETS,
        switches=SWITCHES,
        resolve="hsbench.widths:resolve",
        operations="hsbench.widths:hypersound",
    ),
    ModelDescriptor(
        name="hypersound-siren",
        target="hsbench.models.hypersound.model:HyperSound",
        summary="hypernetwork that writes a sinusoidal network for each clip",
        needs=("torch",),
        defaults={**SIREN, **HYPERNETWORK},
        decode_settings=("weight_format",),
        function_of_time=True,
        budgets={name: {**training, "learning_rate": SIREN_RATES[name]} for name, training in BUDGETS.items()},
        switches=SWITCHES,
        resolve="hsbench.widths:resolve",
        operations="hsbench.widths:hypersound",
    ),
]
