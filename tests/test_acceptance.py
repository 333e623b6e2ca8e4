"""The main job as a user runs it, on real audio, with the quality that it promises."""

import csv
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
    shown = subprocess.run(
        [*base, "report", "table2d", "--format", "csv", "--results", str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    rows = {(row["row"], row["metric"]): row for row in csv.DictReader(shown.stdout.splitlines())}
    assert float(rows["SIREN", "si_snr"]["mean"]) >= 17
    assert float(rows["FMLP", "si_snr"]["mean"]) >= 15
    assert {row["n"] for row in rows.values()} == {"4"}
    assert all(row["comparable"].startswith("no: corpus demo (synthetic speech)") for row in rows.values())
