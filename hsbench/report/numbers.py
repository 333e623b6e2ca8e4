"""Numbers as readers see them: three significant digits, in text, Markdown, LaTeX, HTML and on a terminal.

Files of numbers (CSV, JSON, Parquet) hold more digits and do not use this module.
"""

from __future__ import annotations

import math

DIGITS = 3
"""Number of significant digits."""
PLAIN = (-4, 6)
"""Powers of ten between which a number is written without an exponent: from 10^-4 up to, but not including, 10^6."""


def significant(value: float, *, signed: bool = False) -> str:
    """Return a number with three significant digits: "0.0257", "-39.9", "12300", "2.00e-05", "1.20e+30".

    Zeros at the end are kept where they are significant; zero itself is "0".

    Args:
        value: the number; NaN and infinities are written as "nan", "inf" and "-inf".
        signed: whether a positive number gets a plus sign, as a difference has.
    """
    if value == 0:
        return "0"
    sign = "+" if signed and value > 0 else ""
    if not math.isfinite(value):
        return f"{sign}{value}"
    scientific = f"{value:.{DIGITS - 1}e}"
    # The exponent is read after rounding, because 9.996 becomes 10.0 and 0.99996 becomes 1.00.
    exponent = int(scientific.partition("e")[2])
    if not PLAIN[0] <= exponent < PLAIN[1]:
        return sign + scientific
    return f"{sign}{float(scientific):.{max(0, DIGITS - 1 - exponent)}f}"


def difference(value: float, low: float | None, high: float | None) -> str:
    """Return a difference with its sign and, where there is one, its interval: "+0.120 [+0.0503, +0.191]"."""
    shown = significant(value, signed=True)
    if low is None or high is None:
        return shown
    return f"{shown} [{significant(low, signed=True)}, {significant(high, signed=True)}]"


def whole_or_significant(value: float) -> str:
    """Return a whole number with all its digits, as counts need them, and any other number with three."""
    return str(int(value)) if abs(value) < 1e15 and value == int(value) else significant(value)
