"""Colours of series: as many as a figure needs, none twice, and each with a lightness of its own.

A grey print keeps the lightness of a colour and nothing else, and readers with any kind of colour blindness see it.
So the colours of a figure are spread evenly over CIE L* (1976), from dark to medium; the hue only makes them easier to
name. Series that meet in one panel also differ in their marker or line style, see hsbench.report.figures.style.
"""

from __future__ import annotations

import math

DARKEST, LIGHTEST = 18.0, 72.0
"""CIE L* of the first and of the last colour; anything lighter is hard to see on white."""

CHROMA = 65.0
"""CIE chroma of a colour, less where a screen cannot show so much at its lightness."""

FIRST_HUE = 285.0
"""Hue of the first colour: blue [degrees]."""

# Multiples of the golden angle never meet, and any number of successive ones is spread over the whole circle.
GOLDEN_ANGLE = 180 * (3 - math.sqrt(5))

_WHITE = (0.9505, 1.0, 1.0890)
"""XYZ of the white of sRGB (D65)."""


def colours(count: int) -> list[str]:
    """Return colours as "#rrggbb", from dark to light; a single one has medium lightness.

    Args:
        count: number of colours.
    """
    step = (LIGHTEST - DARKEST) / max(count - 1, 1)
    first = DARKEST if count > 1 else (DARKEST + LIGHTEST) / 2
    return [_shown(first + step * index, FIRST_HUE + GOLDEN_ANGLE * index) for index in range(count)]


def _shown(lightness: float, hue: float) -> str:
    """Return the colour of this L* and hue [degrees] with the largest chroma, up to CHROMA, that sRGB can show."""
    chroma = CHROMA
    while chroma > 0 and not all(0 <= value <= 1 for value in _linear(lightness, chroma, hue)):
        chroma -= 1
    channels = (min(max(value, 0.0), 1.0) for value in _linear(lightness, chroma, hue))
    return "#" + "".join(f"{round(255 * _encoded(value)):02x}" for value in channels)


def _linear(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    """Return linear sRGB (0 to 1 where a screen can show it) of a colour in CIE LCh."""
    middle = (lightness + 16) / 116
    a, b = (chroma * turn(math.radians(hue)) for turn in (math.cos, math.sin))
    x, y, z = (
        white * (f**3 if f > 6 / 29 else 3 * (6 / 29) ** 2 * (f - 4 / 29))
        for white, f in zip(_WHITE, (middle + a / 500, middle, middle - b / 200), strict=True)
    )
    return (
        3.2406 * x - 1.5372 * y - 0.4986 * z,
        -0.9689 * x + 1.8758 * y + 0.0415 * z,
        0.0557 * x - 0.2040 * y + 1.0570 * z,
    )


def _encoded(value: float) -> float:
    """Return the sRGB value of a linear one, both 0 to 1."""
    return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
