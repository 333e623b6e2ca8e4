"""How often does the drift check cry wolf? Every rerun that `hsbench bless` made is judged as if it were a new run.

    python tests/drift/false_alarms.py RESULTS

RESULTS holds `hsbench run smoke` and, below reruns/, what `hsbench bless smoke` ran: the same code with other seeds and
thread counts. Each is compared with the blessed run; the noise floor is taken from the other reruns alone.
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
    """Print a line for each rerun, and the rate."""
    store, count = Results(Path(sys.argv[1])), int(sys.argv[2]) if len(sys.argv) > 2 else 7
    (view,) = store.views("smoke").values()
    blessed = snapshot(store, view)
    found = {}
    for rerun in blessing.chosen_reruns(view, count):
        with progress.watcher() as watcher:
            found[rerun] = blessing.rerun_scores(store, view, blessed, rerun, watcher)
    rates: Counter[str] = Counter()
    print("| rerun | alarms | noisy | lines |\n|---|---|--:|--:|")
    for rerun, scores in found.items():
        others = [one for other, one in found.items() if other != rerun]
        floors = noise.floors(noise.means([blessed.scores, *others]))
        lines = verdicts.judge(blessed, dataclasses.replace(blessed, scores=scores), floors)
        alarms = [line for line in lines if line.verdict in ALARMS]
        noisy = sum(line.verdict == "noisy" for line in lines)
        said = "; ".join(f"{line.row} {line.metric} {line.verdict}" for line in alarms) or "none"
        rates["lines"] += len(lines)
        rates["alarms"] += len(alarms)
        print(f"| seed {rerun.seed}, {rerun.threads} threads | {said} | {noisy} | {len(lines)} |")
    print(f"\n{rates['alarms']} alarms in {rates['lines']} lines of {len(found)} reruns")


if __name__ == "__main__":
    main()
