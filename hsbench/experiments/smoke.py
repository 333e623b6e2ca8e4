"""The experiment of the drift checks: a small fit of every kind and two controls, with fixed budget and device.

The networks are small and their training is short, so the experiment takes two minutes. Their quality does not matter:
every score depends on all code that precedes it, so a change of that code shows.

Twelve clips are enough for the test of significance, a paired sign-flip test over the clips. Under its hypothesis all
2^12 combinations of signs are equally probable, and at least two of them (the observed one and its opposite) are as
extreme as the observed sum, so the smallest possible p is 2 / 2^12 = 2^-11 = 0.0005. This lies below 0.05 divided by
the number of tests, 5 rows times 6 metrics: 0.05 / 30 = 0.0017.
"""

from __future__ import annotations

from hsbench.descriptors import ExperimentDescriptor
from hsbench.spec import Experiment, Pins, Row, freeze

DESCRIPTORS = [
    ExperimentDescriptor(
        name="smoke",
        target="hsbench.experiments.smoke:smoke",
        summary="experiment of the drift checks: an INR of each kind, a hypernetwork, controls; on one CPU thread",
    ),
]

CLIPS = 12
QUARTER = freeze({"compression_ratio": 4.0})
SHORT = freeze({"steps": 150})
"""Training of the SIREN. An FMLP would still be silent on some clips after so few steps, and silence has no scores."""
LOUD = freeze({"epochs": 4, "learning_rate": 5e-4, "hidden": "64-64", "output_scale": 30.0})
"""Training of HyperSound. That of the budget itself ends in silence, which has no SI-SNR, PESQ and STOI; this one
starts with a large output."""


def smoke() -> Experiment:
    """Return the experiment: an INR of each kind, a hypernetwork, the identity, and a control with random phase."""
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
        pins=Pins(budget="smoke", protocol="fixed-2", device="cpu", threads=1),
    )
