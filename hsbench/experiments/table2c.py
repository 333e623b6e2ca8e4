"""Table 2c of the HyperSound paper: hypernetworks that generate SIRENs with six pairs of omega_0 and omega_i."""

from __future__ import annotations

from hsbench.descriptors import ExperimentDescriptor
from hsbench.experiments.floors import FLOORS, SHORT_TRAININGS
from hsbench.spec import CHEAP_SMOKE, Experiment, Row, freeze

DESCRIPTORS = [
    ExperimentDescriptor(
        name="table2c",
        target="hsbench.experiments.table2c:table2c",
        summary="HyperSound SIREN at six pairs of omega_0 and omega_i",
    ),
]

OMEGAS = ((30, 30), (100, 30), (500, 30), (1000, 30), (2000, 30), (2000, 100))


def table2c() -> Experiment:
    """Return the experiment; all rows have the compression ratio 1."""
    return Experiment(
        name="table2c",
        title="HyperSound SIREN by omega",
        rows=(
            *(
                Row(
                    f"{first} / {other}",
                    "hypersound-siren",
                    freeze({"omega_0": float(first), "omega_i": float(other)}),
                    f"{first} / {other}",
                )
                for first, other in OMEGAS
            ),
            *FLOORS,
        ),
        left_out=CHEAP_SMOKE,
        seen=SHORT_TRAININGS,
        parallel=True,
        table="2c",
    )
