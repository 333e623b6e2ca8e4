"""A metric with a ceiling: tables for readers show "> 90" above it, files of numbers keep the number."""

import csv
import dataclasses
import io
import json

import pytest

from hsbench.analysis.frame import long_frame
from hsbench.metrics.base import Score, info
from hsbench.report import pair_scores, text
from hsbench.report.html import index, scores
from hsbench.report.html.group import read
from hsbench.report.latex import latex
from hsbench.report.long_table import long_csv
from hsbench.report.markdown import markdown
from hsbench.report.summary_csv import summary_csv
from hsbench.report.table import build

from .conftest import CLIPS, make_view

HIGH = 97.25


@pytest.fixture
def perfect(results):
    """The results folder, in which SIREN has a SI-SNR of 97.25 dB for every clip."""
    score = {"metric": "si_snr", "version": 1, "value": HIGH, "status": "ok", "seconds": 0.0}
    results.folder("inr-siren--x").append_scores({"clip": clip, **score} for clip in CLIPS)
    return results


def test_a_value_above_the_ceiling_is_shown_as_a_bound_and_one_below_as_a_number():
    si_snr = info("si_snr")
    assert si_snr.ceiling == 90
    assert [text.number(value, si_snr) for value in (89.994, 90.0, 90.001, 151.9)] == ["90.0", "90.0", "> 90", "> 90"]
    assert text.number(HIGH, info("snr")) == "97.2"
    other = dataclasses.replace(info("pesq"), ceiling=4.5)
    assert text.number(4.64, other) == "> 4.5"


def test_an_interval_shows_the_bound_at_an_end_that_exceeds_the_ceiling(perfect):
    folder = perfect.folder("inr-siren--x")
    row = {"clip": CLIPS[0], "metric": "si_snr", "version": 1, "value": 20.0, "status": "ok", "seconds": 0.0}
    assert text.interval(build(make_view(), perfect).rows[1].entries["si_snr"], info("si_snr")) == ""
    folder.append_scores([row])
    interval = text.interval(build(make_view(), perfect).rows[1].entries["si_snr"], info("si_snr"))
    low, high = interval.strip("[]").split(", ")
    assert (float(low) < 90, high) == (True, "> 90")


def test_tables_for_readers_show_the_bound(perfect):
    table = build(make_view(table=None), perfect)
    shown, typeset = markdown([table]), latex([table])
    assert "**> 90**" in shown
    assert "\\textbf{$>$ 90}" in typeset
    group = read(perfect, make_view(), None)
    pages = index.page([group], {}) + scores.page(group, "demo", info("si_snr"))
    assert "<strong>&gt; 90</strong>" in pages
    assert '<td data-value="97.25" class="number">&gt; 90</td>' in pages, "it sorts by the number"
    for page in (shown, typeset, pages.replace('data-value="97.25"', "")):
        assert "97.25" not in page


def test_files_of_numbers_keep_the_number(perfect):
    table = build(make_view(), perfect)
    lines = list(csv.DictReader(io.StringIO(summary_csv([table]))))
    assert [line["mean"] for line in lines if (line["row"], line["metric"]) == ("SIREN", "si_snr")] == ["97.25"]
    frame = long_frame(make_view(), perfect)
    assert list(frame.value[(frame.row == "SIREN") & (frame.metric == "si_snr")]) == [HIGH] * 6
    assert b",si_snr,1,97.25,ok" in long_csv(frame)


def test_scores_of_two_files_are_shown_with_the_bound_and_written_as_numbers():
    pairs = {"a": {"si_snr": Score(HIGH, "ok")}, "b": {"si_snr": Score(12.0, "ok")}}
    summary = {"si_snr": {"mean": 54.625, "ci_low": 12.0, "ci_high": HIGH, "left_out": 0, "n": 2, "n_total": 2}}
    assert [line.split() for line in pair_scores.table(pairs, summary).splitlines()] == [
        ["clip", "si_snr", "lag", "gain"],
        ["a", ">", "90", "-", "-"],
        ["b", "12.0", "-", "-"],
        ["mean", "54.6"],
        ["ci_low", "12.0"],
        ["ci_high", ">", "90"],
        ["scored", "2/2"],
    ]
    assert "97.25" in pair_scores.as_csv(pairs)
    assert json.loads(pair_scores.as_json(pairs, summary, []))["clips"]["a"]["si_snr"]["value"] == HIGH
