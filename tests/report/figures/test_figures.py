"""Figures: when each is drawn, what it shows, and what its files hold."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.text import Text

from hsbench.report import figures
from hsbench.report.figures import omegas, rate, reconstructions, spread, style, weights
from hsbench.report.table import build
from hsbench.results.view import ViewRow

from .conftest import CLIPS, VIEW, make_view, save_weights, spec

SILENCE = ViewRow("silence", "silence", "demo", cells=("cell-silence",))


def subject(view, results, clip=None):
    return figures.Subject(results, build(view, results), clip)


def test_figures_are_drawn_where_their_data_exist_and_explained_otherwise(results):
    drawn, notes = figures.drawn(VIEW, results)
    assert [figure.name for figure in drawn] == ["reconstructions", "rate", "spread", "weights"]
    assert notes == [
        "Omegas: no network has rows with different omega_0 and rows with different omega_i.",
        "Learning curves: no fit of this experiment has one.",
    ]
    for figure in drawn:
        assert figure.title
        assert "synthetic speech" in figure.caption
        assert figure.figure.get_suptitle() == "table2b: demo, budget quick, protocol fixed-1"


@pytest.mark.parametrize("layout", [style.COLUMN, style.PAGE])
def test_a_figure_has_the_width_and_the_font_of_its_place(results, layout):
    drawn, _ = figures.drawn(make_view(rows=VIEW.rows[:2]), results, layout=layout)
    assert len(drawn) == 4
    for figure in drawn:
        assert figure.figure.get_figwidth() == layout.width
        sizes = {text.get_fontsize() for text in figure.figure.findobj(Text) if text.get_text()}
        assert sizes == {layout.font}, figure.name


def test_without_results_there_is_a_sentence_for_each_kind(tmp_path):
    from hsbench.results.store import Results

    drawn, notes = figures.drawn(VIEW, Results(tmp_path))
    assert drawn == []
    assert len(notes) == len(figures.KINDS) - 6  # the others belong to single experiments
    assert all(note.endswith(".") for note in notes)


def test_the_same_results_give_the_same_bytes(results, tmp_path):
    files = []
    for folder in ("a", "b"):
        drawn = rate.draw(subject(VIEW, results))
        files.append([path.read_bytes() for path in figures.save(drawn, tmp_path / folder, "table2b--demo")])
        assert sorted(path.name for path in (tmp_path / folder).iterdir()) == [
            "rate-table2b--demo.pdf",
            "rate-table2b--demo.png",
        ]
    (png, pdf), again = files
    assert [png, pdf] == again
    assert png.startswith(b"\x89PNG")
    assert b"Rate against quality" in png
    assert pdf.startswith(b"%PDF")
    assert b"CreationDate" not in pdf


def test_rate_shows_means_and_intervals_over_the_exact_compression_ratio(results):
    drawn = rate.draw(subject(VIEW, results))
    mse = drawn.figure.axes[0]
    line, _, bars = mse.containers[0]
    ratios = sorted(8192 / numbers for numbers in (1000, 2500, 10000))
    np.testing.assert_allclose(line.get_xdata(orig=False), ratios)
    np.testing.assert_allclose(line.get_ydata(orig=False), [5.5 / numbers for numbers in (10000, 2500, 1000)])
    low, high = bars[0].get_segments()[0][:, 1]
    assert low < line.get_ydata()[0] < high
    assert mse.get_xscale() == "log"
    assert mse.get_title() == "MSE, lower is better"
    assert drawn.figure.axes[1].get_xlabel() == rate.RATIO


def test_rate_has_a_panel_per_cost_where_bits_do_not_follow_from_numbers(results):
    assert [axes.get_xlabel() for axes in rate.draw(subject(VIEW, results)).figure.axes] == [rate.RATIO] * 2
    coded = {"status": "ok", "numbers": 0, "bits": 9000, "steps": 0, "seconds": 0, "clipped": 0}
    results.folder("cell-10x").append_reconstructions({"clip": clip, **coded} for clip in CLIPS)
    drawn = rate.draw(subject(VIEW, results))
    labels = [axes.get_xlabel() for axes in drawn.figure.axes]
    assert labels == ["", "", rate.RATIO, rate.KBITS]
    over_ratio, over_bits = (axes.containers[0][0].get_xdata(orig=False) for axes in drawn.figure.axes[:2])
    seconds = 8192 / 22050
    np.testing.assert_allclose(over_bits, [9 / seconds, 80 / seconds, 320 / seconds])
    np.testing.assert_allclose(over_ratio, [8192 / 10000, 8192 / 2500])
    assert "Without compression ratio: 10x." in drawn.caption


def test_rows_of_one_model_that_differ_in_words_are_series_of_their_own(results):
    for row, weights_as in (("10x", "fp32"), ("4x", "fp32"), ("1x", "int8")):
        results.folder(f"cell-{row}").write_spec(spec(kind="fmlp", weight_format=weights_as))
    drawn = rate.draw(subject(VIEW, results))
    labels = [text.get_text() for text in drawn.figure.legends[0].get_texts()]
    assert labels == ["hypersound-fmlp fp32", "hypersound-fmlp int8"]


def test_silence_is_a_line_and_no_point_of_the_rate(results):
    folder = results.folder("cell-silence")
    made = {"status": "ok", "numbers": 1, "bits": 0, "steps": 0, "seconds": 0.0, "clipped": 0.0}
    folder.append_reconstructions({"clip": clip, **made} for clip in CLIPS)
    score = {"metric": "mse", "version": 1, "value": 0.5, "status": "ok", "seconds": 0}
    folder.append_scores({"clip": clip, **score} for clip in CLIPS)
    drawn = rate.draw(subject(make_view(rows=(*VIEW.rows, SILENCE)), results))
    mse = drawn.figure.axes[0]
    assert [line.get_ydata()[0] for line in mse.lines if line.get_color() == style.GREY] == [0.5]
    assert mse.get_xlim()[1] < 100
    assert mse.get_yscale() == "log"


def test_a_metric_without_values_has_a_panel_that_says_why(results):
    lost = {"version": 1, "value": None, "status": "no_utterances", "seconds": 0}
    for row in VIEW.rows:
        results.folder(row.cells[0]).append_scores({"clip": clip, "metric": "pesq", **lost} for clip in CLIPS)
    wanted = subject(make_view(metrics=("mse", "pesq")), results)
    for kind in (rate, spread):
        panel = kind.draw(wanted).figure.axes[1]
        assert [text.get_text() for text in panel.texts] == ["no value\nno utterances (36)"]


def below(results, *names):
    """A subject in which these rows do not beat silence."""
    table = build(VIEW, results)
    rows = [replace(row, below_floor="is below" if row.name in names else "") for row in table.rows]
    return figures.Subject(results, replace(table, rows=tuple(rows)))


def test_sound_and_weights_of_rows_that_do_not_beat_silence_are_left_out(results):
    wanted = below(results, "10x", "1x")
    drawn = reconstructions.draw(wanted)
    waves = [axes for axes in drawn.figure.axes if axes.collections and axes.get_title()]
    assert [axes.get_title().partition("\n")[0] for axes in waves] == ["original", "4x"]
    said = "Left out, because they do not beat silence at this budget: 10x, 1x."
    assert said in drawn.caption
    pictures = weights.draw(wanted)
    assert [axes.get_title().splitlines()[0] for axes in pictures.figure.axes] == ["4x"]
    assert said in pictures.caption


def test_nothing_is_drawn_where_no_row_beats_silence(results):
    wanted = below(results, "10x", "4x", "1x")
    assert reconstructions.draw(wanted) == "Reconstructions: no row beats silence at this budget."
    assert weights.draw(wanted) == "Weight space: no row beats silence at this budget."


def test_rows_with_other_clips_do_not_share_a_picture(results):
    splits = {"train": CLIPS[:4], "validation": CLIPS[4:]}
    seen, *held_out = (replace(row, split="validation") for row in VIEW.rows)
    rows = (replace(seen, split="train"), *held_out)
    corpora = {"demo": replace(VIEW.corpora["demo"], splits=splits)}
    wanted = make_view(rows=rows, corpora=corpora)
    drawn = reconstructions.draw(subject(wanted, results))
    titles = [axes.get_title().partition("\n")[0] for axes in drawn.figure.axes if axes.get_title()]
    assert titles == ["original", "4x", "1x"]
    drawn = reconstructions.draw(subject(wanted, results, CLIPS[1]))
    titles = [axes.get_title().partition("\n")[0] for axes in drawn.figure.axes if axes.get_title()]
    assert titles == ["original", "10x"]


def test_rate_is_not_drawn_for_rows_of_equal_cost(results):
    rows = tuple(replace(VIEW.rows[0], name=name) for name in "ab")
    assert "fewer than two rows with different costs" in rate.draw(subject(make_view(rows=rows), results))


def test_a_box_per_row_holds_every_value(results):
    empty = replace(VIEW.rows[0], name="cost $1, & 50 % $x_", cells=())
    drawn = spread.draw(subject(make_view(rows=(*VIEW.rows, empty)), results))
    mse, lsd = drawn.figure.axes
    assert [label.get_text() for label in mse.get_yticklabels()] == ["10x", "4x", "1x"]
    dots = [line for line in mse.lines if line.get_marker() == "."]
    assert [line.get_xdata().size for line in dots] == [12, 12, 12]
    assert lsd.get_xlabel() == "(← better) LSD"


def test_dollar_signs_in_names_are_not_read_as_formulas(results):
    first, *others = VIEW.rows
    rows = (replace(first, name="cost $1 & 50 % {$x_}"), *others)
    wanted = make_view(title="worth $1 or $x_", rows=rows)
    drawn, _ = figures.drawn(wanted, results)
    assert len(drawn) == 4
    for figure in drawn:
        figure.figure.draw_without_rendering()
    label = spread.draw(subject(wanted, results)).figure.axes[0].get_yticklabels()[0]
    assert label.get_text() == r"cost \$1 & 50 % {\$x_}"
    assert style.literal("plain") == "plain"


def siren_rows(view, results, pairs):
    """Return the view with a row for each (omega_0, omega_i), whose mse is their sum."""
    rows = []
    for first, other in pairs:
        name = f"cell-{first}-{other}"
        results.folder(name).write_spec(spec(omega_0=first, omega_i=other))
        facts = {"status": "ok", "numbers": 10, "bits": 320, "steps": 0, "seconds": 1.0, "clipped": 0.0}
        results.folder(name).append_reconstructions({"clip": clip, **facts} for clip in CLIPS)
        score = {"version": 1, "value": first + other, "status": "ok", "seconds": 0}
        results.folder(name).append_scores({"clip": clip, "metric": "mse", **score} for clip in CLIPS)
        rows.append(replace(view.rows[0], name=f"{first:g} / {other:g}", cells=(name,)))
    return replace(view, rows=tuple(rows))


def test_omegas_are_a_grid_of_means(results):
    wanted = siren_rows(make_view(metrics=("mse",)), results, [(100.0, 30.0), (30.0, 30.0), (2000.0, 100.0)])
    drawn = omegas.draw(subject(wanted, results))
    (axes,) = drawn.figure.axes
    grid = np.ma.filled(axes.images[0].get_array(), np.nan)
    np.testing.assert_array_equal(grid, [[60, 130, np.nan], [np.nan, np.nan, 2100]])
    assert [label.get_text() for label in axes.get_xticklabels()] == ["30", "100", "2000"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["30", "100"]
    assert [text.get_text() for text in axes.texts] == ["60.0", "130", "2100"]


def test_omegas_are_not_drawn_for_a_single_pair(results):
    wanted = siren_rows(make_view(metrics=("mse",)), results, [(30.0, 30.0), (30.0, 30.0)])
    assert omegas.draw(subject(wanted, results)).startswith("Omegas: no network has rows")


def test_networks_that_differ_in_more_than_their_omegas_are_not_one_grid(results):
    wanted = siren_rows(make_view(metrics=("mse",)), results, [(100.0, 30.0), (30.0, 30.0), (30.0, 100.0)])
    results.folder("other").write_spec(spec(omega_0=7.0, omega_i=8.0, width=3))
    results.folder("other").append_reconstructions(results.folder("cell-30.0-30.0").reconstructions().values())
    wanted = replace(wanted, rows=(*wanted.rows, replace(wanted.rows[0], name="other", cells=("other",))))
    (axes,) = omegas.draw(subject(wanted, results)).figure.axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["30", "100"]


def test_the_median_clip_is_shown_beside_its_original(results):
    drawn = reconstructions.draw(subject(VIEW, results))
    assert drawn.caption.startswith("Held-out clip v2_1-0 of demo"), "six of twelve clips have no lower scores"
    assert "the median clip by LSD over the rows shown" in drawn.caption
    waves = [axes for axes in drawn.figure.axes if axes.collections and axes.get_title()]
    assert [axes.get_title().partition("\n")[0] for axes in waves] == ["original", "10x", "4x", "1x"]
    pictures = [axes.images[0] for axes in drawn.figure.axes if axes.images]
    assert {image.get_clim() for image in pictures} == {(-reconstructions.RANGE, 0.0)}
    levels = [image.get_array().max() for image in pictures[:4]]
    np.testing.assert_allclose(levels, [0, -6.02, -6.02, -6.02], atol=0.01)


def test_the_clip_that_the_user_named_is_shown(results):
    assert reconstructions.draw(subject(VIEW, results, "v4_0-0")).caption.startswith("Held-out clip v4_0-0 of demo")
    sentence = reconstructions.draw(subject(VIEW, results, "v9_0-0"))
    assert sentence == "Reconstructions: clip v9_0-0 is not among the clips of this experiment."


def test_rows_without_sound_are_named(results):
    results.folder("cell-4x").audio("v2_1-0").unlink()
    assert "Rows without sound of this clip: 4x." in reconstructions.draw(subject(VIEW, results)).caption


def test_the_original_is_shown_once_and_many_rows_have_spectrograms_alone(results):
    rows = (*VIEW.rows, *(replace(VIEW.rows[0], name=f"again {number}") for number in range(4)))
    drawn = reconstructions.draw(subject(make_view(rows=rows), results))
    panels = [axes for axes in drawn.figure.axes if axes.get_title()]
    titles = [axes.get_title().partition("\n")[0] for axes in panels]
    assert titles == ["original", "10x", "4x", "1x", "again 0", "again 1", "again 2", "again 3"]
    assert all(axes.images for axes in panels)
    assert "waveforms" not in drawn.caption


@pytest.mark.parametrize("layout", [style.COLUMN, style.PAGE])
def test_long_names_above_many_panels_do_not_touch(results, layout):
    rows = tuple(replace(VIEW.rows[0], name=f"SIREN from a random start, {9**number} steps") for number in range(7))
    with layout.applied():
        shown = figures.Subject(results, build(make_view(rows=rows), results), None, layout)
        figure = reconstructions.draw(shown).figure
        figure.draw_without_rendering()
    extents = [axes.title.get_window_extent() for axes in figure.axes if axes.get_title()]
    assert len(extents) == 8
    assert all(extent.x0 > 0 and extent.x1 < figure.bbox.x1 for extent in extents)
    for place, extent in enumerate(extents):
        assert not any(extent.overlaps(other) for other in extents[place + 1 :])


def test_the_median_clip_has_a_value_in_every_row():
    rows = [np.array([[1.0, 2.0, 3.0, np.nan]]), np.array([[9.0, 1.0, 5.0, 0.0]]), np.full((1, 4), np.nan)]
    assert reconstructions.median_clip(list("abcd"), rows) == "c"
    assert reconstructions.median_clip(list("abcd"), [np.full((1, 4), np.nan)]) is None


def test_the_caption_of_weights_has_accuracy_and_chance(results):
    drawn = weights.draw(subject(VIEW, results))
    assert (
        "10x, written by one network, 12 clips, perplexity 3.67: voice 1.00 (k 3, 12 clips; chance 0." in drawn.caption
    )
    assert "sex, own voice left out" in drawn.caption
    panels = [axes for axes in drawn.figure.axes if axes.get_title()]
    assert [axes.get_title().splitlines()[0] for axes in panels] == ["10x", "4x", "1x"]
    assert panels[0].get_title().splitlines()[1].startswith("voice 1.00 (chance 0.")
    assert [len(axes.collections) for axes in panels] == [12, 12, 12]
    labels = [text.get_text() for text in drawn.figure.legends[0].get_texts()]
    assert labels == ["v1 (F)", "v2 (F)", "v3 (M)", "v4 (M)"]


def test_training_voices_have_empty_markers_and_validation_clips_their_own_accuracy(results):
    splits = {
        "train": tuple(clip for clip in CLIPS if clip[:2] in ("v1", "v3")),
        "validation": tuple(clip for clip in CLIPS if clip[:2] in ("v2", "v4")),
    }
    corpora = {"demo": replace(VIEW.corpora["demo"], splits=splits)}
    drawn = weights.draw(subject(make_view(split="all", corpora=corpora, rows=VIEW.rows[:1]), results))
    assert "Empty markers: clips of voices in the training split" in drawn.caption
    assert "voice, validation clips alone 1.00 (k 3, 6 clips" in drawn.caption
    (axes,) = drawn.figure.axes
    fills = [tuple(points.get_facecolor()[0]) for points in axes.collections]
    assert fills.count((1, 1, 1, 1)) == 6
    assert "Numbers in the markers" in drawn.caption
    assert sorted(text.get_text() for text in axes.texts) == ["1"] * 3 + ["2"] * 3 + ["3"] * 3 + ["4"] * 3
    labels = [text.get_text() for text in drawn.figure.legends[0].get_texts()]
    assert labels == ["1: v1 (F)", "2: v2 (F)", "3: v3 (M)", "4: v4 (M)"]


def test_every_voice_has_a_colour_of_its_own():
    facts = [{"speaker": f"v{number:02}", "sex": "FM"[number % 2]} for number in range(12)]
    cloud = weights.Cloud("row", facts, np.zeros((12, 2)), 12, fitted=False)
    assert len(set(weights._voices([cloud]).values())) == 12


def without_training(view, results):
    results.folder("cell-10x").write_fit({})
    return view


def of_nine_clips(view, results):
    return replace(view, corpora={"demo": replace(view.corpora["demo"], clips=CLIPS[:9])})


def without_a_cell(view, results):
    return replace(view, rows=(replace(view.rows[0], cells=()),))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (without_training, weights.OWN_START),
        (of_nine_clips, "at least 10 clips, got 9"),
        (without_a_cell, "no cell was run"),
    ],
)
def test_weights_that_do_not_share_a_space_are_not_drawn(results, changed, reason):
    drawn = weights.draw(subject(changed(make_view(rows=VIEW.rows[:1]), results), results))
    assert drawn.startswith("Weight space: ")
    assert reason in drawn


def test_fitted_weights_are_drawn_if_they_share_their_initial_weights(results):
    folder = results.folder("cell-10x")
    folder.write_fit({})
    folder.write_spec(spec(kind="fmlp", shared_start=True))
    drawn = weights.draw(subject(make_view(rows=VIEW.rows[:1]), results))
    assert "10x, fitted from one shared start, 12 clips" in drawn.caption


def test_equal_weights_are_not_drawn(results):
    save_weights(results.folder("cell-10x"), {clip: {"w0": np.ones(3, np.float32)} for clip in CLIPS})
    wanted = make_view(rows=VIEW.rows[:1])
    assert weights.draw(subject(wanted, results)) == "Weight space: all clips have the same weights."
