"""Trainings of HyperSound that the paper's sections 3 and 4 speak of and none of its tables shows."""

from __future__ import annotations

from hsbench.descriptors import ExperimentDescriptor
from hsbench.experiments.floors import FLOORS, SHORT_TRAININGS
from hsbench.spec import CHEAP_SMOKE, Experiment, Row, freeze

DESCRIPTORS = [
    ExperimentDescriptor(
        name="claims-hypersound",
        target="hsbench.experiments.claims_hypersound:claims_hypersound",
        summary="HyperSound with the time-domain loss alone, without augmentation, and with plain initialisations",
    ),
]

FMLP_RATE = 1e-4
"""Learning rate of the paper for FMLP targets."""


def claims_hypersound() -> Experiment:
    """Return the experiment; its rows "FMLP" and "SIREN" are the cells of Tables 2b (1x) and 2c (2000 / 30)."""
    return Experiment(
        name="claims-hypersound",
        title="What HyperSound needs",
        rows=(
            Row("FMLP", "hypersound-fmlp"),
            Row("FMLP time loss alone", "hypersound-fmlp", freeze({"spectral_loss": "none"})),
            Row("FMLP augmented", "hypersound-fmlp", training=freeze({"augment": True})),
            Row("FMLP not augmented", "hypersound-fmlp", training=freeze({"augment": False})),
            *(
                Row(f"FMLP plain {start}", "hypersound-fmlp", training=freeze({"head_start": start}))
                for start in ("kaiming", "xavier")
            ),
            Row("SIREN", "hypersound-siren"),
            Row("SIREN plain kaiming", "hypersound-siren", training=freeze({"head_start": "kaiming"})),
            Row("SIREN at the rate of FMLP", "hypersound-siren", training=freeze({"learning_rate": FMLP_RATE})),
            *FLOORS,
        ),
        left_out=CHEAP_SMOKE,
        seen=SHORT_TRAININGS,
        parallel=True,
    )
