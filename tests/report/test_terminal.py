"""Tables on a terminal: they fit its width, cut nothing off, and fold what is not needed to read them."""

import dataclasses
import io

import pytest
from rich.console import Console

from hsbench.analysis import stats
from hsbench.analysis.comparisons import Comparison
from hsbench.analysis.comparisons import Line as Compared
from hsbench.drift.verdicts import Line
from hsbench.metrics.base import Score
from hsbench.report import comparison, drift, pair_scores
from hsbench.report.drawing import listing
from hsbench.report.form import PLAIN, Form
from hsbench.report.table import build
from hsbench.report.terminal import terminal

from .conftest import ROWS, make_view

FLOOR = "does not beat silence at this budget"


def printed(page, width=None, *, styles=False):
    """Return what a console of a width prints; with styles, as a terminal gets it."""
    out = io.StringIO()
    console = Console(
        file=out,
        width=width or 10_000,
        markup=False,
        highlight=False,
        force_terminal=styles,
        color_system="standard" if styles else None,
    )
    console.print(page)
    return out.getvalue()


@pytest.mark.parametrize("width", [160, 100, 60, 45])
def test_no_line_is_wider_than_the_terminal_and_every_mean_is_there(results, width):
    shown = printed(terminal([build(make_view(), results)], PLAIN, width), width)
    assert max(len(line.rstrip()) for line in shown.splitlines()) <= width
    for mean in ("0.00300", "0.00133", "13.2", "11.3"):
        assert mean in shown
    assert "27.53" in shown, "the published value, as it was printed"
    assert "…" not in shown


def test_intervals_stand_below_the_means_where_there_is_room(results):
    table = build(make_view(), results)
    assert "[0.0" in printed(terminal([table], PLAIN, 100), 100)
    narrow = printed(terminal([table], PLAIN, 40), 40)
    assert "[0.0" not in narrow
    assert "(5/6)" in narrow, "the coverage is never left out"


def test_notes_are_folded_and_wide_shows_them(results):
    table = build(make_view(), results)
    folded = " ".join(printed(terminal([table], PLAIN, 80), 80).split())
    assert "Not shown: 2 notes, 4 reasons why nothing is comparable, notes on Szatkowski" in folded
    assert "paper 100000" not in folded
    wide = " ".join(printed(terminal([table], PLAIN, None)).split())
    assert "steps 10 (paper 100000)" in wide
    assert "FMLP: scores without a value: 1 of si_snr (estimate_silent)." in wide
    assert "Not shown" not in wide


def test_a_row_below_a_floor_is_dim_and_says_so_without_being_asked(results):
    table = build(make_view(), results)
    table = dataclasses.replace(table, rows=(dataclasses.replace(table.rows[0], below_floor=FLOOR), table.rows[1]))
    shown = printed(terminal([table], PLAIN, 80), 80, styles=True)
    fmlp, siren = (next(line for line in shown.splitlines() if name in line) for name in ("FMLP", "SIREN"))
    assert fmlp.startswith("\x1b[2m")
    assert not siren.startswith("\x1b[2m")
    assert f"FMLP: {FLOOR}." in shown


def test_changed_settings_are_not_folded_and_leave_the_name_alone(results):
    changed = tuple(dataclasses.replace(row, changed=("steps=9",)) for row in ROWS)
    shown = printed(terminal([build(make_view(rows=changed), results)], PLAIN, 80), 80)
    assert "all rows: settings changed: steps=9." in shown
    assert any(line.startswith("FMLP  ") for line in shown.splitlines())


def test_metrics_that_do_not_fit_side_by_side_stand_in_a_second_table(results):
    view = make_view(metrics=("mse", "lsd", "si_snr", "pesq", "stoi", "cdpam"))
    shown = printed(terminal([build(view, results)], PLAIN, 40), 40)
    heads = [line.split() for line in shown.splitlines() if line.startswith("row ")]
    assert len(heads) == 4, "two for our values and two for the published ones"
    assert {"MSE", "CDPAM"} <= {word for head in heads for word in head}
    assert max(len(line.rstrip()) for line in shown.splitlines()) <= 40


def test_added_means_stand_below_in_the_same_columns(results):
    form = Form(paper_columns=True, paper_means=True)
    lines = printed(terminal([build(make_view(), results)], form, 100), 100).splitlines()
    start = lines.index("By the published aggregator:")
    assert next(line for line in lines[start:] if line.startswith("FMLP")).split() == ["FMLP", "0.00300", "13.2"]
    ends = {line.rstrip().rfind("(dB)") for line in lines if "(dB)" in line}
    assert len(ends) == 1


def test_names_are_shown_as_they_are(results):
    rows = (dataclasses.replace(ROWS[0], name="[red]a[/red] :smile:\nb"), ROWS[1])
    assert "[red]a[/red] :smile: b" in printed(terminal([build(make_view(rows=rows), results)], PLAIN, 100), 100)


def test_a_listing_leaves_out_columns_before_it_wraps_and_never_cuts():
    lines = [["name", "hash" * 10, "words " * 8]]
    assert "hash" in printed(listing(["a", "b", "c"], lines, 120, wrapped=2, spare=[1]), 120)
    narrow = printed(listing(["a", "b", "c"], lines, 40, wrapped=2, spare=[1]), 40)
    assert "hash" not in narrow
    assert "No room for: b; --wide" in narrow
    assert narrow.count("words") == 8


def test_a_comparison_is_drawn_with_its_settings_and_reasons():
    paired = stats.Paired(4, 0.1, 0.2, 0.1, 0.05, 0.15)
    line = Compared("mine", "demo", "row", "mse", paired, "worse", "", "settings changed: a=1 in B")
    shown = printed(comparison.terminal(Comparison((line,), (("A", "mine", "demo", "gone"),)), 80), 80)
    assert "+0.100 [+0.0500, +0.150]" in shown
    assert "row: settings changed: a=1 in B" in shown
    assert "only in A: gone of mine, demo" in shown


def test_a_drift_check_is_drawn_without_the_lines_that_are_the_same():
    paired = stats.Paired(4, 1.2e30, 0.2, 0.1, 0.05, 0.15)
    lines = [
        Line("refit", "row", "mse", "drifted-worse", "", paired),
        Line("refit", "other", "mse", "same", "", paired),
    ]
    shown = printed(drift.terminal("smoke", lines, ["torch differs"], 100), 100)
    assert "1.20e+30" in shown
    assert "other" not in shown
    assert shown.rstrip().endswith("smoke: 1 drifted-worse, 1 same")


def test_scores_of_files_are_drawn_with_their_means():
    summary = {"mse": {"mean": 0.5, "ci_low": None, "ci_high": None, "left_out": 0, "n": 1, "n_total": 1}}
    shown = printed(pair_scores.terminal({"a": {"mse": Score(0.5, "ok", lag=16, gain=0.5)}}, summary, 60), 60)
    assert [line.split() for line in shown.splitlines() if "─" not in line] == [
        ["clip", "mse", "lag", "gain"],
        ["a", "0.500", "16", "0.5"],
        ["mean", "0.500"],
        ["scored", "1/1"],
    ]
