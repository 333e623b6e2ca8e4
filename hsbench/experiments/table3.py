"""Table 3 of the HyperSound paper: five ways to use the generated weights, for an FMLP at compression ratio 1."""

from __future__ import annotations

from typing import Any

from hsbench.descriptors import ExperimentDescriptor
from hsbench.experiments.floors import FLOORS, SHORT_TRAININGS
from hsbench.spec import Experiment, Row, freeze

DESCRIPTORS = [
    ExperimentDescriptor(
        name="table3",
        target="hsbench.experiments.table3:table3",
        summary="ways to use the generated weights: standard, multiplicative, additive, shared layers",
    ),
]

VARIANTS: dict[str, dict[str, Any]] = {
    "standard": {},
    "multiplicative": {"combine": "multiply"},
    "additive": {"combine": "add"},
    "first layer shared": {"shared_layers": 1},
    "first two layers shared": {"shared_layers": 2},
}


def table3() -> Experiment:
    """Return the experiment; its row "standard" is the 1x row of Table 2b, which is trained once for both."""
    return Experiment(
        name="table3",
        title="Ways to use the generated weights",
        rows=(
            *(Row(name, "hypersound-fmlp", freeze(settings), name) for name, settings in VARIANTS.items()),
            *FLOORS,
        ),
        metrics=("mse", "lsd", "si_snr"),
        seen=SHORT_TRAININGS,
        parallel=True,
        table="3",
    )
