"""Figures of cost: quality against encoding operations with its frontier, and against the length of a training."""

import dataclasses

import pytest

from hsbench import registry
from hsbench.metrics.base import info
from hsbench.planning.request import Request
from hsbench.planning.resolve import Resolved
from hsbench.planning.selection import select
from hsbench.report.cost_columns import cells
from hsbench.report.figures import encoding_cost, style, training_share
from hsbench.report.figures.base import Drawn, Subject
from hsbench.report.summary_csv import summary_csv
from hsbench.report.table import build
from hsbench.results.store import Results
from hsbench.results.view import ViewRow
from hsbench.widths import parameters

from .conftest import CLIPS, make_view

ROWS = {
    "patch INR trained 10%": 0.003,
    "patch INR trained 30%": 0.002,
    "patch INR": 0.001,
    "COIN++ 3 steps": 0.0015,
    "SIREN random start 1000 steps": 0.0005,
    "KLT": 0.004,
    "silence": 0.02,
}
"""Row of encode-cost -> mean squared error of its clips."""


@pytest.fixture(scope="module")
def plan():
    (selection,) = select(Request(("encode-cost",), budget="quick"))
    resolved = Resolved(selection, "cpu")
    return {row.name: (row.model, resolved.cell(row, 0)) for row in selection.rows if row.name in ROWS}


@pytest.fixture
def subject(plan, tmp_path):
    store, rows = Results(tmp_path), []
    for name, mse in ROWS.items():
        model, cell = plan[name]
        folder = store.folder(cell.folder)
        folder.write_spec(cell)
        facts = {"status": "ok", "numbers": 16384, "bits": None, "steps": 0, "seconds": 0.1, "clipped": 0.0}
        folder.append_reconstructions({"clip": clip, **facts} for clip in CLIPS)
        scored = {"metric": "mse", "version": 1, "status": "ok", "seconds": 0.0}
        folder.append_scores(
            {"clip": clip, "value": mse * (1 + index / 50), **scored} for index, clip in enumerate(CLIPS)
        )
        rows.append(ViewRow(name, model, "demo", None, (cell.folder,)))
    view = make_view(
        experiment="encode-cost", rows=tuple(rows), metrics=("mse",), columns=("operations", "seconds"), table=None
    )
    return Subject(store, build(view, store))


def test_the_frontier_holds_the_rows_that_no_cheaper_row_equals(subject):
    points, left_out = encoding_cost._points(subject)
    assert left_out == [], "silence is a line and no row that was left out"
    best = [point.row.name for point in encoding_cost.frontier(points, info("mse"))]
    assert best == ["KLT", "patch INR", "SIREN random start 1000 steps"]
    costs = {point.row.name: point.cost for point in points}
    assert costs["KLT"] < costs["patch INR"] < costs["COIN++ 3 steps"] < costs["SIREN random start 1000 steps"]


def test_a_metric_where_higher_is_better_turns_the_frontier_around(subject):
    points, _ = encoding_cost._points(subject)
    higher = dataclasses.replace(info("mse"), better="higher")
    best = [point.row.name for point in encoding_cost.frontier(points, higher)]
    assert best == ["KLT"]


def test_the_figure_has_one_series_per_approach_and_a_line_for_silence(subject):
    drawn = encoding_cost.draw(subject)
    assert isinstance(drawn, Drawn)
    labels = [text.get_text() for text in drawn.figure.legends[0].get_texts()]
    assert labels == ["one pass", "few steps", "individual fit", "transform coding", "frontier", "silence"]
    mean = next(row for row in subject.table.rows if row.name == "silence").entries["mse"].summary.mean
    assert mean in [line.get_ydata()[0] for line in drawn.figure.axes[0].lines if line.get_color() == style.GREY]


def test_other_experiments_have_neither_figure(subject):
    view = dataclasses.replace(subject.view, columns=(), rows=subject.view.rows[2:4])
    other = Subject(subject.results, build(view, subject.results))
    assert encoding_cost.draw(other) is None
    assert training_share.draw(other) is None


def test_rows_that_differ_in_the_share_of_their_training_are_one_line(subject):
    ((name, rows),) = [pair for pair in training_share._lines(subject).items() if len(pair[1]) > 1]
    steps = registry.model("patch-inr").budgets["quick"]["steps"]
    assert name == "patch INR"
    assert [count for count, _ in rows] == [round(0.1 * steps), round(0.3 * steps), steps]
    drawn = training_share.draw(subject)
    assert drawn.figure.axes[0].get_xlabel() == "training steps"


def test_the_axis_of_a_training_spans_what_is_drawn(subject):
    """A cheaper row and a worse one, which are not drawn, would make the axis logarithmic."""
    (axes,) = training_share.draw(subject).figure.axes
    assert axes.get_yscale() == "linear"
    assert axes.get_ylim()[1] < 1.3 * ROWS["patch INR trained 10%"]


def test_the_frontier_lies_above_the_grid(subject):
    with subject.layout.applied():
        (axes,) = encoding_cost.draw(subject).figure.axes
    (line,) = [line for line in axes.lines if line.get_drawstyle() == "steps-post"]
    assert line.get_zorder() > axes.xaxis.get_zorder()


def test_costs_in_a_table(subject):
    row = next(row for row in subject.table.rows if row.name == "KLT")
    assert cells(row.costs) == {
        "Gflop": "0.00839",
        "kbit/s": "",
        "side": "",
        "shared": "",
        "seconds": "0.100",
        "border": "",
        "Mflop/step": "",
        "to 20 dB": "",
    }
    siren = next(row for row in subject.table.rows if row.name == "SIREN random start 1000 steps")
    assert float(cells(siren.costs)["Mflop/step"]) == pytest.approx(6e-6 * 4096 * parameters("siren", 63), rel=5e-3)
    silence = next(row for row in subject.table.rows if row.name == "silence")
    assert cells(silence.costs)["Gflop"] == ""


def test_costs_are_columns_of_the_csv_of_experiments_that_ask_for_them(subject):
    lines = summary_csv([subject.table]).splitlines()
    assert lines[0].endswith(",comparable,operations,seconds")
    (line,) = [line for line in lines if line.startswith("encode-cost,KLT,")]
    operations, seconds = line.split(",")[-2:]
    assert float(operations) == 128 * 2 * 256 * 128
    assert float(seconds) == pytest.approx(0.1)
    plain = dataclasses.replace(subject.view, columns=())
    assert summary_csv([build(plain, subject.results)]).splitlines()[0].endswith(",comparable")
