"""Controls: the value of every metric for simple signal operations, from the unchanged clip to silence."""

from __future__ import annotations

from hsbench.descriptors import ExperimentDescriptor
from hsbench.experiments.floors import FLOORS
from hsbench.spec import CHEAP_SMOKE, PAPER_METRICS, Experiment, Row, freeze

DESCRIPTORS = [
    ExperimentDescriptor(
        name="sanity",
        target="hsbench.experiments.sanity:sanity",
        summary="controls (identity, gain, delay, filter bank, random phase, decimation, MDCT) in every metric",
    ),
]


def sanity() -> Experiment:
    """Return the experiment: all controls, ordered by how much of the clip they preserve."""
    return Experiment(
        name="sanity",
        title="Controls",
        rows=(
            Row("identity", "identity"),
            Row("half the level", "scaled"),
            Row("inverted", "scaled", freeze({"gain": -1.0})),
            Row("delayed", "delayed"),
            Row("filter bank", "pqmf"),
            Row("filter bank lag removed", "pqmf", freeze({"aligned": True})),
            Row("random phase", "random-phase"),
            Row("mel and Griffin-Lim", "mel-griffin-lim"),
            *(Row(f"decimation {c:g}x", "decimation", freeze({"compression_ratio": c})) for c in (2.0, 4.0, 10.0)),
            *(Row(f"MDCT top k {c:g}x", "mdct-top-k", freeze({"compression_ratio": c})) for c in (1.0, 2.0, 4.0, 10.0)),
            *FLOORS,
        ),
        metrics=(*PAPER_METRICS, "mae", "snr"),
        clips=freeze({"smoke": 4, "quick": 16, "standard": 64, "paper": 512}),
        left_out=CHEAP_SMOKE,
        parallel=True,
    )
