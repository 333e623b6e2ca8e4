"""Table 2a of the HyperSound paper: RAVE, beside controls that show how each metric reacts to simple operations."""

from __future__ import annotations

from typing import Any

from hsbench.descriptors import ExperimentDescriptor
from hsbench.experiments.floors import FLOORS
from hsbench.spec import CHEAP_SMOKE, Experiment, Row, freeze

DESCRIPTORS = [
    ExperimentDescriptor(
        name="table2a",
        target="hsbench.experiments.table2a:table2a",
        summary="RAVE (an export where one is given, and our reimplementation), beside controls",
    ),
]

DECODINGS: dict[str, dict[str, Any]] = {
    "": {},
    " deterministic": {"latent": "mean", "noise": False},
    " lag removed": {"align": "filterbank"},
}
"""Suffix of the row -> decode settings: first those of the published evaluation (latents are sampled, the noise
synthesiser is on, the lag is not removed), then two variants that show the effect of these choices."""

OURS = "RAVE v1 reimplementation; not the published training below the budget paper"


def table2a() -> Experiment:
    """Return the experiment: RAVE, decoded in three ways from one training, then the controls."""
    return Experiment(
        name="table2a",
        title="RAVE and controls",
        rows=(
            *(
                Row(f"RAVE export{suffix}", "rave", freeze(settings), None if settings else "RAVE")
                for suffix, settings in DECODINGS.items()
            ),
            *(
                Row(f"RAVE v1{suffix}", "rave-v1", freeze(settings), None if settings else "RAVE", notes=(OURS,))
                for suffix, settings in DECODINGS.items()
            ),
            Row("identity", "identity"),
            Row("filter bank", "pqmf"),
            Row("filter bank lag removed", "pqmf", freeze({"aligned": True})),
            Row("inverted", "scaled", freeze({"gain": -1.0})),
            Row("random phase", "random-phase"),
            Row("mel and Griffin-Lim", "mel-griffin-lim"),
            *FLOORS,
        ),
        left_out=CHEAP_SMOKE,
        table="2a",
    )
