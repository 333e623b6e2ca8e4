"""Table 5 of the HyperSound paper: one model on three corpora, an FMLP at compression ratio 1."""

from __future__ import annotations

from hsbench.descriptors import ExperimentDescriptor
from hsbench.spec import Experiment, Row

DESCRIPTORS = [
    ExperimentDescriptor(
        name="table5",
        target="hsbench.experiments.table5:table5",
        summary="VCTK, LJ Speech and LibriSpeech; needs --data-root",
    ),
]

UNPUBLISHED = "value unpublished: the paper reduced the learning rate for LibriSpeech and does not say to what"


def table5() -> Experiment:
    """Return the experiment, whose rows have one corpus each.

    On VCTK, its cell is that of the 1x row of Table 2b, which is trained once for both.
    """
    return Experiment(
        name="table5",
        title="Corpora",
        rows=(
            Row("VCTK", "hypersound-fmlp", published="VCTK", corpus="vctk"),
            Row("LJ Speech", "hypersound-fmlp", published="LJ Speech", corpus="ljspeech"),
            Row(
                "LibriSpeech",
                "hypersound-fmlp",
                published="LibriSpeech",
                corpus="librispeech",
                notes=(UNPUBLISHED,),
            ),
        ),
        metrics=("mse", "lsd", "si_snr"),
        table="5",
    )
