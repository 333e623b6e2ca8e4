"""Names from files and plug-ins: they never run as a formula of a spreadsheet, and never break a table."""

import csv
import dataclasses
import io

import pandas as pd
import pytest

from hsbench.analysis.comparisons import Comparison, Line
from hsbench.analysis.frame import COLUMNS
from hsbench.analysis.stats import Paired
from hsbench.api.tables import Table
from hsbench.metrics.base import Score
from hsbench.report import comparison, names, pair_scores
from hsbench.report.html.group import slug
from hsbench.report.latex import latex
from hsbench.report.long_table import NAMES, long_csv
from hsbench.report.markdown import WIDTH, markdown
from hsbench.report.summary_csv import summary_csv
from hsbench.report.table import build

from .conftest import CORPUS, ROWS, make_view

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\n+1", " -1")
LONG = "A" + "x" * 198 + "Z"


def lines(content):
    return list(csv.DictReader(io.StringIO(content)))


@pytest.mark.parametrize("name", FORMULAS)
def test_a_name_like_a_formula_gets_an_apostrophe(name):
    assert names.in_csv(name) == f"'{name}"


@pytest.mark.parametrize("name", ["", "FMLP", "a=1", "k03_001-0", "lsd@48000", "'=1", "1-2"])
def test_other_names_stay_as_they_are(name):
    assert names.in_csv(name) == name


@pytest.mark.parametrize("name", FORMULAS)
def test_no_csv_holds_a_cell_that_a_spreadsheet_executes(results, name):
    row = dataclasses.replace(ROWS[0], name=name, corpus=name)
    table = build(make_view(corpora={name: CORPUS}, rows=(row,)), results)
    summary = lines(summary_csv([table]))
    assert {(line["row"], line["corpus"]) for line in summary} == {(f"'{name}", f"'{name}")}
    values = dict.fromkeys(NAMES, name) | {"seed": 0, "version": 1, "value": -42.5}
    frame = pd.DataFrame([values], columns=list(COLUMNS))
    (long,) = lines(long_csv(frame).decode())
    assert {long[column] for column in NAMES} == {f"'{name}"}
    assert (long["value"], frame.row[0]) == ("-42.5", name)
    (pair,) = lines(pair_scores.as_csv({name: {"si_snr": Score(-42.5, "ok")}}))
    assert (pair["clip"], pair["value"]) == (f"'{name}", "-42.5")
    line = Line("table2d", "demo", name, "si_snr", Paired(2, -1.5, -2.5, -1.0, -2.0, -0.5), "worse")
    compared = lines(comparison.comparison_csv(Comparison((line,), (("A", "table2d", "demo", name),))))
    assert [line["row"] for line in compared] == [f"'{name}"] * 2
    assert compared[0]["difference"] == "-1.0"


@pytest.mark.parametrize("name", [*FORMULAS, "'=1"])
def test_a_frame_holds_names_as_they_are(results, name):
    view = make_view(rows=(dataclasses.replace(ROWS[0], name=name),))
    assert set(Table(results, [view]).summary()["row"]) == {name}


def test_negative_numbers_of_a_summary_are_numbers(results):
    row = {"clip": CORPUS.clips[1], "metric": "si_snr", "version": 1, "value": -500.0, "status": "ok", "seconds": 0.0}
    results.folder("inr-fmlp--x").append_scores([row])
    assert float(lines(summary_csv([build(make_view(), results)]))[1]["mean"]) < 0


def test_a_long_name_keeps_its_start_and_its_end():
    assert names.short("FMLP") == "FMLP"
    assert names.short("x" * names.LONGEST) == "x" * names.LONGEST
    assert len(names.short(LONG)) == names.LONGEST
    assert names.short(LONG)[0] + names.short(LONG)[-1] == "AZ"
    assert "…" in names.short(LONG)
    assert names.short("a\r\nb\tc\x1b[2Jd\u2028e\u202ef") == "a b c [2Jd e f"


@pytest.mark.parametrize("name", ["two\nlines", "two\r\n\r\n  lines", "two\u2028lines"])
def test_a_line_break_in_a_name_or_title_breaks_no_table(results, name):
    rows = (dataclasses.replace(ROWS[0], name=name), dataclasses.replace(ROWS[1], notes=("a\n| b",)))
    table = build(make_view(rows=rows, title=f"{name} twice"), results)
    shown = markdown([table])
    assert "| two lines [quick] |" in shown
    assert "### Table 2d: two lines twice\n" in shown
    widths = {len(line) for line in shown.split("Published")[0].splitlines() if line.startswith("|")}
    assert len(widths) == 1
    # The other lines of LaTeX are shorter than those of the table, and each of these ends with its row.
    rows_of_latex = [line for line in latex([table]).splitlines() if " & " in line]
    assert all("\\\\" in line for line in rows_of_latex)


def test_a_name_of_200_characters_is_shortened_in_tables_and_whole_in_csv(results):
    rows = (dataclasses.replace(ROWS[0], name=LONG), ROWS[1])
    table = build(make_view(rows=rows), results)
    shown, typeset = markdown([table]), latex([table])
    assert names.short(LONG) in shown
    assert LONG not in shown
    assert LONG not in typeset
    assert max(len(line) for line in shown.splitlines() if not line.startswith("|")) <= WIDTH
    assert lines(summary_csv([table]))[0]["row"] == LONG
    aligned = pair_scores.table({LONG: {"mse": Score(1.0, "ok")}}, {"mse": {"n": 1, "n_total": 1, **MEANS}})
    assert max(map(len, aligned.splitlines())) < names.LONGEST + 24  # beside the name: the value, lag and gain
    assert LONG in pair_scores.as_csv({LONG: {"mse": Score(1.0, "ok")}})


MEANS = {"mean": 1.0, "ci_low": None, "ci_high": None, "left_out": 0}


def test_names_in_a_comparison_are_on_one_line():
    line = Line("table2d", "demo", f"two\nlines {LONG}", "mse", Paired(0), "incomparable", "why")
    shown = comparison.markdown(Comparison((line,), (("A", "table2d", "demo", "alone\nagain"),)))
    assert "only in A: alone again of table2d" in shown
    assert "| two lines A" in shown
    assert LONG not in shown


def test_a_file_name_of_the_html_report_fits_a_file_system():
    assert slug("k03_001-0") == "k03_001-0"
    long, other = "x" * 300, "x" * 299 + "y"
    assert max(len(slug(name)) for name in (long, other, "ü" * 300)) < 200
    assert slug(long) != slug(other)
