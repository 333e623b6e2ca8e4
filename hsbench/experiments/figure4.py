"""Figure 4 of the HyperSound paper: the generated weights by voice."""

from __future__ import annotations

from hsbench.descriptors import ExperimentDescriptor
from hsbench.spec import Experiment, Row, freeze

DESCRIPTORS = [
    ExperimentDescriptor(
        name="figure4",
        target="hsbench.experiments.figure4:figure4",
        summary="generated INR weights of both splits by voice: t-SNE and neighbours (report --format figures)",
    ),
]


def figure4() -> Experiment:
    """The cell is that of the 1x row of Table 2b; clips of both splits, so that trained and new voices meet.

    The weights are the result; the three cheap metrics say what sound they make.
    """
    return Experiment(
        name="figure4",
        title="Generated weights by voice",
        rows=(Row("HyperSound FMLP", "hypersound-fmlp"),),
        metrics=("mse", "lsd", "si_snr"),
        clips=freeze({"smoke": 16, "quick": 128, "standard": 512, "paper": 1024}),
        split="all",
    )
