"""Table 2a as a user runs it: on a machine without a RAVE export, and with an export."""

import importlib.util
import os
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def table(output):
    """Name of a row -> its table cells, of the first table."""
    lines = [line for line in output.splitlines() if line.startswith("| ")]
    rows = {}
    for line in lines[3:]:  # the first three lines are heading, rule and ideal values
        name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        if name == "published":
            break
        rows[name.removesuffix(" [smoke]")] = cells
    return rows


def test_without_an_export_only_the_rows_of_the_export_are_not_given(hsbench):
    process = hsbench("run", "table2a", "--budget", "smoke", "--limit", 2)
    assert process.returncode == 0, process.stdout + process.stderr
    rows = table(process.stdout)
    assert process.stdout.partition("### ")[2].count("not given: --set rave.path=FILE.ts") == 3
    assert len(rows) == 3 + 3 + 8
    for name, cells in rows.items():
        assert cells[3] == ("0" if "export" in name else "2"), name
    assert "| RAVE v1" in process.stdout.partition("published")[2], "its published values are shown apart"
    for cell in hsbench.cells("rave-v1--*"):
        assert (cell / "fit.json").exists()
    trained = [cell for cell in hsbench.cells("rave-v1--*") if (cell / "artifacts" / "model").exists()]
    assert len(trained) == 1, "three ways to decode, one training"


def test_with_an_export_its_three_rows_are_scored(hsbench, tmp_path):
    path = os.environ.get("HSBENCH_RAVE_TS")
    if path is None:
        spec = importlib.util.spec_from_file_location("d", Path(__file__).parents[1] / "models" / "rave" / "doubles.py")
        doubles = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(doubles)
        path = doubles.save(doubles.Export2(), tmp_path / "double.ts")
    process = hsbench(
        "run", "table2a", "--budget", "smoke", "--limit", 2, "-k", "row~RAVE export", "--set", f"rave.path={path}"
    )
    assert process.returncode == 0, process.stdout + process.stderr
    rows = table(process.stdout)
    assert len(rows) == 3
    assert all(cells[-1] for cells in rows.values())
    assert str(path) not in process.stdout.partition("Table 2a")[2], "the path of a file does not affect the results"
