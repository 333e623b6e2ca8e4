"""The figure of bits: one series per model, its own best rows joined, and the frontier of all rows."""

import dataclasses

import pytest

from hsbench.metrics.base import info
from hsbench.planning.request import Request
from hsbench.planning.resolve import Resolved
from hsbench.planning.selection import select
from hsbench.report.cost_columns import cells
from hsbench.report.figures import bitrate, rate, style
from hsbench.report.figures.base import Drawn, Subject
from hsbench.report.table import build
from hsbench.results.store import Results
from hsbench.results.view import ViewRow

from .conftest import CLIPS, make_view

ROWS = {
    "SIREN 4x fp32": (14000, 448000, None, 0.0009),
    "SIREN 4x 8 bit": (14000, 120000, 20000, 0.001),
    "SIREN 4x 5 bit": (14000, 80000, 20000, 0.004),
    "SIREN 10x 8 bit": (5700, 50000, 9000, 0.003),
    "MDCT coding step 0.1": (0, 20000, 0, 0.002),
    "MP3 level 0.9": (0, 60000, None, 0.0015),
    "silence": (0, 0, None, 0.02),
}
"""Row of rate -> numbers, bits and bits of side information of a clip, and its mean squared error."""

MEAN = 1 + (len(CLIPS) - 1) / 100
"""Mean of what the errors of the clips are multiplied by, 1, 1.02, 1.04, ..."""


@pytest.fixture
def subject(tmp_path):
    (selection,) = select(Request(("rate",), budget="quick"))
    resolved, store, rows = Resolved(selection, "cpu"), Results(tmp_path), []
    for row in selection.rows:
        if row.name not in ROWS:
            continue
        numbers, bits, side, mse = ROWS[row.name]
        cell = resolved.cell(row, 0)
        folder = store.folder(cell.folder)
        folder.write_spec(cell)
        facts = {"status": "ok", "numbers": numbers, "bits": bits, "steps": 0, "seconds": 0.1, "clipped": 0.0}
        facts |= {} if side is None else {"bits_side": side, "bits_coded": bits - side}
        folder.append_reconstructions({"clip": clip, **facts} for clip in CLIPS)
        scored = {"metric": "mse", "version": 1, "status": "ok", "seconds": 0.0}
        folder.append_scores(
            {"clip": clip, "value": mse * (1 + index / 50), **scored} for index, clip in enumerate(CLIPS)
        )
        rows.append(ViewRow(row.name, row.model, "demo", None, (cell.folder,)))
    columns = ("kbps", "side_kbps", "shared_kbps", "seconds")
    view = make_view(experiment="rate", rows=tuple(rows), metrics=("mse",), columns=columns, table=None)
    return Subject(store, build(view, store))


def test_there_is_one_series_per_model_and_the_frontier_holds_the_best_rows(subject):
    drawn = bitrate.draw(subject)
    assert isinstance(drawn, Drawn)
    labels = [text.get_text() for text in drawn.figure.legends[0].get_texts()]
    assert labels == ["inr-siren", "mdct-coder", "mp3-soundfile", "frontier", "silence"]
    (axes,) = drawn.figure.axes
    (frontier,) = [line for line in axes.lines if line.get_color() == "black"]
    assert list(frontier.get_ydata()[:-1]) == pytest.approx([0.002 * MEAN, 0.0015 * MEAN, 0.001 * MEAN])
    (joined,) = [line for line in axes.lines if line.get_marker() == "None" and len(line.get_xdata()) == 2 and
                 line.get_color() == style.looks(3)[0].colour]  # fmt: skip
    assert list(joined.get_ydata()) == pytest.approx([0.003 * MEAN, 0.001 * MEAN]), (
        "the row of 5 bits is larger and worse"
    )
    assert drawn.caption.endswith("Not shown, because they write no bits: SIREN 4x fp32.")


def test_it_takes_the_place_of_the_figure_of_all_costs(subject):
    assert rate.draw(subject) is None
    view = dataclasses.replace(subject.view, columns=())
    other = Subject(subject.results, build(view, subject.results))
    assert bitrate.draw(other) is None
    assert rate.draw(other) is not None


def test_rows_with_equal_bits_have_no_figure(subject):
    view = dataclasses.replace(subject.view, rows=subject.view.rows[1:2])
    assert "fewer than two rows" in bitrate.draw(Subject(subject.results, build(view, subject.results)))


def test_side_information_is_a_part_of_the_bits_of_a_stream(subject):
    costs = {row.name: row.costs for row in subject.table.rows}
    seconds = 120 / costs["SIREN 4x 8 bit"].kbps
    assert costs["SIREN 4x 8 bit"].side_kbps == pytest.approx(20 / seconds)
    assert costs["SIREN 4x 8 bit"].shared_kbps == 0
    assert costs["SIREN 4x fp32"].kbps is None
    assert costs["MP3 level 0.9"].side_kbps is None
    assert cells(costs["SIREN 4x fp32"])["kbit/s"] == ""


def test_what_clips_share_is_spread_over_the_clips_of_a_row(subject):
    name = next(row.cells[0] for row in subject.view.rows if row.name == "MDCT coding step 0.1")
    subject.results.folder(name).write_fit({"total": 1000})
    table = build(subject.view, subject.results)
    costs = next(row.costs for row in table.rows if row.name == "MDCT coding step 0.1")
    seconds = 20 / costs.kbps
    assert costs.shared_kbps == pytest.approx(32 * 1000 / len(CLIPS) / seconds / 1000)
    assert info("mse").better == "lower"
