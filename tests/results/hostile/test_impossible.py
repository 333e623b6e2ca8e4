"""Numbers that no measurement gives are named and left out, and everything else of the folder is kept."""

import dataclasses
import json
import re
import shutil
from pathlib import Path

import pytest

import hsbench
from hsbench.api import comparing, plans, reports
from hsbench.drift.snapshot import snapshot
from hsbench.errors import DataError, IncompleteError
from hsbench.files import append_jsonl, write_json
from hsbench.planning.request import Request
from hsbench.results.pending import PendingWork
from hsbench.results.store import Results

OLD = Path(__file__).parent.parent.parent / "fixtures" / "28dda25" / "results"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"numbers": -5}, r"numbers -5 for a \(possible: 0 to 9007199254740992\)"),
        ({"numbers": 10**400}, "numbers 100000000000... for a"),
        ({"bits": -8}, "bits -8 for a"),
        ({"seconds": -0.1}, r"seconds -0.1 for a \(possible: 0 to 1000000000\)"),
        ({"seconds": 1e300}, r"seconds 1e\+300... for a"),
        ({"clipped": 1.5}, r"clipped 1.5 for a \(possible: 0 to 1\)"),
        ({"clipped": -0.5}, "clipped -0.5 for a"),
    ],
    ids=str,
)
def test_an_impossible_reconstruction_is_named_and_pending(documents, folder, change, reason):
    good = {**documents.reconstruction, "clip": "b"}
    folder.append_reconstructions([{**documents.reconstruction, **change}, good])
    assert folder.reconstructions() == {"b": good}
    (problem,) = folder.problems()
    assert problem.startswith(f"{folder.path.name}/reconstructions.jsonl holds 1 impossible row, which is left out: ")
    assert re.search(reason, problem)
    folder.append_reconstructions([documents.reconstruction])
    assert (set(folder.reconstructions()), folder.problems()) == ({"a", "b"}, ()), "a later row replaces it"


@pytest.mark.parametrize(
    ("metric", "value", "possible"),
    [
        ("pesq", 99.64, False),
        ("pesq", 0.5, False),
        ("pesq", 4.644, True),
        ("stoi", 1.0 + 2e-7, True),
        ("stoi", -1.1, False),
        ("mse", -1e-3, False),
        ("mse", 1e30, True),
        ("mse", 1e200, False),
        ("si_snr", -300.0, True),
        ("lsd@48000", -1.0, False),
        ("unknown", -7.0, True),
        ("pesq@" + "9" * 5000, 99.0, True),
    ],
)
def test_a_score_lies_within_the_bounds_of_its_metric(documents, folder, metric, value, possible):
    folder.append_scores([documents.score, {**documents.score, "metric": metric, "clip": "b", "value": value}])
    assert (("b", metric, 1) in folder.scores()) == possible
    assert ("a", "mse", 1) in folder.scores()
    assert len(folder.problems()) == (not possible)


def test_bounds_of_another_version_of_a_metric_are_not_known(documents, folder):
    folder.append_scores([{**documents.score, "metric": "pesq", "version": 99, "value": 99.64}])
    assert len(folder.scores()) == 1
    assert folder.problems() == ()


def test_a_sentence_lists_three_of_many_and_shows_no_odd_text(documents, folder):
    rows = [{**documents.score, "clip": f"evil\n| {number}\x1b[31m", "value": -1.0} for number in range(7)]
    folder.append_scores(rows)
    (problem,) = folder.problems()
    assert "7 impossible rows" in problem
    assert problem.count("mse -1") == 3
    assert "and 4 more" in problem
    assert problem.isprintable()


@pytest.mark.parametrize("change", [{"seed": 7}, {"schema": 99}, {"model": 5}], ids=str)
def test_results_of_a_folder_with_another_specification_are_left_out(documents, cell, folder, change):
    folder.write_spec(cell)
    folder.append_scores([documents.score])
    folder.append_reconstructions([documents.reconstruction])
    assert folder.exists()
    write_json(folder.path / "spec.json", {**documents.spec, **change})
    assert (folder.scores(), folder.reconstructions(), folder.exists()) == ({}, {}, False)
    (problem,) = folder.problems()
    assert problem.startswith(f"the results of {folder.path.name} are left out: ")
    with pytest.raises(DataError):
        folder.spec()
    folder.write_spec(cell)
    assert len(folder.scores()) == 1


def test_the_specification_names_the_cell_that_it_belongs_to(cell, folder):
    other = dataclasses.replace(cell, seed=7)
    folder.write_spec(other)
    with pytest.raises(DataError, match=f"specifies {other.folder}, so it was altered or belongs to another folder"):
        folder.spec()


@pytest.fixture
def altered(tmp_path):
    """A results folder with a negative payload, a PESQ of 99.64 and an altered specification, each in one cell."""
    root = tmp_path / "results"
    shutil.copytree(OLD, root)
    payload, perceptual, foreign = (Results(root).folder(name) for name in Results(root).cells()[:3])
    row = next(iter(payload.reconstructions().values()))
    append_jsonl(payload.path / "reconstructions.jsonl", [{**row, "numbers": -5}])
    score = next(row for (_, metric, _), row in perceptual.scores().items() if metric == "pesq")
    append_jsonl(perceptual.path / "scores.jsonl", [{**score, "value": 99.64}])
    spec = json.loads((foreign.path / "spec.json").read_text())
    write_json(foreign.path / "spec.json", {**spec, "seed": 5})
    return root


NAMED = ("numbers -5 for", "pesq 99.64 for", "so it was altered or belongs to another folder")


def test_every_reader_leaves_out_the_same(altered):
    results = Results(altered)
    views = [view for name in results.experiments() for view in results.views(name).values()]
    problems = "\n".join(results.problems(views))
    assert all(text in problems for text in NAMED)
    assert len(results.problems(views)) == 3
    with pytest.raises(IncompleteError, match="some results are not possible and were left out:\n  ") as caught:
        results.require_possible(views)
    assert caught.value.exit_code == 3
    markdown = "".join(hsbench.open_results(altered).table(name).to_markdown() for name in results.experiments())
    for text in (markdown, reports.rendered(reports.select(altered, None), "markdown", reports.form()).decode()):
        assert all(word in " ".join(text.split()) for word in ("numbers -5", "pesq 99.64", "was altered")), text
        assert "-6553" not in text
    frame = hsbench.open_results(altered).frame("table2b")
    assert not (frame.value.dropna() > 99).any()
    assert set(frame.status) >= {"missing", "collapsed"}
    assert any(line.paired.n for line in comparing.compare(altered, altered).lines)
    for view in views:
        assert all(value is None or value < 99 for scores in snapshot(results, view).scores.values()
                   for value, _ in scores.values())  # fmt: skip


def test_a_plan_computes_what_was_left_out_again(altered):
    results = Results(altered)
    request = Request(("table2d", "table2b"), budget="smoke", protocol="fixed-1", split="validation", limit=2)
    before, after = plans.make(request, OLD).as_text(), plans.make(request, altered).as_text()
    assert before != after
    for name, scores in zip(results.cells()[:3], (0, 1, None), strict=True):
        folder = results.folder(name)
        clips = {clip for clip, _, _ in Results(OLD).folder(name).scores()}
        metrics = {metric for _, metric, _ in Results(OLD).folder(name).scores()}
        work = PendingWork(folder, name.split("--")[0], sorted(clips), sorted(metrics))
        assert work
        assert scores is None or work.scores == scores
