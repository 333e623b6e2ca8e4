"""Figure 4 of the HyperSound paper: the weights of the clips' INRs, coloured by voice."""

from __future__ import annotations

from hsbench.descriptors import ExperimentDescriptor
from hsbench.experiments.floors import FLOORS
from hsbench.spec import Experiment, Row, freeze

DESCRIPTORS = [
    ExperimentDescriptor(
        name="figure4",
        target="hsbench.experiments.figure4:figure4",
        summary="INR weights of clips of both splits by voice: t-SNE and neighbours (report --format figures)",
    ),
]

ONE_START = freeze({"compression_ratio": 2.0, "shared_start": True})
FEW_STEPS = freeze({"steps": 300})


def figure4() -> Experiment:
    """Return the experiment; its hypernetwork is that of the 1x row of Table 2b.

    The clips come from both splits, so that the figure shows training voices and validation voices together. The result
    is the weights; three metrics, which are cheap to compute, describe the quality of the sound that they encode.

    A hypernetwork does not beat silence after a short training, and the figure draws only what does. Individual INRs
    stand beside it, all fitted from one start, without which distances between their weights would mean nothing.
    """
    return Experiment(
        name="figure4",
        title="INR weights by voice",
        rows=(
            Row("HyperSound FMLP", "hypersound-fmlp"),
            Row("individual FMLP 2x", "inr-fmlp", ONE_START, quick=FEW_STEPS),
            *FLOORS,
        ),
        metrics=("mse", "lsd", "si_snr"),
        clips=freeze({"smoke": 16, "quick": 48, "standard": 512, "paper": 1024}),
        split="all",
        parallel=True,
    )
