"""The main job as a user runs it, on real audio, with the quality that it promises."""

import csv
import json
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_table2d_at_quick_reaches_its_quality(tmp_path):
    base = [sys.executable, "-m", "hsbench"]
    ran = subprocess.run(
        [*base, "run", "table2d", "--budget", "quick", "--limit", "4", "--device", "cpu", "--results", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    print(ran.stdout)
    rows = report(tmp_path, "table2d")
    assert float(rows["SIREN", "si_snr"]["mean"]) >= 17
    assert float(rows["FMLP", "si_snr"]["mean"]) >= 15
    assert {row["n"] for row in rows.values()} == {"4"}
    assert all(row["comparable"].startswith("no: corpus demo (synthetic speech)") for row in rows.values())


def report(folder, experiment):
    shown = subprocess.run(
        [sys.executable, "-m", "hsbench", "report", experiment, "--format", "csv", "--results", str(folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    return {(row["row"], row["metric"]): row for row in csv.DictReader(shown.stdout.splitlines())}


@pytest.mark.slow
def test_a_hypernetwork_learns_at_quick(tmp_path):
    """Better than silence and than noise on what it was trained on, and worse when clips are swapped."""
    base = [sys.executable, "-m", "hsbench", "run", "table2b", "--budget", "quick", "--device", "cpu"]
    ran = subprocess.run(
        [*base, "-k", "row~10x", "--limit", "2", "--results", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    print(ran.stdout)
    (cell,) = tmp_path.glob("hypersound-fmlp--*")
    facts = json.loads((cell / "fit.json").read_text())
    assert facts["status"] == "ok"
    assert facts["loss"] < min(facts["loss_silence"], facts["loss_noise"], facts["loss_shuffled"])
    assert 0.1 < facts["energy_ratio"] < 10
    assert facts["spread"] > 0.1


@pytest.mark.slow
def test_a_hypernetwork_learns_eight_clips(tmp_path):
    """Three quarters of a second of eight demo clips, to a mean SI-SNR of 3 dB."""
    settings = {"demo.clip_samples": 16384, "hypersound-fmlp.coordinates": "none", "hypersound-fmlp.epochs": 80}
    ran = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "hsbench",
                "run",
                "table3",
                "-k",
                "row~standard",
                "--split",
                "train",
                "--limit",
                "8",
            ),
            *("--budget", "quick", "--device", "cpu", "--results", str(tmp_path)),
            *(word for key, value in settings.items() for word in ("--set", f"{key}={value}")),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    print(ran.stdout)
    (row,) = [row for (_, metric), row in report(tmp_path, "table3").items() if metric == "si_snr"]
    assert float(row["mean"]) >= 3
    assert row["n"] == "8"
