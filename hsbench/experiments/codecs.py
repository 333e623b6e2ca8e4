"""Quality by bitrate: codecs, classical coders, and individual INRs whose weights are stored in three formats."""

from __future__ import annotations

from hsbench.descriptors import ExperimentDescriptor
from hsbench.experiments.floors import FLOORS
from hsbench.spec import CHEAP_SMOKE, Experiment, Row, freeze

DESCRIPTORS = [
    ExperimentDescriptor(
        name="codecs",
        target="hsbench.experiments.codecs:codecs",
        summary="quality by bitrate: Opus, MP3, decimation, MDCT, INRs in three weight formats; a folder of WAV files",
    ),
]

RATIOS = (1.0, 2.0, 4.0, 10.0)


def codecs() -> Experiment:
    """Return the experiment: every coder at several rates.

    Each INR is fitted once and stored in all three formats. Rows that need a missing package or folder are shown
    without values.
    """
    return Experiment(
        name="codecs",
        title="Rate against quality",
        rows=(
            *(Row(f"Opus {kbps} kbit/s", "opus", freeze({"kbps": kbps})) for kbps in (6, 12, 24, 48)),
            *(Row(f"MP3 {kbps} kbit/s", "mp3", freeze({"kbps": kbps})) for kbps in (16, 32, 64)),
            *(Row(f"decimation {c:g}x", "decimation", freeze({"compression_ratio": c})) for c in (2.0, 4.0, 10.0)),
            *(Row(f"MDCT top k {c:g}x", "mdct-top-k", freeze({"compression_ratio": c})) for c in RATIOS),
            *(
                Row(
                    f"INR FMLP {ratio:g}x {form}",
                    "inr-fmlp",
                    freeze({"compression_ratio": ratio, "weight_format": form}),
                )
                for ratio in RATIOS
                for form in ("fp32", "int8-rows", "int6-rows")
            ),
            Row("made elsewhere", "recon-dir"),
            *FLOORS,
        ),
        clips=freeze({"smoke": 4, "quick": 16, "standard": 64, "paper": 512}),
        left_out=CHEAP_SMOKE,
    )
