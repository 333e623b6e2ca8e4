"""Quality against encoding cost at compression ratio 2: one pass, few steps, individual fits, transform coding."""

from __future__ import annotations

from hsbench.descriptors import ExperimentDescriptor
from hsbench.experiments.floors import FLOORS
from hsbench.spec import CHEAP_SMOKE, Experiment, Row, freeze

DESCRIPTORS = [
    ExperimentDescriptor(
        name="encode-cost",
        target="hsbench.experiments.encode_cost:encode_cost",
        summary="quality by operations to encode a clip: one pass, few steps, individual fits, transform coding (CR 2)",
    ),
]

RATIO = {"compression_ratio": 2.0}
SHARES = (0.1, 0.3)
"""Parts of the full training with which the one-pass model is trained again."""
INNER_STEPS = (1, 10, 100)
"""Numbers of gradient steps of COIN++ besides the 3 of its training."""
FITS: dict[str, dict[int, tuple[str, float]]] = {
    "random": {8: ("constant", 1e-4), 32: ("constant", 1e-4), 128: ("constant", 1e-4), 1000: ("one_cycle", 5e-4)},
    "learned": {8: ("constant", 1e-4), 32: ("constant", 1e-4), 128: ("constant", 1e-4), 1000: ("one_cycle", 2e-4)},
}
"""Start of an individual fit -> number of steps -> schedule and learning rate, tuned on training voices at compression
ratio 1 (docs/generalise.md)."""


def encode_cost() -> Experiment:
    """Return the experiment. The row "SIREN" has the steps of the budget: 1000 under `quick`, 100 000 under `paper`."""
    return Experiment(
        name="encode-cost",
        title="Quality against encoding cost at compression ratio 2",
        rows=(
            *(
                Row(f"patch INR trained {share:.0%}", "patch-inr", freeze(RATIO), training=freeze({"share": share}))
                for share in SHARES
            ),
            Row("patch INR", "patch-inr", freeze(RATIO)),
            Row("COIN++ 3 steps", "coinpp", freeze(RATIO)),
            *(
                Row(f"COIN++ {steps} step{'s' * (steps > 1)}", "coinpp", freeze({**RATIO, "inner_steps": steps}))
                for steps in INNER_STEPS
            ),
            *(
                Row(
                    f"SIREN {start} start {steps} steps",
                    "inr-siren",
                    freeze({**RATIO, "start": start}),
                    training=freeze({"steps": steps, "schedule": schedule, "learning_rate": rate, "coordinates": 4096}),
                )
                for start, fits in FITS.items()
                for steps, (schedule, rate) in fits.items()
            ),
            Row("SIREN steps of the budget", "inr-siren", freeze(RATIO)),
            Row("KLT", "klt", freeze(RATIO)),
            Row("DCT", "dct", freeze(RATIO)),
            Row("MDCT top k", "mdct-top-k", freeze(RATIO)),
            *FLOORS,
        ),
        clips=freeze({"smoke": 4, "quick": 8, "standard": 64, "paper": 512}),
        left_out=CHEAP_SMOKE,
        columns=("operations", "seconds"),
    )
