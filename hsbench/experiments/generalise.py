"""Generalisation: methods that represent sounds which they were never trained on, at four compression ratios."""

from __future__ import annotations

from hsbench.descriptors import ExperimentDescriptor
from hsbench.experiments.floors import FLOORS
from hsbench.spec import CHEAP_SMOKE, Experiment, Row, freeze

DESCRIPTORS = [
    ExperimentDescriptor(
        name="generalise",
        target="hsbench.experiments.generalise:generalise",
        summary="one pass, few steps and individual fits on held-out voices, beside transform coding at equal counts",
    ),
]

RATIOS = (16.0, 8.0, 4.0, 2.0)
FEW = {"steps": 128, "coordinates": 4096, "schedule": "constant", "learning_rate": 1e-4}
"""Individual fits that cost seconds: few steps at a rate tuned on training voices (docs/generalise.md)."""
CODERS = {"KLT": "klt", "DCT": "dct", "MDCT top k": "mdct-top-k", "decimation": "decimation"}
"""Label -> model of a control that spends the same count of numbers without a network."""


def generalise() -> Experiment:
    """Return the experiment: every learned method beside the controls with as many numbers per clip."""
    return Experiment(
        name="generalise",
        title="Methods that generalise to held-out clips",
        rows=(
            *(Row(f"patch INR {c:g}x", "patch-inr", freeze({"compression_ratio": c})) for c in RATIOS),
            *(Row(f"COIN++ {c:g}x", "coinpp", freeze({"compression_ratio": c})) for c in RATIOS),
            *(
                Row(
                    f"SIREN 128 steps 2x {start} start",
                    "inr-siren",
                    freeze({"compression_ratio": 2.0, "start": start}),
                    training=freeze(FEW),
                )
                for start in ("random", "learned")
            ),
            Row("HyperSound FMLP 1x", "hypersound-fmlp"),
            Row("HyperSound FMLP biases only", "hypersound-fmlp", freeze({"combine": "biases_only"})),
            Row("HyperSound FMLP global residual", "hypersound-fmlp", freeze({"combine": "global_residual"})),
            *(
                Row(f"{label} {c:g}x", model, freeze({"compression_ratio": c}))
                for label, model in CODERS.items()
                for c in RATIOS
            ),
            Row("exported network", "exported"),
            *FLOORS,
        ),
        clips=freeze({"smoke": 4, "quick": 16, "standard": 64, "paper": 512}),
        left_out=CHEAP_SMOKE,
        columns=("seconds", "border_error"),
        parallel=True,
    )
