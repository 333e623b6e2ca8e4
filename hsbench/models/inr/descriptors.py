"""Descriptors of the individual INRs; imports no torch."""

from __future__ import annotations

from typing import Any

from hsbench.descriptors import ModelDescriptor

NETWORK: dict[str, Any] = {"compression_ratio": 1.0, "width": None, "layers": 5}
"""Size of a target network; hsbench.widths computes the width from the compression ratio."""
FMLP: dict[str, Any] = {"kind": "fmlp", **NETWORK, "encoding_length": 10}
SIREN: dict[str, Any] = {"kind": "siren", **NETWORK, "omega_0": 2000.0, "omega_i": 30.0}

FITTING: dict[str, Any] = {"shared_start": False, "weight_format": "fp32"}

PAPER: dict[str, Any] = {"steps": 100000, "coordinates": None, "schedule": "constant", "learning_rate": 1e-4}
STANDARD = {**PAPER, "steps": 20000}
QUICK = {**PAPER, "steps": 1000, "coordinates": 4096, "schedule": "one_cycle", "learning_rate": 1e-2}
SMOKE = {**QUICK, "steps": 300}

BUDGETS = {"smoke": SMOKE, "quick": QUICK, "standard": STANDARD, "paper": PAPER}
SIREN_RATES = {"smoke": 1e-3, "quick": 1e-3, "standard": 1e-4, "paper": 1e-4}
"""Budget -> learning rate of a SIREN, the one training setting in which it differs from an FMLP."""

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
        budgets=BUDGETS,
        switches=("width_at_cr_1", "inr_loss", "inr_output", "bad_fit_is_status"),
        resolve="hsbench.widths:resolve",
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
        budgets={name: {**training, "learning_rate": SIREN_RATES[name]} for name, training in BUDGETS.items()},
        switches=("width_at_cr_1", "inr_loss", "inr_siren_init", "inr_output", "bad_fit_is_status"),
        resolve="hsbench.widths:resolve",
        operations="hsbench.widths:individual",
        approach="individual fit",
    ),
]
