"""Speed of trainings on a GPU that has not computed any yet, projected from steps that were measured on another one.

speed/gpu.json holds the time of a training step by kind of model and precision, measured on one card, and the peak rate
of matrix products of some cards by precision, from their data sheets. For a model of a measured kind, in proportion to
its operations,

    speed on card c = operations of the measured step / its time x peak of c / peak of the measured card.

A precision that was not measured has the speed of fp32, which is not faster. A card that is not in the list counts as
the measured one, and so does a machine without a card, where a run is only planned.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from hsbench import widths
from hsbench.files import read_json
from hsbench.version import PACKAGE

PLACES = (PACKAGE / "_gpu.json", PACKAGE.parent / "speed" / "gpu.json")
"""Where the measured steps lie: in an installed package, and in a checkout."""
CARDS = Path("/proc/driver/nvidia/gpus")
"""Folder in which the driver describes each GPU."""


@functools.cache
def measured() -> dict[str, Any]:
    """Return the content of speed/gpu.json."""
    document: dict[str, Any] = read_json(next(path for path in PLACES if path.exists()))
    return document


def speed(model: str, precision: str) -> float | None:
    """Return the projected speed of a model's training [floating-point operations per second]; None if unmeasured.

    Args:
        model: registered name of the model.
        precision: name of its precision policy.
    """
    rows = {row["precision"]: row for row in measured()["rows"] if model.startswith(f"{row['model']}-")}
    if (row := rows.get(precision, rows.get("fp32"))) is None:
        return None
    peaks = measured()["teraflops"]
    own, there = (peaks[_listed(name)][row["precision"]] for name in (card(), measured()["device"]))
    return float(_operations(row) / (row["milliseconds"] / 1000) * own / there)


def sentence() -> str:
    """Return what a plan says of a projected time."""
    name, there = card(), measured()["device"]
    scaled = "" if _listed(name) == _listed(there) else f", and scaled to this {name} by the ratio of peak rates"
    return f"times are projected, from steps measured on an {there} at {measured()['commit']}{scaled}"


def card() -> str:
    """Return the name of this machine's first GPU, or of the measured one where there is none or it is not listed."""
    for description in sorted(CARDS.glob("*/information")):
        for line in description.read_text(encoding="utf-8").splitlines():
            if line.startswith("Model:") and _listed(name := line.split(":", 1)[1].strip()):
                return name
    return str(measured()["device"])


def _listed(name: str) -> str:
    """Return the entry of a card in the list of peak rates, "" if it has none."""
    return next((entry for entry in measured()["teraflops"] if entry in name), "")


def _operations(row: dict[str, Any]) -> float:
    """Return the operations of a measured step, counted as those of a cell are."""
    network, samples = measured()["network"], measured()["samples"]
    if row["model"] == "inr":
        each = widths.individual(network, {"steps": 1, "coordinates": None}, samples).each
        return float(each * row["clips"])
    training = {"epochs": 1, "epoch_samples": row["clips"], "batch": row["clips"], "channels": 16, "coordinates": None}
    return widths.hypersound(network, training, samples).shared
