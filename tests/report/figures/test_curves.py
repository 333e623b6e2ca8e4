"""Learning curves as values, as a figure and as TensorBoard event files."""

import sys
from dataclasses import replace

import pytest

from hsbench.errors import BackendMissingError, IncompleteError
from hsbench.report import events
from hsbench.report.figures import curves, style
from hsbench.results.store import Results
from hsbench.results.view import ViewRow

from .conftest import CLIPS, make_view

ROWS = (
    ViewRow("10x", "hypersound-fmlp", "demo", cells=("a", "b")),
    ViewRow("4x", "hypersound-fmlp", "demo", cells=("c",)),
)
VIEW = make_view(rows=ROWS)


@pytest.fixture
def results(tmp_path):
    store = Results(tmp_path)
    for name, scale in (("a", 1.0), ("b", 2.0), ("c", 3.0)):
        folder = store.folder(name)
        for step in (0, 10, 20, 10, 20):  # resumed after step 0
            folder.append_curve({"step": step, "loss": scale / (1 + step), "lr": 1e-4, "seconds": 0.1})
        folder.append_curve({"step": 30, "loss": None, "lr": 1e-4, "seconds": 0.1})
        folder.write_fit({"loss_silence": 0.47, "loss_noise": 0.65, "loss": 0.4})
    return store


def test_a_resumed_fit_has_each_step_once(results):
    lines = curves.curves(VIEW, results)
    assert [curve.name for curve in lines] == ["10x", "10x seed 1", "4x"]
    assert [point["step"] for point in lines[0].points] == [0, 10, 20, 30]
    assert lines[0].marks == {"silence": 0.47, "noise": 0.65}


def test_names_of_fits_tell_groups_of_clips_apart(results):
    for first in CLIPS[:2]:
        results.folder("d").append_curve({"step": 0, "loss": 1.0, "lr": 1e-4, "seconds": 0.1, "first": first})
    lines = curves.curves(replace(VIEW, rows=(ViewRow("FMLP", "inr-fmlp", "demo", cells=("d",)),)), results)
    assert [curve.name for curve in lines] == [f"FMLP from {clip}" for clip in CLIPS[:2]]


def test_fits_of_clips_that_only_another_experiment_scores_have_no_curve(results):
    for first in (CLIPS[0], "elsewhere"):
        results.folder("d").append_curve({"step": 0, "loss": 1.0, "lr": 1e-4, "seconds": 0.1, "first": first})
    (line,) = curves.curves(replace(VIEW, rows=(ViewRow("FMLP", "inr-fmlp", "demo", cells=("d",)),)), results)
    assert (line.name, line.points[0]["first"]) == ("FMLP", CLIPS[0])


def test_a_training_has_one_curve_though_it_is_scored_on_seen_and_on_held_out_clips(results):
    splits = {"train": CLIPS[:4], "validation": CLIPS[4:]}
    row = ROWS[1]
    both = make_view(
        corpora={"demo": replace(VIEW.corpora["demo"], splits=splits)},
        rows=(replace(row, name="4x seen", split="train"), replace(row, split="validation")),
    )
    assert [curve.name for curve in curves.curves(both, results)] == ["4x"]


def test_the_figure_shows_one_line_per_row_over_all_its_fits(results):
    chart = curves.figure(VIEW, curves.curves(VIEW, results))
    (axes,) = chart.axes
    lines = {line.get_label(): line for line in axes.lines}
    assert {"10x", "4x"} <= set(lines)
    assert lines["4x"].get_ydata()[0] == pytest.approx((3 + 3 / 11 + 3 / 21) / 3)
    assert lines["10x"].get_ydata()[0] == pytest.approx(1.5 * (1 + 1 / 11 + 1 / 21) / 3), "the mean of both seeds"
    assert any(line.get_ydata()[0] == 3.0 for line in axes.lines), "the points themselves, faintly"
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_yscale()) == ("training step", "training loss", "log")


def test_the_losses_of_silence_and_noise_are_marked(results):
    chart = curves.figure(VIEW, curves.curves(VIEW, results))
    levels = [line.get_ydata()[0] for line in chart.axes[0].lines if line.get_color() == style.GREY]
    assert levels == [0.47, 0.65]
    assert [text.get_text() for text in chart.legends[0].get_texts()] == ["10x", "4x", "silence", "noise"]


def test_losses_of_different_models_have_panels_of_their_own(results):
    results.folder("d").append_curve({"step": 0, "loss": 1.0, "lr": 1e-4, "seconds": 0.1})
    both = replace(VIEW, rows=(*ROWS, ViewRow("FMLP", "inr-fmlp", "demo", cells=("d",))))
    drawn = curves.drawn(both, results)
    assert [axes.get_title() for axes in drawn.figure.axes] == ["hypersound-fmlp", "inr-fmlp"]
    assert "different losses" in drawn.caption


def test_a_training_without_a_finite_loss_says_so(results):
    results.folder("d").append_curve({"step": 0, "loss": None, "lr": 1e-4, "seconds": 0.1})
    chart = curves.drawn(replace(VIEW, rows=(ViewRow("x", "y", "demo", cells=("d",)),)), results).figure
    assert [text.get_text() for text in chart.axes[0].texts] == ["no loss was finite"]


def test_the_caption_explains_grey_lines(results):
    drawn = curves.drawn(VIEW, results)
    assert "Grey: the loss that silence" in drawn.caption
    assert "different losses" not in drawn.caption


def test_a_running_mean_keeps_a_line_and_shrinks_noise():
    assert curves.running_mean([2.0] * 30) == pytest.approx([2.0] * 30)
    assert curves.running_mean(list(range(30)))[10:20] == pytest.approx(list(range(10, 20)))
    assert max(curves.running_mean([(-1) ** n for n in range(100)])) < 0.2


def test_a_view_without_learning_curves_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(IncompleteError, match="table2b has no learning curve yet"):
        curves.curves(VIEW, Results(tmp_path))


def test_event_files_need_their_package(results, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(BackendMissingError, match="hsbench\\[tensorboard\\]"):
        events.save_events(VIEW, results, tmp_path, "x")


def test_event_files_hold_loss_and_rate(results, tmp_path):
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    folders = events.save_events(VIEW, results, tmp_path / "tb", "table2b")
    assert [folder.name for folder in folders] == ["10x", "10x_seed_1", "4x"]
    written = reader.EventAccumulator(str(folders[2]))
    written.Reload()
    assert [(event.step, round(event.value, 4)) for event in written.Scalars("loss")] == [
        (0, 3),
        (10, 0.2727),
        (20, 0.1429),
    ]
    assert len(written.Scalars("lr")) == 4
