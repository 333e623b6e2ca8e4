"""Axes that are logarithmic where values span decades, with numbers that can be read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter, NullLocator

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axis import Axis

DECADES = 30.0
"""Factor between the largest and the smallest positive value from which an axis is logarithmic."""

DEEPEST = 5
"""Largest number of decades that an axis shows; smaller values lie between the lowest decade and zero."""

NARROW = 2.5
"""Factor between the ends of a logarithmic axis below which it has the numbers of a linear one."""


def spread_out(axis: Axis, values: Iterable[float], factor: float = DECADES) -> None:
    """Make an axis logarithmic if none of its values is negative and the positive ones span decades.

    Zero has no logarithm. An axis with zeros, or with more than DEEPEST decades, is linear from zero to its lowest
    decade and logarithmic above it.

    Args:
        axis: an axis of a panel, linear so far.
        values: all values that the panel shows; those that are not finite are ignored.
        factor: smallest factor between the largest and the smallest positive value for a logarithmic axis.
    """
    finite = [value for value in values if math.isfinite(value)]
    positive = [value for value in finite if value > 0]
    if not positive or min(finite) < 0 or max(positive) < factor * min(positive):
        return
    low, high = min(positive), max(positive)
    if min(finite) > 0 and high < 10.0**DEEPEST * low:
        _scale(axis, low / 1.4, high * 1.4, "log")
        plain_log(axis)
        return
    highest = math.ceil(math.log10(high))
    lowest = max(math.floor(math.log10(low)), highest - DEEPEST)
    _scale(axis, -0.25 * 10.0**lowest, high * 1.4, "symlog", linthresh=10.0**lowest, linscale=0.7)
    # The lowest decade has no number, which would touch the zero.
    shown = range(highest, lowest, -1 if highest - lowest < 4 else -2)
    axis.set_major_locator(FixedLocator([0.0, *(10.0**power for power in reversed(shown))]))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: _number(value)))


def _scale(axis: Axis, low: float, high: float, scale: str, **options: float) -> None:
    """Set scale and ends of an axis and of all axes that share it."""
    axes = axis.axes
    set_scale, set_limits = (axes.set_xscale, axes.set_xlim) if axis is axes.xaxis else (axes.set_yscale, axes.set_ylim)
    set_scale(scale, **options)
    set_limits(low, high)


def plain_log(axis: Axis) -> None:
    """Label a logarithmic axis with plain numbers: at powers of ten, or closer where the axis spans little.

    An axis of less than a factor of NARROW is almost linear, and has the numbers of a linear one.
    """
    low, high = axis.get_view_interval()
    if high < NARROW * low:
        axis.set_major_locator(MaxNLocator(4))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_locator(NullLocator())
        return
    leading = (1, 2, 3, 4, 5, 7) if high < 6 * low else (1, 2, 5) if high < 150 * low else (1,)

    def shown(value: float, _position: float) -> str:
        digit = value / 10 ** math.floor(math.log10(value) + 1e-9)
        return _number(value) if any(math.isclose(digit, labelled, rel_tol=1e-6) for labelled in leading) else ""

    axis.set_major_formatter(FuncFormatter(shown))
    axis.set_minor_formatter(FuncFormatter(shown) if len(leading) > 1 else NullFormatter())


def _number(value: float) -> str:
    """Return a tick label: "0.01", "20"; powers of ten that need many zeros as such."""
    power = math.log10(value) if value > 0 else 0.0
    if abs(power) > 3 and math.isclose(power, round(power), abs_tol=1e-6):
        return f"$10^{{{round(power)}}}$"
    return f"{value:g}"
