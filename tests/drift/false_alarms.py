"""Measure the false alarms of the drift check: every rerun that `hsbench bless` made is judged as if it were a new run.

    python tests/drift/false_alarms.py RESULTS [COUNT]

RESULTS is the results folder of `hsbench run smoke`, with the reruns of `hsbench bless smoke` below reruns/: the same
code with other seeds, numbers of threads and instruction sets. COUNT (default 7) is the number of reruns with other
seeds and threads. Each rerun is compared with the blessed run. The noise floor is computed from the other reruns alone.
"""

from __future__ import annotations

import dataclasses
import sys
from collections import Counter
from pathlib import Path

from hsbench.api import progress
from hsbench.drift import bless as blessing
from hsbench.drift import noise, verdicts
from hsbench.drift.snapshot import snapshot
from hsbench.results.store import Results

ALARMS = ("drifted-better", "drifted-worse", "newly-failing")


def main() -> None:
    """Print a line for each rerun, and the total number of false alarms."""
    store, count = Results(Path(sys.argv[1])), int(sys.argv[2]) if len(sys.argv) > 2 else 7
    (view,) = store.views("smoke").values()
    blessed = snapshot(store, view)
    scores_of_reruns = {}
    for rerun in blessing.chosen_reruns(view, count):
        with progress.watcher() as watcher:
            scores_of_reruns[rerun] = blessing.rerun_scores(store, view, blessed, rerun, watcher)
    totals: Counter[str] = Counter()
    print("| rerun | alarms | noisy | lines |\n|---|---|--:|--:|")
    for rerun, scores in scores_of_reruns.items():
        others = {other: other_scores for other, other_scores in scores_of_reruns.items() if other != rerun}
        copies = [index for index, other in enumerate(others, start=1) if other.instructions]
        floors = noise.floors(noise.means([blessed.scores, *others.values()]), copies)
        lines = verdicts.judge(blessed, dataclasses.replace(blessed, scores=scores), floors)
        alarms = [line for line in lines if line.verdict in ALARMS]
        noisy = sum(line.verdict == "noisy" for line in lines)
        names = "; ".join(f"{line.row} {line.metric} {line.verdict}" for line in alarms) or "none"
        totals["lines"] += len(lines)
        totals["alarms"] += len(alarms)
        print(f"| {rerun} | {names} | {noisy} | {len(lines)} |")
    print(f"\n{totals['alarms']} alarms in {totals['lines']} lines of {len(scores_of_reruns)} reruns")


if __name__ == "__main__":
    main()
