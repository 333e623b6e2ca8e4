"""Resolution: INRs fitted at 22.05 kHz and decoded at 44.1 and 48 kHz, compared with sources at these rates."""

from __future__ import annotations

from hsbench.descriptors import ExperimentDescriptor
from hsbench.spec import Experiment, Row, freeze

DESCRIPTORS = [
    ExperimentDescriptor(
        name="resolution",
        target="hsbench.experiments.resolution:resolution",
        summary="INRs decoded at 44.1 and 48 kHz, compared with the source; needs a corpus of such a rate (vctk)",
    ),
]

RATES = ("", "@44100", "@48000")


def resolution() -> Experiment:
    """Return the experiment: the cells of Tables 2b and 2d at compression ratio 1, scored at further sample rates."""
    return Experiment(
        name="resolution",
        title="INRs above the rate that they were fitted at",
        rows=(
            Row("FMLP fitted", "inr-fmlp"),
            Row("SIREN fitted", "inr-siren"),
            Row("HyperSound FMLP", "hypersound-fmlp"),
        ),
        metrics=tuple(f"{metric}{rate}" for metric in ("mse", "lsd", "si_snr") for rate in RATES),
        clips=freeze({"smoke": 2, "quick": 8, "standard": 30, "paper": 30}),
        corpus="vctk",
    )
