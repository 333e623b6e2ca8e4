"""The zoo: individual INRs of published families at equal counts of numbers, and the choice of their settings.

`zoo-tune` fits each family at several frequencies of its first layer to clips of training voices. The frequency with
the highest mean SI-SNR there belongs in TUNED, by hand. `zoo-rate` fits each family at this frequency with the
learning rate of its model, a lower and a higher one; the best belongs in hsbench.models.inr.families. `zoo` and
`zoo-cr` score both choices on held-out voices.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

from hsbench import registry
from hsbench.descriptors import ExperimentDescriptor
from hsbench.experiments.floors import FLOORS
from hsbench.spec import CHEAP_SMOKE, Experiment, Row, freeze

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DESCRIPTORS = [
    ExperimentDescriptor(
        name="zoo",
        target="hsbench.experiments.zoo:zoo",
        summary="published families of individual INRs at compression ratio 1",
    ),
    ExperimentDescriptor(
        name="zoo-tune",
        target="hsbench.experiments.zoo:zoo_tune",
        summary="each family of individual INRs at several frequencies of its first layer, on training voices",
    ),
    ExperimentDescriptor(
        name="zoo-rate",
        target="hsbench.experiments.zoo:zoo_rate",
        summary="each family of individual INRs at three learning rates, on training voices",
    ),
    ExperimentDescriptor(
        name="zoo-cr",
        target="hsbench.experiments.zoo:zoo_cr",
        summary="five families of individual INRs at four compression ratios",
    ),
]

FEW_STEPS = freeze({"steps": 300, "coordinates": 4096})
"""Training settings under the budget `quick` alone, which keep `zoo` to minutes on two cores."""
COLUMNS = ("step_operations", "steps_to_20_db", "seconds")
FREQUENCIES = (430.0, 860.0, 1700.0)
"""Frequencies of the first layer that `zoo-tune` tries [Hz]: that of the paper's SIREN and one and two octaves more."""
OCTAVES = dict(zip(FREQUENCIES, (10, 11, 12), strict=True))
"""Frequency -> octaves of an encoding whose top is nearest below it (344, 689 and 1378 Hz in clips of 1.49 s)."""


class Family(NamedTuple):
    """A family of individual INRs.

    Attributes:
        model: registered name.
        settings: settings that differ from the model's defaults, without a frequency.
        frequency: setting that takes the frequency in Hz, or "encoding_length".
        more: frequencies that `zoo-tune` tries besides [Hz].
    """

    model: str
    settings: Mapping[str, Any] = {}
    frequency: str = "first_hz"
    more: tuple[float, ...] = ()

    def at(self, hz: float) -> dict[str, Any]:
        """Return the settings with a frequency of the first layer in Hz."""
        value = OCTAVES[hz] if self.frequency == "encoding_length" else hz
        return {**self.settings, self.frequency: value}

    @property
    def frequencies(self) -> tuple[float, ...]:
        """The frequencies that `zoo-tune` tries [Hz]."""
        return (*FREQUENCIES, *self.more)


FAMILIES = {
    "SIREN": Family("inr-siren", more=(5000.0,)),
    "SIREN scaled": Family("inr-siren", {"init": "scaled", "alpha": 1.5}, more=(215.0,)),
    "WINNER": Family("inr-siren", {"init": "winner", "omega_0": 30.0}, "winner_hz", (3400.0,)),
    "H-SIREN": Family("inr-hsiren", more=(27.0, 54.0, 107.0, 215.0)),
    "FINER": Family("inr-finer", more=(27.0, 54.0, 107.0, 215.0)),
    "INCODE": Family("inr-incode", more=(27.0, 54.0, 107.0, 215.0)),
    "Gauss": Family("inr-gauss", more=(6.4, 27.0, 107.0)),
    "WIRE": Family("inr-wire", more=(6.4, 13.0, 27.0, 54.0, 107.0)),
    "RFF": Family("inr-rff", more=(107.0, 215.0)),
    "log FF": Family("inr-logff"),
    "FMLP": Family("inr-fmlp", frequency="encoding_length"),
    "KAN": Family("inr-kan", frequency="encoding_length"),
}
"""Label -> family. WINNER's frequency is the scale of its noise before the clip's spectrum lowers it."""

TUNED = {
    "SIREN": 860.0,
    "SIREN scaled": 430.0,
    "WINNER": 860.0,
    "H-SIREN": 107.0,
    "FINER": 430.0,
    "INCODE": 215.0,
    "Gauss": 6.4,
    "WIRE": 27.0,
    "RFF": 215.0,
    "log FF": 860.0,
    "FMLP": 860.0,
    "KAN": 860.0,
}
"""Family -> its frequency [Hz]. Of those that `hsbench run zoo-tune --budget quick` tries, it has the highest mean
SI-SNR on two clips of training voices, seed 0, 27 November 2026 (docs/zoo.md has the values). For FMLP, two processors
rank 860 and 1700 Hz differently, and 860 Hz has the highest mean of both."""

PAPER = {"SIREN of the paper": Family("inr-siren"), "FMLP of the paper": Family("inr-fmlp")}
"""Label -> family at the settings of the HyperSound paper (428 Hz and 344 Hz)."""
RATES = (3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
"""Peak learning rates: `zoo-rate` tries that of the model under `quick` and its two neighbours. With two clips of
training voices, seed 0, 27 November 2026, the model's own has the highest mean SI-SNR (docs/zoo.md has the values)."""
ALL = {**PAPER, **FAMILIES}
"""Label -> family, for every family that `zoo` shows."""
RATIOS = (8.0, 4.0, 2.0, 1.0)
BY_RATIO = ("SIREN", "WINNER", "H-SIREN", "FINER", "FMLP")
"""Families that `zoo-cr` compares."""


def zoo() -> Experiment:
    """Return the experiment: every family at compression ratio 1, and those that other packages register.

    The grid and the transform are controls with as many numbers.
    """
    return Experiment(
        name="zoo",
        title="Individual INRs at compression ratio 1",
        rows=(
            *(_row(label, label, TUNED.get(label)) for label in ALL),
            *_others(),
            Row("grid", "inr-grid", quick=FEW_STEPS),
            Row("MDCT top k", "mdct-top-k"),
            *FLOORS,
        ),
        clips=freeze({"smoke": 4, "quick": 8, "standard": 64, "paper": 512}),
        left_out=CHEAP_SMOKE,
        columns=COLUMNS,
        parallel=True,
    )


def zoo_tune() -> Experiment:
    """Return the experiment that chooses the frequency of each family, on clips of training voices."""
    rows = [_row(f"{label} {hz:g}Hz", label, hz) for label, family in FAMILIES.items() for hz in family.frequencies]
    return _on_training_voices("zoo-tune", "Frequency of the first layer of individual INRs", rows)


def zoo_rate() -> Experiment:
    """Return the experiment that chooses the learning rate of each family, on clips of training voices."""
    rows = []
    for label in ALL:
        row = _row(label, label, TUNED.get(label))
        for rate in rates(label):
            training = freeze({"learning_rate": rate})
            rows.append(dataclasses.replace(row, name=f"{label} {rate:g}", training=training))
    return _on_training_voices("zoo-rate", "Learning rate of individual INRs", rows)


def _on_training_voices(name: str, title: str, rows: Iterable[Row]) -> Experiment:
    """Return an experiment that chooses a setting on clips which `zoo` does not score."""
    return Experiment(
        name=name,
        title=title,
        rows=(*rows, *FLOORS),
        metrics=("lsd", "si_snr"),
        clips=freeze({"smoke": 1, "quick": 2, "standard": 16, "paper": 64}),
        split="train",
        columns=COLUMNS,
        parallel=True,
    )


def rates(label: str) -> tuple[float, ...]:
    """Return the learning rates that `zoo-rate` tries for a family: that of its model under `quick` and two others."""
    place = RATES.index(registry.model(ALL[label].model).budgets["quick"]["learning_rate"])
    return RATES[place - 1 : place + 2]


def zoo_cr() -> Experiment:
    """Return the experiment: five families at four compression ratios, beside a transform with as many numbers."""
    return Experiment(
        name="zoo-cr",
        title="Individual INRs by compression ratio",
        rows=(
            *(
                _row(f"{label} {ratio:g}x", label, TUNED[label], compression_ratio=ratio)
                for label in BY_RATIO
                for ratio in RATIOS
            ),
            *(Row(f"MDCT top k {ratio:g}x", "mdct-top-k", freeze({"compression_ratio": ratio})) for ratio in RATIOS),
            *FLOORS,
        ),
        clips=freeze({"smoke": 4, "quick": 8, "standard": 64, "paper": 512}),
        left_out=CHEAP_SMOKE,
        columns=COLUMNS,
        parallel=True,
    )


def _row(name: str, label: str, hz: float | None = None, **more: Any) -> Row:
    """Return a row of a family.

    Args:
        name: name of the row.
        label: name of the family in ALL.
        hz: frequency of its first layer [Hz]; None for that of the model's defaults.
        **more: further settings of the model.
    """
    family = ALL[label]
    return Row(name, family.model, freeze({**({} if hz is None else family.at(hz)), **more}), quick=FEW_STEPS)


def _others() -> tuple[Row, ...]:
    """Return a row for each individual INR that another package or a file of --import registers."""
    ours = registry.model("inr-siren")
    models = [registry.model(name) for name in registry.names("models")]
    others = [model for model in models if model.target == ours.target and model.origin != ours.origin]
    return tuple(Row(model.name, model.name, quick=FEW_STEPS) for model in others)
