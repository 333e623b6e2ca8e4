"""Codecs and classical coders at several rates, beside reconstructions made elsewhere."""

from __future__ import annotations

from hsbench.spec import Experiment, Row, freeze

DESCRIPTORS = [
    {
        "name": "codecs",
        "version": 1,
        "summary": "Opus, MP3, decimation and MDCT at several rates; a folder of reconstructions where one is given",
        "target": "hsbench.experiments.codecs:codecs",
    }
]


def codecs() -> Experiment:
    """Rows that need what was not given (PyAV, a folder) are shown without cells."""
    return Experiment(
        name="codecs",
        title="Codecs and classical coders",
        rows=(
            *(Row(f"Opus {kbps} kbit/s", "opus", freeze({"kbps": kbps})) for kbps in (6, 12, 24, 48)),
            *(Row(f"MP3 {kbps} kbit/s", "mp3", freeze({"kbps": kbps})) for kbps in (16, 32, 64)),
            *(Row(f"decimation {c:g}x", "decimation", freeze({"compression_ratio": c})) for c in (2.0, 4.0, 10.0)),
            *(Row(f"MDCT top k {c:g}x", "mdct-top-k", freeze({"compression_ratio": c})) for c in (1.0, 2.0, 4.0, 10.0)),
            Row("made elsewhere", "recon-dir"),
        ),
        metrics=("mse", "lsd", "si_snr", "pesq", "stoi", "cdpam"),
        clips=freeze({"smoke": 4, "quick": 16, "standard": 64, "paper": 512}),
        left_out=freeze({"smoke": ("cdpam",)}),
    )
