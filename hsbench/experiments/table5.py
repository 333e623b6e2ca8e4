"""Table 5 of the HyperSound paper: one model on three corpora, an FMLP at compression ratio 1."""

from __future__ import annotations

from hsbench.descriptors import ExperimentDescriptor
from hsbench.experiments.floors import FLOORS, SHORT_TRAININGS
from hsbench.spec import Experiment, Row

DESCRIPTORS = [
    ExperimentDescriptor(
        name="table5",
        target="hsbench.experiments.table5:table5",
        summary="demo corpus; with --data-root, VCTK, LJ Speech and LibriSpeech",
    ),
]

UNPUBLISHED = "value unpublished: the paper reduced the learning rate for LibriSpeech and does not say to what"


CORPORA = {"VCTK": "vctk", "LJ Speech": "ljspeech", "LibriSpeech": "librispeech"}


def table5() -> Experiment:
    """Return the experiment, whose rows have one corpus each.

    On VCTK, its cell is that of the 1x row of Table 2b, which is trained once for both. The row on the demo corpus is
    not in the paper; it is the one that needs no download.
    """
    return Experiment(
        name="table5",
        title="Corpora",
        rows=(
            *(
                Row(
                    label,
                    "hypersound-fmlp",
                    published=label,
                    corpus=corpus,
                    notes=(UNPUBLISHED,) if corpus == "librispeech" else (),
                )
                for label, corpus in CORPORA.items()
            ),
            Row("demo", "hypersound-fmlp", corpus="demo"),
            *(
                Row(f"{floor.name} {label}", floor.model, corpus=corpus)
                for label, corpus in {**CORPORA, "demo": "demo"}.items()
                for floor in FLOORS
            ),
        ),
        metrics=("mse", "lsd", "si_snr"),
        seen=SHORT_TRAININGS,
        parallel=True,
        table="5",
    )
