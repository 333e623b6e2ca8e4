"""Test the sensitivity of the drift check: introduce one fault at a time, rerun or rescore, and print what catches it.

    python tests/drift/perturbations.py RESULTS WORK [NAME...]

RESULTS is the results folder of `hsbench run smoke` with the code that was blessed. WORK is a folder to which one
results folder is written for each fault that needs new fits.
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
"""Name of a fault -> part of the names of the rows that are fitted again."""
RESCORED = ("swapped_arguments", "wrong_rate", "cdpam_scale_left_out", "another_resampler", "another_lsd_epsilon")


def hsbench(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process with a fault."""
    return subprocess.run(
        [sys.executable, "-m", "hsbench", *map(str, arguments), "--import", str(HERE / "perturb.py")],
        capture_output=True,
        text=True,
        env={**os.environ, "HSBENCH_PERTURB": name, "PYTHONPATH": str(HERE.parent.parent)},
        check=False,
    )


def check_with_fault(name: str, results: Path, work: Path) -> dict:
    """Return the drift check of results with one fault, as JSON.

    Args:
        name: name of the fault, a function of perturb.py.
        results: results folder of the blessed code.
        work: folder for new results folders.
    """
    if name in REFITS:
        folder = work / name
        if not folder.exists():
            skip = shutil.ignore_patterns("reruns", "weights", "superseded")
            shutil.copytree(results, folder, ignore=skip)
            process = hsbench(name, "run", "smoke", "--rerun", "all", "-k", f"row~{REFITS[name]}", "--results", folder)
            if process.returncode not in (0, 3):
                raise RuntimeError(process.stderr)
            if name in ("shuffled_split", "moved_speakers"):
                # The other rows have clips of the old split, so they cannot be checked beside the new rows.
                return check(name, folder)
            views = json.loads((results / "views" / "smoke.json").read_text())
            fresh = json.loads((folder / "views" / "smoke.json").read_text())
            for group, view in views["groups"].items():
                new = {row["row"]: row for row in fresh["groups"][group]["rows"]}
                view["rows"] = [new.get(row["row"], row) for row in view["rows"]]
            (folder / "views" / "smoke.json").write_text(json.dumps(views))
        return check("nothing", folder)
    return check(name, results)


def check(name: str, folder: Path) -> dict:
    """Return `hsbench check smoke` of a results folder, run with a fault, as JSON."""
    return json.loads(hsbench(name, "check", "smoke", "--results", folder, "--format", "json").stdout)


def main() -> None:
    """Print the table of all faults."""
    results, work = map(Path, sys.argv[1:3])
    names = sys.argv[3:] or [*RESCORED, *REFITS, "nothing"]
    work.mkdir(parents=True, exist_ok=True)
    print("| perturbation | caught by | verdict | exit |\n|---|---|---|---|")
    for name in names:
        verdict = check_with_fault(name, results, work)
        bad = [line for line in verdict["lines"] if line["verdict"] not in ("same", "noisy", "new", "fixed")]
        by = ", ".join(dict.fromkeys(f"{line['tier']}: {line['row']} {line['metric']}".strip() for line in bad))
        verdicts = ", ".join(dict.fromkeys(line["verdict"] for line in bad)) or "same"
        print(f"| {name.replace('_', ' ')} | {by or 'nothing'} | {verdicts} | {verdict['exit_code']} |", flush=True)


if __name__ == "__main__":
    main()
