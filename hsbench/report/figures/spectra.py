"""Spectra of the errors: which frequencies each row represents, in third octaves.

    SNR of a band = 10 log10( sum |X(f)|^2 / sum |X(f) - Y(f)|^2 )        f within the band, X and Y of the whole clip

A band that is rebuilt as silence has 0 dB; one that is drowned in noise has less.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import TwoSlopeNorm

from hsbench.report.figures import style
from hsbench.report.figures.base import Drawn
from hsbench.spec import FLOOR_MODELS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from hsbench.report.figures.base import Subject
    from hsbench.results.view import ViewRow

LOWEST_HZ = 100.0
"""Centre of the lowest third octave."""
RANGE = (-10.0, 40.0)
"""Ends of the colour scale [dB]."""


def draw(subject: Subject) -> Drawn | str | None:
    """Draw the SNR by row and third octave; experiments ask for it by the column steps_to_20_db."""
    if "steps_to_20_db" not in subject.view.columns:
        return None
    rates = {corpus.sample_rate for corpus in subject.view.corpora.values()}
    if len(rates) != 1:
        return "Spectra: the corpora of this experiment have different sample rates."
    (rate,) = rates
    made = [
        (row.name, values)
        for view_row, row in subject.rows
        if view_row.model not in FLOOR_MODELS and (values := _row(subject, view_row, rate)) is not None
    ]
    if not made:
        return "Spectra: no row of this experiment has kept its sound."
    centres = thirds(rate)
    layout = subject.layout
    chart, (axes,) = layout.panels(1, layout.lines(5 + 1.4 * len(made)))
    _panel(axes, np.array([values for _, values in made]), [style.label(name) for name, _ in made], centres)
    style.head(chart, subject.view)
    return Drawn("spectra", "Error by third octave", _caption(subject), chart)


def thirds(rate: float) -> NDArray[np.float64]:
    """Return the centres of the third octaves from LOWEST_HZ that end below half the sample rate [Hz]."""
    centres = LOWEST_HZ * 2.0 ** (np.arange(40) / 3)
    return centres[centres * 2 ** (1 / 6) <= rate / 2]


def band_snr(reference: NDArray[np.float32], estimate: NDArray[np.float32], rate: float) -> NDArray[np.float64]:
    """Return the SNR of a clip in each third octave [bands], in dB; NaN where the reference has nothing in a band.

    Args:
        reference: [samples].
        estimate: [samples].
        rate: sample rate [Hz].
    """
    target, error = (np.abs(np.fft.rfft(x.astype(np.float64))) ** 2 for x in (reference, reference - estimate))
    frequencies = np.fft.rfftfreq(len(reference), 1 / rate)
    values = []
    for centre in thirds(rate):
        inside = (frequencies >= centre * 2 ** (-1 / 6)) & (frequencies < centre * 2 ** (1 / 6))
        power, wrong = target[inside].sum(), error[inside].sum()
        with np.errstate(divide="ignore"):
            values.append(10 * np.log10(power / wrong) if power > 0 and wrong > 0 else np.nan)
    return np.array(values)


def _row(subject: Subject, view_row: ViewRow, rate: float) -> NDArray[np.float64] | None:
    """Return the mean over clips of the SNR of a row's first seed [bands]; None where no sound was kept."""
    from hsbench.audio.io import read_mono

    corpus, references = subject.view.corpus(view_row), subject.results.references()
    values = []
    for cell in view_row.cells[:1]:
        for clip in corpus.clips:
            facts, audio = references.get((corpus.fingerprint, clip)), subject.results.folder(cell).audio(clip)
            if facts is None or not audio.exists():
                continue
            original = subject.results.reference_audio(facts["audio"])
            if original.exists():
                values.append(band_snr(read_mono(original)[0], read_mono(audio)[0], rate))
    if not values:
        return None
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)


def _panel(axes: Axes, values: NDArray[np.float64], names: list[str], centres: NDArray[np.float64]) -> None:
    """Draw values [rows, bands] as a heat map, white at 0 dB."""
    axes.set_facecolor("0.8")
    norm = TwoSlopeNorm(0.0, *RANGE)
    image = axes.imshow(values, cmap="PuOr_r", norm=norm, aspect="auto", interpolation="nearest")
    axes.set_yticks(range(len(names)), names)
    shown = range(0, len(centres), 3)
    axes.set_xticks(shown, [_hertz(centres[index]) for index in shown])
    axes.set_xlabel("third octave (Hz)")
    bar = axes.figure.colorbar(image, ax=axes, extend="both", label="SNR (dB)")
    bar.set_ticks([-10, 0, 10, 20, 30, 40])


def _hertz(centre: float) -> str:
    return f"{centre / 1000:.2g}k" if centre >= 1000 else f"{centre:.3g}"


def _caption(subject: Subject) -> str:
    return (
        f"Signal-to-noise ratio in each third octave, mean over {subject.sound}. White, 0 dB: nothing of the band is "
        "represented; below it: the error is louder than the band; grey: the clips have nothing in the band."
    )
