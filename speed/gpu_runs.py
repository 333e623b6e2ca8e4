"""Run one experiment of hsbench for speed/gpu.py, and write its curves, speeds and scores as JSON.

- "table2d": individual INRs at the budget `paper` in bf16 on 4 clips.
- "hypersound", "rave": a training at the budget `standard` that is stopped when its time is up.

Usage: python speed/gpu_runs.py table2d --results DIR --json FILE --seconds 216 [--device cpu --tiny]
With --tiny, the budget is `smoke`, one clip is scored, and nothing is stopped.
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hsbench
from hsbench.errors import HsbenchError
from hsbench.results.store import Results

if TYPE_CHECKING:
    from hsbench.results.cell_folder import CellFolder

EXPERIMENTS: dict[str, tuple[str, str, dict[str, Any], list[str]]] = {
    "table2d": ("table2d", "paper", {"inr-fmlp.precision": "bf16", "inr-siren.precision": "bf16"}, ["model~inr"]),
    "hypersound": ("table2b", "standard", {}, ["model~hypersound-fmlp", "row~1x"]),
    "rave": ("table2a", "standard", {}, ["model~rave-v1"]),
}
"""Name -> experiment, budget, changed settings and filters."""


def run(name: str, results: Path, device: str, seconds: float, *, tiny: bool) -> dict[str, Any]:
    """Run an experiment and return what its cells hold; the reason stands beside them where it could not be completed.

    Args:
        name: key of EXPERIMENTS.
        results: new results folder.
        device: "cuda" or "cpu".
        seconds: time after which a cell is stopped.
        tiny: whether to rehearse at the budget `smoke`.
    """
    experiment, budget, changes, filters = EXPERIMENTS[name]
    reasons: list[str] = []
    try:
        study = hsbench.run(
            experiment,
            budget="smoke" if tiny else budget,
            changes={} if tiny else changes,
            filters=filters,
            limit=1 if tiny else 4,
            device=device,
            timeout=None if tiny else seconds,
            results=results,
            progress=False,
        )
        reasons += study.problems
    except (HsbenchError, ImportError) as error:
        reasons.append(str(error))
    store = Results(results)
    return {"cells": [described(store.folder(folder)) for folder in store.cells()], "incomplete": reasons}


def described(folder: CellFolder) -> dict[str, Any]:
    """Return curve, steps per second and mean scores of a cell.

    The first point of a curve is left out of the speed, since torch compiles in the first step.
    """
    curve = folder.curve()
    points = [(row["step"], row["seconds"]) for row in curve]
    (first, begun), (last, end) = (points[0], points[-1]) if points else ((0, 0.0), (0, 0.0))
    scores: dict[str, list[float]] = {}
    for (_, metric, _), row in folder.scores().items():
        if isinstance(row.get("value"), int | float):
            scores.setdefault(metric, []).append(row["value"])
    return {
        "cell": folder.path.name,
        "status": folder.status(),
        "fit": folder.fit(),
        "steps_per_second": (last - first) / (end - begun) if end > begun else None,
        "curve": curve,
        "scores": {metric: statistics.mean(values) for metric, values in scores.items()},
    }


def main() -> None:
    """Run one experiment and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=EXPERIMENTS)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--tiny", action="store_true")
    options = parser.parse_args()
    found = run(options.name, options.results, options.device, options.seconds, tiny=options.tiny)
    options.json.write_text(json.dumps(found, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
