"""Verbs that read a results folder name what is not possible, after printing everything else, and exit with 3."""

import shutil
from pathlib import Path

import pytest

from hsbench.files import append_jsonl
from hsbench.results.store import Results

OLD = Path(__file__).parent.parent.parent / "fixtures" / "28dda25" / "results"


@pytest.fixture
def altered(tmp_path):
    """A results folder in which one reconstruction of each model has a negative payload."""
    shutil.copytree(OLD, tmp_path / "results")
    for model in ("inr-siren", "hypersound-fmlp"):
        name = next(name for name in Results(OLD).cells() if name.startswith(model))
        row = next(iter(Results(OLD).folder(name).reconstructions().values()))
        append_jsonl(tmp_path / "results" / name / "reconstructions.jsonl", [{**row, "numbers": -5}])
    return tmp_path / "results"


@pytest.mark.parametrize("output_format", ["markdown", "csv", "latex"])
def test_report_prints_the_rest_and_exits_with_3(hsbench_here, altered, output_format):
    code, out, err = hsbench_here("report", "table2d", "--results", altered, "--format", output_format)
    assert code == 3
    assert "FMLP" in out
    assert "some results are not possible and were left out" in err
    assert "numbers -5" in err
    assert "-6553" not in out


def test_compare_prints_the_rest_and_exits_with_3(hsbench_here, altered):
    code, out, err = hsbench_here("compare", altered, altered, "table2d")
    assert code == 3
    assert "FMLP" in out
    assert "numbers -5" in err


def test_plan_prints_the_rest_and_exits_with_3(hsbench_here, altered):
    code, out, err = hsbench_here(
        "plan", "table2b", "--budget", "smoke", "--protocol", "fixed-1", "--split", "validation", "--limit", "2",
        "--results", altered
    )  # fmt: skip
    assert code == 3
    assert "table2b/10x" in out
    assert "numbers -5" in err


def test_pages_leave_out_the_settings_of_an_altered_specification(hsbench_here, altered, tmp_path):
    spec = next(altered.glob("inr-siren--*/spec.json"))
    spec.write_text(spec.read_text().replace('"seed": 0', '"seed": 7'))
    code, _, err = hsbench_here(
        "report", "table2d", "--results", altered, "--format", "html", "--output", tmp_path / "o"
    )
    assert code == 3
    assert "was altered or belongs to another folder" in err
    assert (tmp_path / "o" / "index.html").exists()
