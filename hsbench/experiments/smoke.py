"""What drift checks stand on: small fits of every kind and two controls, pinned so that the same code says the same.

The networks are small and stop early, so that the whole takes two minutes; what counts is that each score depends on
everything before it. Twelve clips are enough: the smallest p of a sign-flip test over them, 2^-11, lies below 0.05
shared out among all rows and metrics.
"""

from __future__ import annotations

from hsbench.descriptors import ExperimentDescriptor
from hsbench.spec import Experiment, Pins, Row, freeze

DESCRIPTORS = [
    ExperimentDescriptor(
        name="smoke",
        target="hsbench.experiments.smoke:smoke",
        summary="what drift checks stand on: an INR of each kind, a hypernetwork, controls; pinned to a CPU thread",
    ),
]

CLIPS = 12
QUARTER = freeze({"compression_ratio": 4.0})
SHORT = freeze({"steps": 150})
"""Enough for a SIREN; an FMLP is still silent on some clips there, and has no scores."""
LOUD = freeze({"epochs": 4, "learning_rate": 5e-4, "hidden": "64-64", "output_scale": 30.0})
"""What the budget itself trains is silence, which has no scores under protocol fixed; this one starts out loud."""


def smoke() -> Experiment:
    """An INR of each kind, a hypernetwork, a control that keeps everything and one that keeps magnitudes."""
    return Experiment(
        name="smoke",
        title="Drift",
        rows=(
            Row("FMLP", "inr-fmlp", QUARTER),
            Row("SIREN", "inr-siren", QUARTER, training=SHORT),
            Row("HyperSound FMLP", "hypersound-fmlp", QUARTER, training=LOUD),
            Row("identity", "identity"),
            Row("random phase", "random-phase"),
        ),
        clips=freeze(dict.fromkeys(("smoke", "quick", "standard", "paper"), CLIPS)),
        pins=Pins(budget="smoke", protocol="fixed-1", device="cpu", threads=1),
    )
