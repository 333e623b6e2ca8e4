"""The README of a results folder, and the text pages of a report."""

import dataclasses
from pathlib import Path

from hsbench.report import readme, sessions
from hsbench.report.html import documents
from hsbench.report.markdown import FOOT
from hsbench.results.store import GENERATED, Results

from .conftest import CLIPS, ROWS, make_view

ROOT = Path(__file__).parent.parent.parent


def run_folder(root):
    """Return a results folder with one failed cell and one that was never run."""
    store = Results(root)
    rows = [dataclasses.replace(row, cells=(cell,)) for row, cell in zip(ROWS, ("one", "two"), strict=True)]
    store.write_view(make_view(metrics=("mse",), rows=tuple(rows)))
    folder, code = store.folder("one"), {"hsbench": "0.1.0", "commit": "abcdef123", "dirty": True}
    for start, seconds in (("2026-01-02T00:00:00Z", 60.0), ("2026-01-03T00:00:00Z", 120.0)):
        folder.add_provenance({"started": start, "seconds": seconds, "code": code, "command": ["hsbench", "run"]})
    folder.set_status("failed", "it | broke")
    folder.append_scores(
        {"clip": clip, "metric": "mse", "version": 1, "value": 0.25, "status": "ok", "seconds": 0} for clip in CLIPS
    )
    return store


def test_the_readme_lists_experiment_budget_dates_and_outcome(tmp_path):
    page = readme.markdown(run_folder(tmp_path))
    line = next(line for line in page.splitlines() if line.startswith("| table2d"))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells == [
        *("table2d", "demo", "quick", "fixed-1", "6", "1 failed, 1 not run"),
        *("2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z", "3.0 min"),
    ]
    assert "### Table 2d: Individual INRs (upper bound)" in page
    assert "0.250" in page
    assert "failed: it \\| broke" in page
    assert "0.1.0 (abcdef1, uncommitted changes)" in page
    assert page.count("- `hsbench run`") == 1
    assert page.count(FOOT) == 1
    assert page == readme.markdown(run_folder(tmp_path / "again"))


def test_a_cell_of_two_rows_counts_once(tmp_path):
    store = run_folder(tmp_path)
    rows = [dataclasses.replace(row, cells=("one",)) for row in ROWS]
    store.write_view(make_view(metrics=("mse",), rows=tuple(rows)))
    page = readme.markdown(store)
    line = next(line for line in page.splitlines() if line.startswith("| table2d"))
    assert [cell.strip() for cell in line.strip("|").split("|")][5:] == [
        *("1 failed", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z", "3.0 min")
    ]
    assert f"| {ROWS[0].name}; {ROWS[1].name} |" in page


def test_an_empty_folder_has_a_readme_too(tmp_path):
    assert "# What was run here" in readme.markdown(Results(tmp_path))


def test_an_experiment_that_cannot_be_shown_is_named_beside_the_others(tmp_path):
    store = run_folder(tmp_path)
    store.write_view(make_view(experiment="plugged", metrics=("mine",)))
    (tmp_path / "views" / "broken.json").write_text("[]")
    page = readme.markdown(store)
    assert "- plugged cannot be shown: unknown metric 'mine'" in page
    assert "- broken cannot be shown: " in page
    assert "0.250" in page


def test_a_session_without_a_status_is_running_or_killed(tmp_path):
    store = run_folder(tmp_path)
    (store.folder("one").path / "status.json").unlink()
    assert sessions.history(store.folder("one")).status == "running or killed"


def test_a_generated_readme_is_replaced_and_any_other_is_kept(tmp_path):
    store = Results(tmp_path)
    assert store.write_readme("one").name == "README.md"
    assert store.write_readme("two").name == "README.md"
    assert (tmp_path / "README.md").read_text() == f"{GENERATED}\n\ntwo"
    (tmp_path / "README.md").write_text("mine")
    assert store.write_readme("three").name == "RUNS.md"
    assert (tmp_path / "README.md").read_text() == "mine"
    assert (tmp_path / "RUNS.md").read_text() == f"{GENERATED}\n\nthree"


def test_the_readme_of_the_repository_is_not_overwritten():
    assert not (ROOT / "results" / "README.md").read_text().startswith(GENERATED)
    assert "RUNS.md" in (ROOT / "results" / "README.md").read_text()


def test_what_these_numbers_do_not_tell_is_the_same_in_docs_and_in_a_report():
    text = documents.limits_text()
    assert text == (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")
    for topic in ("PESQ", "Phase and lag", "synthetic", "Speech only", "Sensitive", "Bias", "Copyright", "Consent"):
        assert topic in text
    page = documents.limits()
    assert "<h1>What these numbers do not tell</h1>" in page
    assert 'href="differences.html"' in page


def test_every_difference_is_in_the_report():
    page = documents.differences_page()
    assert page.count('class="prose"') == len(documents.protocols.differences())
    assert ".md" not in "".join(part.split('"')[0] for part in page.split('href="')[1:])
