"""Overview: what the field knows how to do with a second and a half of speech, in a few minutes on a laptop."""

from __future__ import annotations

from hsbench import registry
from hsbench.descriptors import ExperimentDescriptor
from hsbench.experiments.floors import FLOORS
from hsbench.spec import CHEAP_SMOKE, Experiment, Row, freeze

DESCRIPTORS = [
    ExperimentDescriptor(
        name="overview",
        target="hsbench.experiments.overview:overview",
        summary="controls, codecs, individual INRs, hypernetworks, RAVE and patch INRs side by side, in minutes",
    ),
]

HALF = freeze({"compression_ratio": 2.0})
"""Compression ratio of the individual INRs, at which the controls store as many numbers."""
SHORT_RAVE = freeze({"steps": 100, "phase_1_steps": 80})
FEW_STEPS = freeze({"steps": 300})
"""Training settings under the budget `quick` alone, which keep the experiment to minutes on two cores."""


def overview() -> Experiment:
    """Return the experiment: every kind of method on held-out clips, and methods that learn on seen clips too.

    The row of Opus is there where its package is installed. The codecs' rates are the lowest and a middle one; CR 2 and
    CR 8 bracket the compression ratios at which INRs of sound are published.
    """
    return Experiment(
        name="overview",
        title="What a second and a half of speech can be rebuilt from",
        rows=(
            Row("HyperSound FMLP 1x", "hypersound-fmlp"),
            Row("HyperSound SIREN 1x", "hypersound-siren"),
            Row("RAVE v1", "rave-v1", quick=SHORT_RAVE),
            *(Row(f"patch INR {c:g}x", "patch-inr", freeze({"compression_ratio": c})) for c in (8.0, 2.0)),
            Row("FMLP fitted 2x", "inr-fmlp", HALF, quick=FEW_STEPS),
            Row("SIREN fitted 2x", "inr-siren", HALF, quick=FEW_STEPS),
            *(Row(f"MDCT top k {c:g}x", "mdct-top-k", freeze({"compression_ratio": c})) for c in (8.0, 2.0)),
            *(Row(f"decimation {c:g}x", "decimation", freeze({"compression_ratio": c})) for c in (8.0, 2.0)),
            *(
                Row(f"MP3 level {level:g}", "mp3-soundfile", freeze({"compression_level": level}))
                for level in (0.99, 0.8)
            ),
            *_opus(),
            *FLOORS,
        ),
        clips=freeze({"smoke": 4, "quick": 8, "standard": 64, "paper": 512}),
        left_out=CHEAP_SMOKE,
        columns=("kbps", "seconds"),
        seen=("smoke", "quick", "standard", "paper"),
        parallel=True,
        page=True,
    )


def _opus() -> tuple[Row, ...]:
    """Return the row of Opus, none where PyAV is not installed."""
    return () if registry.model("opus").missing() else (Row("Opus", "opus", freeze({"kbps": 12})),)
