"""The common style of figures."""

import math
from itertools import pairwise

import numpy as np
import pytest
from matplotlib import colors

from hsbench.metrics.base import info
from hsbench.report.figures import palette, scales, style


@pytest.mark.parametrize(
    ("limits", "shown"),
    [
        ((0.9, 11), ["1", "2", "5", "10"]),
        ((12, 33), ["20", "30"]),
        ((0.1, 11), ["0.1", "0.2", "0.5", "1", "2", "5", "10"]),
        ((1e-3, 1), ["0.001", "0.01", "0.1", "1"]),
    ],
)
def test_a_logarithmic_axis_has_plain_numbers_over_any_span(limits, shown):
    axes = style.COLUMN.sheet(3).add_subplot()
    axes.set(xscale="log", xlim=limits)
    scales.plain_log(axes.xaxis)
    low, high = limits
    labels = [
        label.get_text()
        for minor in (False, True)
        for label in axes.get_xticklabels(minor=minor)
        if label.get_text() and low <= label.get_position()[0] <= high
    ]
    assert sorted(labels, key=float) == shown


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ([0.5, 1.0, 2.0], "linear"),
        ([-1.0, 0.001, 100.0], "linear"),
        ([0.001, 0.01, 1.0], "log"),
        ([0.0, 0.001, 1.0], "symlog"),
        ([1e-9, 1.0], "symlog"),
        ([math.nan], "linear"),
        ([], "linear"),
    ],
)
def test_an_axis_is_logarithmic_where_values_span_decades(values, scale):
    axes = style.COLUMN.sheet(3).add_subplot()
    scales.spread_out(axes.yaxis, values)
    assert axes.get_yscale() == scale
    low, high = axes.get_ylim()
    assert scale == "linear" or low <= min(values) < max(values) <= high


def test_zero_has_a_place_on_a_logarithmic_axis_and_a_number_that_touches_no_other():
    axes = style.COLUMN.sheet(3).add_subplot()
    scales.spread_out(axes.xaxis, [0.0, 1e-5, 0.1])
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert labels == ["0", "0.001", "0.1"]


def lightness(colour):
    """Return the relative luminance of a colour, which a grey print keeps."""
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in colors.to_rgb(colour)
    ]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 116 * luminance ** (1 / 3) - 16


@pytest.mark.parametrize("count", [1, 2, 5, 12, 40])
def test_colours_differ_and_get_lighter_step_by_step(count):
    colours = palette.colours(count)
    assert len(set(colours)) == count
    steps = np.diff([lightness(colour) for colour in colours])
    # Channels have 256 levels, so a step is not exact.
    wanted = (palette.LIGHTEST - palette.DARKEST) / max(count - 1, 1)
    np.testing.assert_allclose(steps, wanted, atol=0.4)


def test_neighbouring_colours_have_different_hues():
    hues = [colors.rgb_to_hsv(colors.to_rgb(colour))[0] for colour in palette.colours(8)]
    apart = [abs((b - a + 0.5) % 1 - 0.5) for a, b in pairwise(hues)]
    assert min(apart) > 0.15


def test_series_without_colour_differ_in_marker_or_line():
    looks = style.looks(30)
    assert len({(look.marker, look.line) for look in looks}) == 30


def test_panels_left_over_are_empty():
    chart, panels = style.COLUMN.panels(3, 2.0)
    assert (len(panels), len(chart.axes)) == (3, 4)
    assert [axes.axison for axes in chart.axes] == [True] * 3 + [False]


@pytest.mark.parametrize(("count", "across"), [(1, 1), (2, 2), (4, 4), (5, 3), (6, 3), (8, 4)])
def test_panels_stand_side_by_side_with_few_places_left_over(count, across):
    assert style.PAGE.across(count) == across


def test_a_long_name_is_folded_and_keeps_all_its_words():
    name = "INR FMLP 10x with weights in eight bits"
    lines = style.folded(name, 22).split("\n")
    assert " ".join(lines) == name
    assert max(map(len, lines)) <= 22


def test_a_metric_has_its_unit_and_direction():
    assert style.direction(info("si_snr")) == "SI-SNR (dB), higher is better"
    assert style.direction(info("mse")) == "MSE, lower is better"


def test_the_style_ends_with_its_context():
    import matplotlib as mpl

    before = mpl.rcParams["font.size"]
    with style.COLUMN.applied():
        assert mpl.rcParams["font.size"] != before
    assert mpl.rcParams["font.size"] == before
