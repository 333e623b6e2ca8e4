"""Numbers for readers: three significant digits, whatever their size."""

import math

import pytest

from hsbench.report.latex import _number
from hsbench.report.numbers import difference, significant, whole_or_significant


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0257, "0.0257"),
        (-39.94, "-39.9"),
        (2.0, "2.00"),
        (0.99996, "1.00"),
        (9.996, "10.0"),
        (12345.6, "12300"),
        (0.00002, "2.00e-05"),
        (999999, "1.00e+06"),
        (1.2e30, "1.20e+30"),
        (5e-324, "4.94e-324"),
        (1.797e308, "1.80e+308"),
        (0.0, "0"),
        (-0.0, "0"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
    ],
)
def test_a_number_has_three_significant_digits(value, text):
    assert significant(value) == text


@pytest.mark.parametrize("exponent", range(-320, 308, 7))
def test_a_number_is_short_and_right_to_half_a_unit_of_the_third_digit(exponent):
    for digits in (1.0, 1.2345, 9.9949, 9.9951):
        value = float(f"{digits}e{exponent}")
        shown = significant(value)
        assert len(shown) <= 9
        assert float(shown) == pytest.approx(value, rel=0.005)


def test_a_difference_has_a_sign_and_its_interval():
    assert difference(0.12, 0.05, 0.191) == "+0.120 [+0.0500, +0.191]"
    assert difference(-1e-7, None, None) == "-1.00e-07"
    assert difference(0.0, 0.0, 0.0) == "0 [0, 0]"


def test_counts_keep_all_their_digits():
    assert whole_or_significant(33031.0) == "33031"
    assert whole_or_significant(33031.25) == "33000"


def test_latex_writes_powers_of_ten_as_mathematics():
    assert _number("2.00e-05") == "2.00$\\cdot 10^{-5}$"
    assert _number("-1.20e+30") == "$-$1.20$\\cdot 10^{30}$"
