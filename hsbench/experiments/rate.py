"""Rate against quality: what INRs, transform coding and codecs make of the same number of bits.

Every bit that a row of an INR or of transform coding counts is written into a stream, and the estimate is decoded from
it. Clips are longer than elsewhere, since a codec needs some tenths of a second to settle: 2.6 s of the demo corpus, 10
s of a real one.
"""

from __future__ import annotations

from hsbench.descriptors import ExperimentDescriptor
from hsbench.experiments.floors import FLOORS
from hsbench.spec import Experiment, Row, freeze

DESCRIPTORS = [
    ExperimentDescriptor(
        name="rate",
        target="hsbench.experiments.rate:rate",
        summary="quality by bitrate: INRs and transform coding as decodable streams, Opus, MP3, simple controls",
    ),
]

SIZES = (4.0, 10.0)
"""Compression ratios of individual INRs, samples per number."""
PATCHES = (8.0, 16.0)
"""Compression ratios of the INRs that code a clip patch by patch."""
BITS = (8, 7, 6, 5)
STEPS = (0.4, 0.2, 0.1, 0.05, 0.025)
"""Step sizes of transform coding, at full scale +-1; each halving adds about 6 dB."""
DEMO_SAMPLES = 224 * 256
"""Samples of a stretch of the demo corpus: 2.6 s at 22 050 Hz, a whole number of patches, frames and blocks."""
REAL_SAMPLES = 862 * 256
"""Samples of a stretch of a real corpus: 10 s."""
STRETCH = freeze({"block_samples": REAL_SAMPLES, "clip_samples": REAL_SAMPLES, "drop_first_samples": 0})

ALIGNED = {"aligned": True}
"""Setting of the codecs: a lag between estimate and clip is removed, and kept as a fact of the clip."""


def rate() -> Experiment:
    """Return the experiment: every coder at several rates.

    Each INR is fitted once and stored in every format; the rows in float32 write no stream and show what quantisation
    costs. Rows that need a missing package or folder are shown without values.
    """
    return Experiment(
        name="rate",
        title="Rate against quality",
        rows=(*_individual(), *_patches(), *_transforms(), *_codecs(), *_controls(), *FLOORS),
        clips=freeze({"smoke": 2, "quick": 4, "standard": 64, "paper": 512}),
        left_out=freeze({"smoke": ("cdpam",), "quick": ("cdpam",)}),
        columns=("kbps", "side_kbps", "shared_kbps", "seconds"),
        corpus_settings=(
            ("demo", freeze({"clip_samples": DEMO_SAMPLES})),
            *((name, STRETCH) for name in ("folder", "librispeech", "ljspeech", "vctk")),
        ),
        parallel=True,
    )


def _individual() -> list[Row]:
    """Return the rows of individual INRs: in float32, in few bits, and fitted for 6 bits."""
    rows = []
    for label, model in (("SIREN", "inr-siren"), ("FMLP", "inr-fmlp")):
        for ratio in SIZES:
            name = f"{label} {ratio:g}x"
            rows.append(Row(f"{name} fp32", model, freeze({"compression_ratio": ratio})))
            for bits in BITS:
                settings = {"compression_ratio": ratio, "weight_format": f"int{bits}-rows"}
                rows.append(Row(f"{name} {bits} bit", model, freeze(settings)))
        aware = {"compression_ratio": SIZES[0], "weight_format": "int6-rows", "finetune_bits": 6}
        rows.append(Row(f"{label} {SIZES[0]:g}x fitted for 6 bit", model, freeze(aware)))
    return rows


def _patches() -> list[Row]:
    """Return the rows of INRs that code a clip patch by patch."""
    return [
        Row(
            f"{label} {ratio:g}x {bits} bit",
            model,
            freeze({"compression_ratio": ratio, "latent_format": f"int{bits}-rows"}),
        )
        for label, model in (("patch INR", "patch-inr"), ("COIN++", "coinpp"))
        for ratio in PATCHES
        for bits in (8, 6, 5)
    ]


def _transforms() -> list[Row]:
    """Return the rows of transform coding with the entropy coder of the INRs."""
    return [
        Row(f"{label} step {step:g}", model, freeze({"step": step}))
        for label, model in (("MDCT coding", "mdct-coder"), ("KLT coding", "klt-coder"))
        for step in STEPS
    ]


def _codecs() -> list[Row]:
    """Return the rows of codecs; MP3 by soundfile is always there, the others need PyAV."""
    return [
        *(Row(f"Opus {kbps} kbit/s", "opus", freeze({"kbps": kbps, **ALIGNED})) for kbps in (6, 12, 24, 48)),
        *(
            Row(f"MP3 level {level:g}", "mp3-soundfile", freeze({"compression_level": level, **ALIGNED}))
            for level in (0.99, 0.9, 0.8)
        ),
        *(Row(f"MP3 {kbps} kbit/s", "mp3", freeze({"kbps": kbps, **ALIGNED})) for kbps in (16, 32, 64)),
    ]


def _controls() -> list[Row]:
    """Return the rows of controls, which count numbers and write no stream, and of a folder of sounds."""
    return [
        *(Row(f"decimation {c:g}x", "decimation", freeze({"compression_ratio": c})) for c in (2.0, 4.0, 10.0)),
        *(Row(f"MDCT top k {c:g}x", "mdct-top-k", freeze({"compression_ratio": c})) for c in (1.0, 2.0, 4.0, 10.0)),
        Row("made elsewhere", "recon-dir"),
    ]
