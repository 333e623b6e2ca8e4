"""What each protocol switch changes: the paired difference of two rows of the experiment `protocols`, metric by metric.

These are measurements and no claims. Their intervals are corrected for their own number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hsbench.analysis.claims import quantities
from hsbench.analysis.claims.intervals import Interval, interval

if TYPE_CHECKING:
    from hsbench.results.store import Results
    from hsbench.results.view import View

PAIRS = {
    "FMLP MSE loss": ("FMLP", "inr_loss", "l1 to mse"),
    "FMLP after the last step": ("FMLP", "inr_output", "before_last_update to after_last_update"),
    "SIREN MSE loss": ("SIREN", "inr_loss", "l1 to mse"),
    "SIREN after the last step": ("SIREN", "inr_output", "before_last_update to after_last_update"),
    "SIREN initialised by omega_0": ("SIREN", "inr_siren_init", "omega_i to omega_0"),
}
"""Row -> the row that it is compared with, the switch that differs, and how it differs."""


@dataclass(frozen=True)
class Change:
    """What one switch changes in one metric.

    Attributes:
        kind: "FMLP" or "SIREN".
        switch: name of the switch.
        change: its two values.
        metric: registered name of the metric.
        found: mean difference (second value minus first) with its interval; None where the rows have no common clips.
    """

    kind: str
    switch: str
    change: str
    metric: str
    found: Interval | None


def changes(results: Results, view: View) -> list[Change]:
    """Return what every switch changes in every metric of a view of the experiment `protocols`."""
    rows = {row.name: row for row in view.rows if row.cells}
    pairs = {name: pair for name, pair in PAIRS.items() if name in rows and pair[0] in rows}
    family, listed = len(PAIRS) * len(view.metrics), []
    for name, (base, switch, change) in pairs.items():
        clips = view.corpus(rows[name]).clips
        known, fingerprint = results.references(), view.corpus(rows[name]).fingerprint
        for metric in view.metrics:
            columns = [quantities.column(results, view, rows[row], clips, metric) for row in (base, name)]
            difference = columns[1] - columns[0]
            kept = np.flatnonzero(np.isfinite(difference))
            voices = [str(known.get((fingerprint, clips[index]), {}).get("speaker") or clips[index]) for index in kept]
            found = interval(difference[kept], voices, family) if kept.size else None
            listed.append(Change(base, switch, change, metric, found))
    return listed
