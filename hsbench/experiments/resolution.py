"""Resolution: INRs fitted at 22.05 kHz and played at 44.1 and 48 kHz, against sources that have these rates."""

from __future__ import annotations

from hsbench.descriptors import ExperimentDescriptor
from hsbench.spec import Experiment, Row, freeze

DESCRIPTORS = [
    ExperimentDescriptor(
        name="resolution",
        target="hsbench.experiments.resolution:resolution",
        summary="INRs played at 44.1 and 48 kHz against the source; needs a corpus with such sources (vctk)",
    ),
]

RATES = ("", "@44100", "@48000")


def resolution() -> Experiment:
    """The cells are those of Tables 2b and 2d at compression ratio 1; only their scores are new."""
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
