"""Figure 4 of the HyperSound paper: the generated weights of clips, coloured by voice."""

from __future__ import annotations

from hsbench.descriptors import ExperimentDescriptor
from hsbench.experiments.floors import FLOORS
from hsbench.spec import Experiment, Row, freeze

DESCRIPTORS = [
    ExperimentDescriptor(
        name="figure4",
        target="hsbench.experiments.figure4:figure4",
        summary="generated INR weights of both splits by voice: t-SNE and neighbours (report --format figures)",
    ),
]


def figure4() -> Experiment:
    """Return the experiment; its cell is that of the 1x row of Table 2b.

    The clips come from both splits, so that the figure shows training voices and validation voices together. The result
    is the weights; three metrics, which are cheap to compute, describe the quality of the sound that they encode.
    """
    return Experiment(
        name="figure4",
        title="Generated weights by voice",
        rows=(Row("HyperSound FMLP", "hypersound-fmlp"), *FLOORS),
        metrics=("mse", "lsd", "si_snr"),
        clips=freeze({"smoke": 16, "quick": 128, "standard": 512, "paper": 1024}),
        split="all",
    )
