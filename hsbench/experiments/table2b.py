"""Table 2b of the HyperSound paper: hypernetworks that generate FMLPs of six sizes."""

from __future__ import annotations

from hsbench.descriptors import ExperimentDescriptor
from hsbench.experiments.floors import FLOORS, SHORT_TRAININGS
from hsbench.spec import CHEAP_SMOKE, Experiment, Row, freeze

DESCRIPTORS = [
    ExperimentDescriptor(
        name="table2b",
        target="hsbench.experiments.table2b:table2b",
        summary="HyperSound FMLP at compression ratios 10, 4, 2, 1, 0.5 and 0.125",
    ),
]

RATIOS = (10.0, 4.0, 2.0, 1.0, 0.5, 0.125)
SHORTER = freeze({"epochs": 15})
"""Training of the largest networks under the budget `quick`: half as long, so that the table takes minutes."""


def table2b() -> Experiment:
    """Return the experiment; 512 clips are scored under `standard` and `paper`, fewer under the other budgets."""
    return Experiment(
        name="table2b",
        title="HyperSound FMLP by compression ratio",
        rows=(
            *(
                Row(
                    f"{ratio:g}x",
                    "hypersound-fmlp",
                    freeze({"compression_ratio": ratio}),
                    f"{ratio:g}x",
                    quick=SHORTER if ratio == min(RATIOS) else (),
                )
                for ratio in RATIOS
            ),
            *FLOORS,
        ),
        left_out=CHEAP_SMOKE,
        seen=SHORT_TRAININGS,
        parallel=True,
        table="2b",
    )
