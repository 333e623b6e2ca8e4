"""Table 2a as a user runs it: without an export on a fresh machine, and with one."""

import importlib.util
import os
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def table(output):
    """Row name -> its cells, of the first table."""
    lines = [line for line in output.splitlines() if line.startswith("| ")]
    rows = {}
    for line in lines[3:]:  # after heading, rule and ideals
        name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        if name == "published":
            break
        rows[name.removesuffix(" [smoke]")] = cells
    return rows


def test_without_an_export_its_rows_are_not_given_and_the_rest_is_there(hsbench):
    done = hsbench("run", "table2a", "--budget", "smoke", "--limit", 2)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = table(done.stdout)
    assert done.stdout.partition("### ")[2].count("not given: --set rave.path=FILE.ts") == 3
    assert len(rows) == 3 + 3 + 8
    for name, cells in rows.items():
        assert cells[3] == ("0" if "export" in name else "2"), name
    assert "| RAVE v1" in done.stdout.partition("published")[2], "its published values stand apart"
    for cell in hsbench.cells("rave-v1--*"):
        assert (cell / "fit.json").exists()
    trained = [cell for cell in hsbench.cells("rave-v1--*") if (cell / "artifacts" / "model").exists()]
    assert len(trained) == 1, "three ways to play, one training"


def test_with_an_export_its_three_rows_are_scored(hsbench, tmp_path):
    path = os.environ.get("HSBENCH_RAVE_TS")
    if path is None:
        spec = importlib.util.spec_from_file_location("d", Path(__file__).parents[1] / "models" / "rave" / "doubles.py")
        doubles = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(doubles)
        path = doubles.save(doubles.Export2(), tmp_path / "double.ts")
    done = hsbench(
        "run", "table2a", "--budget", "smoke", "--limit", 2, "-k", "row~RAVE export", "--set", f"rave.path={path}"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = table(done.stdout)
    assert len(rows) == 3
    assert all(cells[-1] for cells in rows.values())
    assert str(path) not in done.stdout.partition("Table 2a")[2], "a place is no part of what is measured"
