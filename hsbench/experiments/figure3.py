"""Figure 3 of the HyperSound paper: one clip, reconstructed by a hypernetwork and by individual INRs."""

from __future__ import annotations

from hsbench.descriptors import ExperimentDescriptor
from hsbench.experiments.floors import FLOORS, SHORT_TRAININGS
from hsbench.spec import CHEAP_SMOKE, Experiment, Row, freeze

DESCRIPTORS = [
    ExperimentDescriptor(
        name="figure3",
        target="hsbench.experiments.figure3:figure3",
        summary="waveforms and spectrograms: HyperSound beside individual INRs (report --format figures)",
    ),
]


def figure3() -> Experiment:
    """Return the experiment; its cells are those of Tables 2b and 2d at compression ratio 1, which are fitted once.

    A hypernetwork does not beat silence on held-out clips after a short training, so that there would be nothing to
    draw. The budgets `smoke` and `quick` therefore show clips that it was trained on.
    """
    return Experiment(
        name="figure3",
        title="Reconstructions at compression ratio 1",
        rows=(
            Row("HyperSound FMLP", "hypersound-fmlp"),
            Row("individual FMLP", "inr-fmlp"),
            Row("individual SIREN", "inr-siren"),
            *FLOORS,
        ),
        clips=freeze({"smoke": 4, "quick": 16, "standard": 30, "paper": 30}),
        left_out=CHEAP_SMOKE,
        seen_alone=SHORT_TRAININGS,
        parallel=True,
    )
