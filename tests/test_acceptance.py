"""Runs as a user starts them: the fits reach the quality that the documentation states."""

import csv
import json
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.all_cores]


def test_table2d_at_quick_reaches_its_quality(tmp_path):
    base = [sys.executable, "-m", "hsbench"]
    process = subprocess.run(
        [*base, "run", "table2d", "--budget", "quick", "--limit", "4", "--device", "cpu", "--results", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    print(process.stdout)
    rows = report(tmp_path, "table2d")
    assert float(rows["SIREN", "si_snr"]["mean"]) >= 17
    assert float(rows["FMLP", "si_snr"]["mean"]) >= 15
    assert {row["n"] for (name, _), row in rows.items() if name in ("SIREN", "FMLP")} == {"4"}
    assert rows["silence", "mse"]["n"] == "4", "every table has its floors"
    assert all(row["comparable"].startswith("no: corpus demo (synthetic speech)") for row in rows.values())


def report(folder, experiment):
    process = subprocess.run(
        [sys.executable, "-m", "hsbench", "report", experiment, "--format", "csv", "--results", str(folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    return {(row["row"], row["metric"]): row for row in csv.DictReader(process.stdout.splitlines())}


def test_a_hypernetwork_learns_at_quick(tmp_path):
    """On training clips, its loss is below that of silence, of noise, and of reconstructions of other clips."""
    base = [sys.executable, "-m", "hsbench", "run", "table2b", "--budget", "quick", "--device", "cpu"]
    process = subprocess.run(
        [*base, "-k", "row~10x", "--limit", "2", "--results", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    print(process.stdout)
    (cell,) = tmp_path.glob("hypersound-fmlp--*")
    facts = json.loads((cell / "fit.json").read_text())
    assert facts["status"] == "ok"
    assert facts["loss"] < min(facts["loss_silence"], facts["loss_noise"], facts["loss_shuffled"])
    assert 0.1 < facts["energy_ratio"] < 10
    assert facts["spread"] > 0.1


def test_a_hypernetwork_learns_eight_clips(tmp_path):
    """It is trained on 0.74 s of each of eight demo clips, on all cores, and reaches a mean SI-SNR of 3 dB."""
    training = {"train_clips": 8, "batch": 8, "epoch_samples": 80, "epochs": 50, "coordinates": "none"}
    settings = {"demo.clip_samples": 16384, **{f"hypersound-fmlp.{key}": value for key, value in training.items()}}
    process = subprocess.run(
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
            *("--budget", "quick", "--device", "cpu", "--jobs", "1", "--results", str(tmp_path)),
            *(word for key, value in settings.items() for word in ("--set", f"{key}={value}")),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    print(process.stdout)
    (row,) = [row for (_, metric), row in report(tmp_path, "table3").items() if metric == "si_snr"]
    assert float(row["mean"]) >= 3
    assert row["n"] == "8"
