"""Columns of a table for what a clip costs to encode; an experiment asks for them (hsbench.spec.COLUMNS)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench.report.numbers import significant

if TYPE_CHECKING:
    from hsbench.analysis.costs import Costs
    from hsbench.results.view import View

_COLUMNS = {
    "kbps": (
        "kbit/s",
        (
            "kbit/s: the bits that were written for a clip, per second of sound (packets of a codec, or a stream of "
            "hsbench without its header); empty for a row that counts numbers and writes no bits."
        ),
    ),
    "side_kbps": (
        "side",
        (
            "Side: kbit/s of a stream that are no entropy-coded whole numbers, such as scales, biases and the first "
            "layer; part of kbit/s."
        ),
    ),
    "shared_kbps": (
        "shared",
        (
            "Shared: kbit/s of the numbers that all clips share, as float32, spread over the clips of this row; not "
            "part of kbit/s, and smaller the more clips are encoded."
        ),
    ),
    "operations": (
        "Gflop",
        (
            "Gflop: multiplications and additions of matrix products that encode one clip, in 10^9; derived from the "
            "settings, and empty where the model does not count them."
        ),
    ),
    "step_operations": (
        "Mflop/step",
        "Mflop/step: the same for one step of the fit of one clip, in 10^6; empty for a row without steps.",
    ),
    "steps_to_20_db": (
        "to 20 dB",
        (
            "To 20 dB: first recorded step of the fits at which the mean SI-SNR over clips is 20 dB or more, at the "
            "coordinates of that step; empty where it is never reached."
        ),
    ),
    "seconds": ("seconds", "Seconds: mean time to encode and decode one clip on the machine of the run."),
    "border_error": (
        "border",
        (
            "Border: root-mean-square error of the steps across patch borders, relative to the steps of the clip from "
            "sample to sample."
        ),
    ),
}
"""Column -> its heading and its explanation."""

UNITS = {"operations": 1e-9, "step_operations": 1e-6}
"""Column -> factor from the value of a cost to the number shown."""


def asked(view: View) -> list[str]:
    """Return the columns that the experiment of a view asks for and that this version knows."""
    return [name for name in view.columns if name in _COLUMNS]


def heading(column: str) -> str:
    """Return the heading of a column."""
    return _COLUMNS[column][0]


def explanation(column: str) -> str:
    """Return a sentence that says what a column holds."""
    return _COLUMNS[column][1]


def cells(costs: Costs) -> dict[str, str]:
    """Return heading -> cell of a row for every column; "" where a row has no such cost."""
    values = {column: getattr(costs, column) for column in _COLUMNS}
    for column, unit in UNITS.items():
        values[column] = None if values[column] is None else unit * values[column]
    return {heading(column): "" if value is None else significant(value) for column, value in values.items()}
