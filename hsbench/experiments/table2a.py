"""Table 2a of the HyperSound paper: RAVE, with the controls without which it cannot be read."""

from __future__ import annotations

from typing import Any

from hsbench.descriptors import ExperimentDescriptor
from hsbench.spec import CHEAP_SMOKE, Experiment, Row, freeze

DESCRIPTORS = [
    ExperimentDescriptor(
        name="table2a",
        target="hsbench.experiments.table2a:table2a",
        summary="RAVE (an export where one is given, and our reimplementation), beside controls",
    ),
]

PLAYED: dict[str, dict[str, Any]] = {
    "": {},
    " deterministic": {"latent": "mean", "noise": False},
    " lag removed": {"align": "filterbank"},
}
"""The published protocol (every latent drawn, with noise, unaligned), and two that show what it costs."""

OURS = "RAVE v1 reimplementation; not the published training below the budget paper"


def table2a() -> Experiment:
    """Three ways to play one RAVE, which is trained once; then the controls, from the clip itself to silence."""
    return Experiment(
        name="table2a",
        title="RAVE and controls",
        rows=(
            *(
                Row(f"RAVE export{how}", "rave", freeze(way), "RAVE" if not way else None)
                for how, way in PLAYED.items()
            ),
            *(
                Row(f"RAVE v1{how}", "rave-v1", freeze(way), "RAVE" if not way else None, notes=(OURS,))
                for how, way in PLAYED.items()
            ),
            Row("identity", "identity"),
            Row("filter bank", "pqmf"),
            Row("filter bank lag removed", "pqmf", freeze({"aligned": True})),
            Row("inverted", "scaled", freeze({"gain": -1.0})),
            Row("random phase", "random-phase"),
            Row("mel and Griffin-Lim", "mel-griffin-lim"),
            Row("noise", "noise"),
            Row("silence", "silence"),
        ),
        left_out=CHEAP_SMOKE,
        table="2a",
    )
