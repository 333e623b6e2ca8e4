"""Figure 3 of the HyperSound paper: the sound of one clip, rebuilt by a hypernetwork and by individual INRs."""

from __future__ import annotations

from hsbench.spec import Experiment, Row, freeze

DESCRIPTORS = [
    {
        "name": "figure3",
        "version": 1,
        "summary": "waveforms and spectrograms: HyperSound beside individual INRs (report --format figures)",
        "target": "hsbench.experiments.figure3:figure3",
    }
]


def figure3() -> Experiment:
    """The cells are those of Tables 2b and 2d at compression ratio 1, trained once for all."""
    return Experiment(
        name="figure3",
        title="Reconstructions at compression ratio 1",
        rows=(
            Row("HyperSound FMLP", "hypersound-fmlp"),
            Row("individual FMLP", "inr-fmlp"),
            Row("individual SIREN", "inr-siren"),
        ),
        metrics=("mse", "lsd", "si_snr", "pesq", "stoi", "cdpam"),
        clips=freeze({"smoke": 4, "quick": 16, "standard": 30, "paper": 30}),
        left_out=freeze({"smoke": ("cdpam",)}),
    )
