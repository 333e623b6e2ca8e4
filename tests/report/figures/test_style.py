"""The common style of figures."""

import pytest

from hsbench.metrics.base import info
from hsbench.report.figures import style


@pytest.mark.parametrize(
    ("limits", "shown"),
    [
        ((0.9, 11), ["1", "2", "5", "10"]),
        ((12, 33), ["20", "30"]),
        ((0.1, 11), ["0.1", "0.2", "0.5", "1", "2", "5", "10"]),
        ((1e-4, 1), ["0.0001", "0.001", "0.01", "0.1", "1"]),
    ],
)
def test_a_logarithmic_axis_has_plain_numbers_over_any_span(limits, shown):
    axes = style.sheet(3).add_subplot()
    axes.set(xscale="log", xlim=limits)
    style.plain_log(axes.xaxis)
    low, high = limits
    labels = [
        label.get_text()
        for minor in (False, True)
        for label in axes.get_xticklabels(minor=minor)
        if label.get_text() and low <= label.get_position()[0] <= high
    ]
    assert sorted(labels, key=float) == shown


def test_panels_left_over_are_empty():
    chart, panels = style.panels(4, 2.0)
    assert (len(panels), len(chart.axes)) == (4, 6)
    assert [axes.axison for axes in chart.axes] == [True] * 4 + [False] * 2


def test_a_metric_has_its_unit_and_direction():
    assert style.direction(info("si_snr")) == "SI-SNR (dB), higher is better"
    assert style.direction(info("mse")) == "MSE, lower is better"


def test_the_style_ends_with_its_context():
    import matplotlib as mpl

    before = mpl.rcParams["font.size"]
    with style.applied():
        assert mpl.rcParams["font.size"] != before
    assert mpl.rcParams["font.size"] == before
