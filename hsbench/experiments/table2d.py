"""Table 2d of the HyperSound paper: the upper bound, one INR fitted to each clip."""

from __future__ import annotations

from hsbench.descriptors import ExperimentDescriptor
from hsbench.experiments.floors import FLOORS
from hsbench.spec import Experiment, Row, freeze

DESCRIPTORS = [
    ExperimentDescriptor(
        name="table2d",
        target="hsbench.experiments.table2d:table2d",
        summary="upper bound: one individual INR (FMLP, SIREN) per clip",
    ),
]


def table2d() -> Experiment:
    """Return the experiment; 30 clips are fitted under `standard` and `paper`, fewer under the other budgets."""
    return Experiment(
        name="table2d",
        title="Individual INRs (upper bound)",
        rows=(
            Row("FMLP", "inr-fmlp", published="FMLP"),
            Row("SIREN", "inr-siren", published="SIREN"),
            *FLOORS,
        ),
        clips=freeze({"smoke": 4, "quick": 16, "standard": 30, "paper": 30}),
        table="2d",
    )
