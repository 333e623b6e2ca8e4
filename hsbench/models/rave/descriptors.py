"""Descriptors of the two RAVE models, a reimplementation and exports of acids-rave. This file imports no torch."""

from __future__ import annotations

from typing import Any

from hsbench.descriptors import ModelDescriptor

DECODING: dict[str, Any] = {"latent": "full", "noise": True, "align": "none"}
"""Settings that decide how a clip passes through a trained network, see hsbench.models.rave.base."""

PAPER: dict[str, Any] = {
    "steps": 3000000,
    "phase_1_steps": 1010000,
    "batch": 8,
    "signal": 65536,
    "learning_rate": 1e-4,
    "beta": 0.1,
    "capacity": 64,
    "discriminator_capacity": 16,
    "train_clips": None,
    "augment": True,
}
STANDARD = {**PAPER, "steps": 30000, "phase_1_steps": 20000}
QUICK = {
    **PAPER,
    "steps": 800,
    "phase_1_steps": 700,
    "batch": 4,
    "signal": 32768,
    "learning_rate": 1e-3,
    "capacity": 16,
    "discriminator_capacity": 4,
}
SMOKE = {**QUICK, "steps": 6, "phase_1_steps": 4, "batch": 2, "capacity": 4, "discriminator_capacity": 2}

DESCRIPTORS = [
    ModelDescriptor(
        name="rave-v1",
        target="hsbench.models.rave.model:RaveV1",
        summary="RAVE v1, reimplemented: variational autoencoder of sub-bands, with discriminators",
        needs=("torch",),
        defaults=DECODING,
        decode_settings=tuple(DECODING),
        budgets={"smoke": SMOKE, "quick": QUICK, "standard": STANDARD, "paper": PAPER},
        operations="hsbench.models.rave:operations",
    ),
    ModelDescriptor(
        name="rave",
        target="hsbench.models.rave.wrapper:RaveExport",
        summary="RAVE exported by acids-rave: --set rave.path=FILE.ts (code in the file is run)",
        needs=("torch", "torchaudio"),
        defaults={"path": None, **DECODING, "resample": False},
        places={"path": "FILE.ts"},
        resolve="hsbench.models.rave.wrapper:resolve",
        trains=False,
    ),
]
