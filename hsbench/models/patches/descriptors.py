"""Descriptors of the patch-wise INRs; imports no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hsbench.descriptors import ModelDescriptor
from hsbench.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

PAYLOAD: dict[str, Any] = {"patch": 256, "compression_ratio": 4.0, "latent": None}
"""Samples per patch, and numbers per patch; `resolve` computes the latent from the compression ratio."""
SIREN: dict[str, Any] = {"first_hz": 6881.0, "omega": 50.0}
"""Frequencies of the shared SIREN, see hsbench.models.patches.network."""
STORAGE: dict[str, Any] = {"latent_format": "fp32"}
"""Number format of the latents (hsbench.models.quantise); they were float32 before there was a choice."""

VARIANTS: dict[str, Any] = {"frequency_weight_p": 0.0, "shared_layers": 0}
"""Settings of patch-inr that were added later, at their neutral values: no frequency weighting, no shared layer."""

ONE_PASS_PAPER: dict[str, Any] = {
    "steps": 400000,
    "share": 1.0,
    "batch": 8,
    "patches": 48,
    "learning_rate": 5e-4,
    "schedule": "warm_up_cosine",
    "weight_decay": 0.0,
    "clip_norm": 1.0,
    "augment": False,
    "hidden": "256-256",
}
ONE_PASS_QUICK = {**ONE_PASS_PAPER, "steps": 2500}
ONE_PASS = {
    "smoke": {**ONE_PASS_QUICK, "steps": 60},
    "quick": ONE_PASS_QUICK,
    "standard": {**ONE_PASS_PAPER, "steps": 100000},
    "paper": ONE_PASS_PAPER,
}
"""Training settings of patch-inr. No publication states any; `paper` is the largest budget.

`share` is the part of `steps` that is made, with a schedule of that length: experiments compare shorter trainings."""

FEW_STEPS_PAPER: dict[str, Any] = {
    "steps": 445000,
    "share": 1.0,
    "batch": 64,
    "patches": 64,
    "learning_rate": 1e-6,
    "schedule": "constant",
    "weight_decay": 0.0,
    "clip_norm": None,
    "augment": False,
    "width": 256,
    "layers": 9,
    "train_inner_steps": 3,
    "inner_rate": 1e-2,
    "learned_rates": False,
    "outer_loss": "mse",
    "amplitude": 0.5,
}
FEW_STEPS_QUICK = {
    **FEW_STEPS_PAPER,
    "steps": 800,
    "batch": 8,
    "patches": 48,
    "learning_rate": 1e-3,
    "schedule": "warm_up_cosine",
    "clip_norm": 1.0,
    "width": 48,
    "layers": 3,
    "inner_rate": 0.1,
    "learned_rates": True,
    "outer_loss": "rmse",
    "amplitude": 1.0,
}
FEW_STEPS = {
    "smoke": {**FEW_STEPS_QUICK, "steps": 20},
    "quick": FEW_STEPS_QUICK,
    "standard": {**FEW_STEPS_PAPER, "steps": 10000},
    "paper": FEW_STEPS_PAPER,
}
"""Training settings of coinpp; those of `paper` are the published ones, see hsbench.models.patches.coinpp."""


def resolve(settings: Mapping[str, Any], switches: Mapping[str, Any], samples: int) -> dict[str, Any]:
    """Return the settings with the latent, or the compression ratio, computed from the other.

    Args:
        settings: model settings; patch, compression_ratio and latent are read.
        switches: ignored.
        samples: samples per clip, from which the exact ratio follows where patches do not divide a clip.

    Raises:
        UsageError: a setting is out of range.
    """
    del switches
    resolved = dict(settings)
    for name in ("patch", "width", "layers", "inner_steps"):
        if not isinstance(resolved.get(name, 1), int) or resolved.get(name, 1) < 1:
            raise UsageError(f"{name} expects a whole number from 1, got {resolved[name]!r}.")
    for name in ("first_hz", "omega"):
        if not resolved[name] > 0:
            raise UsageError(f"{name} expects a positive number, got {resolved[name]!r}.")
    shared = resolved.get("shared_layers", 0)
    if not isinstance(shared, int) or not 0 <= shared < resolved.get("layers", shared + 1):
        raise UsageError(
            f"shared_layers expects a whole number from 0 and below layers ({resolved['layers']}), got {shared!r}."
        )
    patch, latent, ratio = resolved["patch"], resolved["latent"], resolved["compression_ratio"]
    if latent is None:
        if not 0 < ratio <= patch:
            raise UsageError(
                f"compression_ratio expects a number from above 0 to {patch} (one per patch), got {ratio}."
            )
        resolved["latent"] = max(1, round(patch / ratio))
        return resolved
    if not isinstance(latent, int) or latent < 1:
        raise UsageError(f"latent expects a whole number from 1, got {latent!r}.")
    resolved["compression_ratio"] = samples / (latent * -(-samples // patch))
    return resolved


DESCRIPTORS = [
    ModelDescriptor(
        name="patch-inr",
        target="hsbench.models.patches.amortised:PatchINR",
        summary="patch-wise hypernetwork: one pass writes a few modulations of a shared SIREN for each short patch",
        needs=("torch",),
        defaults={**PAYLOAD, **SIREN, "width": 48, "layers": 3, "spectral_weight": 0.0, **VARIANTS, **STORAGE},
        decode_settings=("latent_format",),
        function_of_time=True,
        neutral={**VARIANTS, **STORAGE},
        budgets=ONE_PASS,
        resolve="hsbench.models.patches.descriptors:resolve",
        operations="hsbench.models.patches.counting:one_pass",
        approach="one pass",
    ),
    ModelDescriptor(
        name="coinpp",
        target="hsbench.models.patches.coinpp:COINPP",
        summary="COIN++: a few gradient steps find the modulations of a meta-learned shared SIREN for each patch",
        needs=("torch",),
        defaults={**PAYLOAD, **SIREN, "inner_steps": 3, **STORAGE},
        decode_settings=("inner_steps", "latent_format"),
        function_of_time=True,
        neutral=STORAGE,
        budgets=FEW_STEPS,
        resolve="hsbench.models.patches.descriptors:resolve",
        operations="hsbench.models.patches.counting:few_steps",
        approach="few steps",
    ),
]
