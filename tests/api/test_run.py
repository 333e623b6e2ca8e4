"""`hsbench.run` and `hsbench.open_results`: the same computation and results folder as `hsbench run`."""

import json
import os
import re
import signal
import threading
import time

import pytest

import hsbench
from hsbench.errors import IncompleteError, UnknownNameError


def rebuilt(tmp_path):
    path = tmp_path / "toy.log"
    return path.read_text().splitlines() if path.exists() else []


def test_a_study_holds_the_same_numbers_as_the_results_folder(toys, tmp_path, capsys):
    study = toys("toys", limit=2)
    assert capsys.readouterr().out == ""
    assert study.complete
    assert study.problems == []
    assert {outcome.status for outcome in study.outcomes.values()} == {"done"}
    frame = study.frame()
    assert len(frame) == 2 * 2 * 2
    assert set(frame.row) == {"loud", "quiet"}
    summary = study.summary().set_index(["row", "metric"])
    assert summary.loc[("loud", "mse"), "mean"] == pytest.approx(frame[frame.row == "loud"].value.min(), rel=1)
    assert summary.loc[("quiet", "si_snr"), "mean"] > summary.loc[("loud", "si_snr"), "mean"]
    assert "| loud [smoke]  |" in study.to_markdown()
    assert "\\begin{tabular}" in study.to_latex()
    assert "<table>" in study._repr_html_()
    opened = hsbench.open_results(tmp_path / "results")
    assert opened.experiments == ["toys"]
    assert opened.frame("toys").equals(frame)
    assert opened.table("toys", budget="smoke", corpus="demo", protocol="fixed").to_markdown() == study.to_markdown()
    (session,) = json.loads(next((tmp_path / "results").glob("toy-ok*/provenance.json")).read_text())["sessions"]
    assert session["command"] == ["hsbench.run('toys', budget='smoke', limit=2)"]


def test_only_missing_work_is_computed(toys, tmp_path):
    toys("toys", limit=1)
    before = rebuilt(tmp_path)
    study = toys("toys", limit=2)
    assert study.complete
    assert len(rebuilt(tmp_path)) == len(before) + 2


def test_a_run_with_a_failed_cell_returns_and_names_the_cell(toys):
    study = toys("moods", filters=["row~r"], limit=1)
    assert not study.complete
    assert len(study.problems) == 2
    assert any("moods/raise: failed: RuntimeError: the toy raises, as asked" in problem for problem in study.problems)
    with pytest.raises(IncompleteError, match="2 of 2 cells are incomplete"):
        study.require_complete()
    assert "raise" in study.to_markdown()


def test_progress_is_shown_in_lines_where_there_is_no_terminal(toys, capsys):
    toys("toys", limit=1, filters=["row~loud"], progress=True)
    started, done, scores = capsys.readouterr().out.splitlines()
    assert (started, done) == ("toys/loud: started", "toys/loud: done")
    assert re.fullmatch(r"toys/loud: MSE [0-9.]+, SI-SNR [0-9.]+ dB", scores)


def test_an_interrupt_ends_the_worker_processes_and_keeps_finished_clips(toys, tmp_path, monkeypatch):
    monkeypatch.setenv("HSBENCH_TOY_DELAY", "0.5")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts its background jobs without it

    def interrupt():
        while len(rebuilt(tmp_path)) < 3:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        toys("toys", limit=8, filters=["row~loud"])
    thread.join()
    monkeypatch.setenv("HSBENCH_TOY_DELAY", "0")
    before = len(rebuilt(tmp_path))
    assert toys("toys", limit=8, filters=["row~loud"]).complete
    assert len(rebuilt(tmp_path)) < before + 8, "the finished group was computed again"


def test_unknown_names_are_refused_before_anything_is_written(toys, tmp_path):
    with pytest.raises(UnknownNameError, match="unknown experiment 'toy'; did you mean 'toys'"):
        toys("toy")
    with pytest.raises(UnknownNameError, match="unknown rerun rule 'al'; did you mean 'all'"):
        toys("toys", rerun="al")
    assert not (tmp_path / "results").exists()


def test_a_folder_without_results_is_named_in_the_error(tmp_path):
    results = hsbench.open_results(tmp_path)
    assert results.experiments == []
    assert "nothing was run" in repr(results)
    with pytest.raises(IncompleteError, match="holds nothing of table2b that matches; run it first"):
        results.table("table2b")
    with pytest.raises(UnknownNameError, match="unknown experiment 'table2'; did you mean"):
        results.frame("table2")


def test_html_in_names_is_shown_as_text(toys, monkeypatch):
    study = toys("toys", limit=1, filters=["row~loud"])
    monkeypatch.setattr(study, "to_markdown", lambda: "| <script>alert(1)</script> |\n|---|\n| x |\n")
    assert "<script>" not in study._repr_html_()
    assert "&lt;script&gt;" in study._repr_html_()
