"""Table 4 of the HyperSound paper: frequency weighting of the spectral loss, for an FMLP at compression ratio 1."""

from __future__ import annotations

from hsbench.descriptors import ExperimentDescriptor
from hsbench.experiments.floors import FLOORS, SHORT_TRAININGS
from hsbench.spec import Experiment, Row, freeze

DESCRIPTORS = [
    ExperimentDescriptor(
        name="table4",
        target="hsbench.experiments.table4:table4",
        summary="frequency weighting of the spectral loss, p = 0, 0.2, 0.5, 1",
    ),
]


def table4() -> Experiment:
    """Return the experiment; its row without weighting is the 1x row of Table 2b, which is trained once for both."""
    return Experiment(
        name="table4",
        title="Frequency weighting",
        rows=(
            *(
                Row(f"p = {p}", "hypersound-fmlp", freeze({"frequency_weight_p": p}), f"{p}")
                for p in (0.0, 0.2, 0.5, 1.0)
            ),
            *FLOORS,
        ),
        metrics=("mse", "lsd", "si_snr"),
        seen=SHORT_TRAININGS,
        parallel=True,
        table="4",
    )
