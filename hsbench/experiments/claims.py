"""Claims: rows that decide what sections 3 and 4 of the HyperSound paper say, as far as no table has them already.

hsbench.analysis.claims pairs these rows, and those of the tables, into one experiment for each sentence. No row trains
a HyperSound model: claims about it read the results of Tables 2a to 4, where these were run.
"""

from __future__ import annotations

from typing import Any

from hsbench.descriptors import ExperimentDescriptor
from hsbench.experiments.floors import FLOORS
from hsbench.spec import CHEAP_SMOKE, Experiment, Row, freeze

DESCRIPTORS = [
    ExperimentDescriptor(
        name="claims",
        target="hsbench.experiments.claims:claims",
        summary="sentences of the paper's sections 3 and 4, each with a verdict: individual INRs, counts, patch INRs",
    ),
]

HALF = {"compression_ratio": 2.0}
SHORT = freeze({"steps": 300, "coordinates": 1024})
"""Training of individual INRs under `quick` alone: a second for a clip. Under the other budgets, the rows FMLP and
SIREN are cells of `overview`."""
STRIDE = 2
NOISE = 0.01
"""Noise on fitted weights, in parts of the root mean square of each tensor."""

FITS: dict[str, dict[str, Any]] = {
    "FMLP": {},
    "SIREN": {},
    "FMLP noisy weights": {"settings": {"weight_noise": NOISE}},
    "SIREN noisy weights": {"settings": {"weight_noise": NOISE}},
    "SIREN plain initialisation": {"switches": {"inr_siren_init": "none"}},
    "SIREN omega_i 100": {"settings": {"omega_i": 100.0}},
    "FMLP 8x": {"settings": {"compression_ratio": 8.0}},
    "SIREN rate 1e-2": {"training": {"learning_rate": 1e-2}},
    "FMLP rate 1e-3": {"training": {"learning_rate": 1e-3}},
    "SIREN omega_0 100": {"settings": {"omega_0": 100.0}},
    "FMLP half the rate": {"settings": {"fit_stride": STRIDE}},
    "SIREN half the rate": {"settings": {"fit_stride": STRIDE}},
    "FMLP one start": {"settings": {"shared_start": True}},
}
"""Row of individual INRs, whose first word is the kind of network -> what differs from its defaults."""
PATCH_RUNS = {"patches": 128}
"""Patches of a step in all analogues: a multiple of the 8 runs of 16 patches that the spectral loss needs."""
PATCHES: dict[str, dict[str, Any]] = {
    "time loss": {},
    "spectral loss too": {"settings": {"spectral_weight": 1.0}},
    "weighted spectral loss": {"settings": {"spectral_weight": 1.0, "frequency_weight_p": 1.0}},
    "augmented": {"training": {"augment": True}},
    "one shared layer": {"settings": {"shared_layers": 1}},
    "two shared layers": {"settings": {"shared_layers": 2}},
}


def claims() -> Experiment:
    """Return the experiment: clips of both splits, since individual INRs learn from no split and ten voices say more.

    Patch INRs, which are trained, are scored on the held-out ones among them alone.
    """
    return Experiment(
        name="claims",
        title="What decides the claims of the paper",
        rows=(
            *(_fit(name, f"inr-{name.split()[0].lower()}", **options) for name, options in FITS.items()),
            Row("decimation 2x", "decimation", freeze({"compression_ratio": float(STRIDE)})),
            *(_patch(f"patch INR {name}", **options) for name, options in PATCHES.items()),
            *FLOORS,
        ),
        metrics=("mse", "lsd", "si_snr", "pesq", "stoi"),
        clips=freeze({"smoke": 4, "quick": 20, "standard": 30, "paper": 30}),
        left_out=CHEAP_SMOKE,
        split="all",
        parallel=True,
    )


def _fit(
    name: str,
    model: str,
    settings: dict[str, Any] | None = None,
    training: dict[str, Any] | None = None,
    switches: dict[str, Any] | None = None,
) -> Row:
    """Return a row of individual INRs at compression ratio 2."""
    return Row(
        name,
        model,
        freeze({**HALF, **(settings or {})}),
        training=freeze(training or {}),
        quick=SHORT,
        switches=freeze(switches or {}),
    )


def _patch(name: str, settings: dict[str, Any] | None = None, training: dict[str, Any] | None = None) -> Row:
    """Return a row of the analogues: a patch INR at compression ratio 8, trained for few steps under `quick`."""
    return Row(
        name,
        "patch-inr",
        freeze({"compression_ratio": 8.0, **(settings or {})}),
        training=freeze({**PATCH_RUNS, **(training or {})}),
        quick=freeze({"steps": 250}),
        notes=("analogue: says nothing about HyperSound",),
        split="validation",
    )
