"""Does the drift check bite? Break one thing at a time, rerun or rescore, and print what caught it.

    python tests/drift/perturbations.py RESULTS WORK [NAME...]

RESULTS holds `hsbench run smoke` of the code that was blessed, WORK takes one results folder for each refit.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
REFITS = {
    "float16_waveform": "identity",
    "another_width": "fmlp",
    "wrong_initialisation": "siren",
    "rounded_phases": "siren",
    "shuffled_split": "identity",
    "moved_speakers": "identity",
    "another_learning_rate": "hyper",
    "another_training_order": "hyper",
}
"""Perturbation -> the rows that are fitted anew."""
RESCORED = ("swapped_arguments", "wrong_rate", "cdpam_scale_left_out", "another_resampler", "another_lsd_epsilon")


def hsbench(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """The command line in a process that reads the fault."""
    return subprocess.run(
        [sys.executable, "-m", "hsbench", *map(str, arguments), "--import", str(HERE / "perturb.py")],
        capture_output=True,
        text=True,
        env={**os.environ, "HSBENCH_PERTURB": name, "PYTHONPATH": str(HERE.parent.parent)},
        check=False,
    )


def measured(name: str, results: Path, work: Path) -> dict:
    """The check of one perturbation, as JSON."""
    if name in REFITS:
        folder = work / name
        if not folder.exists():
            skip = shutil.ignore_patterns("reruns", "weights", "superseded")
            shutil.copytree(results, folder, ignore=skip)
            done = hsbench(name, "run", "smoke", "--rerun", "all", "-k", f"row~{REFITS[name]}", "--results", folder)
            if done.returncode not in (0, 3):
                raise RuntimeError(done.stderr)
            if name in ("shuffled_split", "moved_speakers"):
                # the other rows are of the old split; what was run anew says enough
                return checked(name, folder)
            restore = json.loads((results / "views" / "smoke.json").read_text())
            fresh = json.loads((folder / "views" / "smoke.json").read_text())
            for group, view in restore["groups"].items():
                new = {row["row"]: row for row in fresh["groups"][group]["rows"]}
                view["rows"] = [new.get(row["row"], row) for row in view["rows"]]
            (folder / "views" / "smoke.json").write_text(json.dumps(restore))
        return checked("nothing", folder)
    return checked(name, results)


def checked(name: str, folder: Path) -> dict:
    """`hsbench check smoke` on a folder."""
    return json.loads(hsbench(name, "check", "smoke", "--results", folder, "--format", "json").stdout)


def main() -> None:
    """Print the table."""
    results, work = map(Path, sys.argv[1:3])
    names = sys.argv[3:] or [*RESCORED, *REFITS, "nothing"]
    work.mkdir(parents=True, exist_ok=True)
    print("| perturbation | caught by | verdict | exit |\n|---|---|---|---|")
    for name in names:
        found = measured(name, results, work)
        bad = [line for line in found["lines"] if line["verdict"] not in ("same", "noisy", "new", "fixed")]
        by = ", ".join(dict.fromkeys(f"{line['tier']}: {line['row']} {line['metric']}".strip() for line in bad))
        verdicts = ", ".join(dict.fromkeys(line["verdict"] for line in bad)) or "same"
        print(f"| {name.replace('_', ' ')} | {by or 'nothing'} | {verdicts} | {found['exit_code']} |", flush=True)


if __name__ == "__main__":
    main()
