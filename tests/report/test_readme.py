"""The page of a results folder, and the page that every report leads to."""

from pathlib import Path

from hsbench.corpora.demo import DemoCorpus
from hsbench.report import markdown as render
from hsbench.report import readme, sessions
from hsbench.report.html import documents
from hsbench.results.store import GENERATED, Results

ROOT = Path(__file__).parent.parent.parent
CLIPS = [item.id for item in DemoCorpus().manifest("validation").evaluation()[:2]]


def made(root):
    store = Results(root)
    ground = {
        "description": "synthetic speech",
        "incomplete": [],
        "fingerprint": "f",
        "samples": 32768,
        "sample_rate": 22050,
        "clips": CLIPS,
    }
    row = {"model": "inr-fmlp", "corpus": "demo", "published": "FMLP", "changed": [], "departures": [], "notes": []}
    request = {
        "experiment": "table2d",
        "title": "Individual INRs",
        "table": "2d",
        "source": "hypersound_2023",
        "corpora": {"demo": ground},
        "absent": {},
        "budget": "quick",
        "protocol": "fixed-1",
        "split": "validation",
        "clips_paper": 30,
        "limit": None,
        "metrics": ["mse"],
        "rows": [{**row, "row": "FMLP", "cells": ["one"]}, {**row, "row": "SIREN", "cells": ["two"]}],
    }
    store.write_view("table2d", "demo--quick--fixed-1", request)
    folder, code = store.folder("one"), {"hsbench": "0.1.0", "commit": "abcdef123", "dirty": True}
    for start, seconds in (("2026-01-02T00:00:00Z", 60.0), ("2026-01-03T00:00:00Z", 120.0)):
        folder.add_provenance({"started": start, "seconds": seconds, "code": code, "command": ["hsbench", "run"]})
    folder.set_status("failed", "it | broke")
    folder.append_scores(
        {"clip": clip, "metric": "mse", "version": 1, "value": 0.25, "status": "ok", "seconds": 0} for clip in CLIPS
    )
    return store


def test_it_says_what_was_run_when_with_which_budget_and_outcome(tmp_path):
    said = readme.markdown(made(tmp_path))
    line = next(line for line in said.splitlines() if line.startswith("| table2d"))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells == [
        *("table2d", "demo", "quick", "fixed-1", "2", "1 failed, 1 not run"),
        *("2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z", "3.0 min"),
    ]
    assert "### Table 2d: Individual INRs" in said
    assert "0.25000" in said
    assert "failed: it \\| broke" in said
    assert "0.1.0 (abcdef1, uncommitted changes)" in said
    assert said.count("- `hsbench run`") == 1
    assert said.count(render.FOOT) == 1
    assert said == readme.markdown(made(tmp_path / "again"))


def test_an_empty_folder_has_a_page_too(tmp_path):
    assert "# What was run here" in readme.markdown(Results(tmp_path))


def test_an_experiment_that_cannot_be_shown_is_named_and_the_others_are_shown(tmp_path):
    store = made(tmp_path)
    (request,) = store.view("table2d")["groups"].values()
    store.write_view("plugged", "demo--quick--fixed-1", {**request, "experiment": "plugged", "metrics": ["mine"]})
    (tmp_path / "views" / "broken.json").write_text("[]")
    said = readme.markdown(store)
    assert "- plugged cannot be shown: unknown metric 'mine'" in said
    assert "- broken cannot be shown: " in said
    assert "0.25000" in said


def test_a_session_that_left_no_status_is_not_called_done(tmp_path):
    store = made(tmp_path)
    (store.folder("one").path / "status.json").unlink()
    assert sessions.past(store.folder("one")).status == "running or killed"


def test_a_generated_page_is_replaced_and_another_one_is_left(tmp_path):
    store = Results(tmp_path)
    assert store.write_readme("one").name == "README.md"
    assert store.write_readme("two").name == "README.md"
    assert (tmp_path / "README.md").read_text() == f"{GENERATED}\n\ntwo"
    (tmp_path / "README.md").write_text("mine")
    assert store.write_readme("three").name == "RUNS.md"
    assert (tmp_path / "README.md").read_text() == "mine"
    assert (tmp_path / "RUNS.md").read_text() == f"{GENERATED}\n\nthree"


def test_the_page_in_the_repository_is_not_overwritten():
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
