"""One clip: waveform and log-mel spectrogram of the original and of the reconstruction of every row."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hsbench.report import names, text
from hsbench.report.figures import style
from hsbench.report.figures.base import Drawn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage
    from numpy.typing import NDArray

    from hsbench.report.figures.base import Subject
    from hsbench.report.table import TableRow

MEDIAN = "lsd"
"""Metric by which the median clip is chosen: like the picture, it compares spectra."""
RANGE = 80.0
"""Range of the colour scale in dB below the loudest point of the original."""
ACROSS = 3
"""Largest number of reconstructions beside the original; more rows fill further bands, each with the original."""
TICKS = (0.5, 1, 2, 4, 8, 16)
"""Labelled frequencies [kHz]."""


@dataclass(frozen=True, eq=False)
class Sound:
    """One panel: the lines of its heading, and the waveform [samples]."""

    heading: str
    waveform: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Shown:
    """The clip that is shown.

    Attributes:
        clip: identifier of the clip.
        choice: how the clip was chosen, as part of a sentence.
        facts: facts of the original, as the results folder holds them.
        original: the original.
        reconstructions: the reconstructions of the rows that kept their sound.
        without_sound: names of the other rows.
    """

    clip: str
    choice: str
    facts: Mapping[str, Any]
    original: Sound
    reconstructions: Sequence[Sound]
    without_sound: Sequence[str]


def draw(subject: Subject) -> Drawn | str:
    """Draw the clip that the user named, or the median clip."""
    chosen = _chosen(subject)
    if isinstance(chosen, str):
        return f"Reconstructions: {chosen}."
    clip, corpus, choice = chosen
    shown = _shown(subject, clip, corpus, choice)
    if isinstance(shown, str):
        return f"Reconstructions: {shown}."
    chart = _figure(subject, shown)
    return Drawn("reconstructions", f"Clip {clip}", _caption(subject, shown), chart)


def _chosen(subject: Subject) -> tuple[str, str, str] | str:
    """Return clip, corpus and how it was chosen, or the reason why no clip can be shown."""
    if subject.clip is not None:
        for name, corpus in subject.view.corpora.items():
            if subject.clip in corpus.clips:
                return subject.clip, name, "by the user"
        return f"clip {subject.clip} is not among the clips of this experiment"
    metrics = sorted(subject.table.metrics, key=lambda metric: metric.name != MEDIAN)
    for name, corpus in subject.view.corpora.items():
        rows = [row for row in subject.table.rows if row.corpus == name]
        for metric in metrics:
            clip = median_clip(corpus.clips, [row.entries[metric.name].values for row in rows])
            if clip is not None:
                return clip, name, f"as the median clip by {metric.label} over all rows"
    return "no clip has a score yet"


def median_clip(clips: Sequence[str], values: Sequence[NDArray[np.float64]]) -> str | None:
    """Return the clip whose mean over rows and seeds is the lower median; None where no clip has a value in all rows.

    Args:
        clips: identifiers of the clips.
        values: one array [seeds, clips] per row; rows without any value are left out.
    """
    scored = [row for row in values if np.isfinite(row).any()]
    if not scored:
        return None
    # The mean of a clip is NaN where any seed of any row has no value, which leaves the clip out.
    means = np.concatenate(scored).mean(axis=0)
    order = [int(index) for index in np.argsort(means, kind="stable") if np.isfinite(means[index])]
    return clips[order[(len(order) - 1) // 2]] if order else None


def _shown(subject: Subject, clip: str, corpus_name: str, choice: str) -> Shown | str:
    from hsbench.audio.io import read_mono

    corpus = subject.view.corpora[corpus_name]
    facts = subject.results.references().get((corpus.fingerprint, clip))
    if facts is None or not (path := subject.results.reference_audio(facts["audio"])).exists():
        return f"the original of clip {clip} is not in the results folder; run the experiment"
    index = corpus.clips.index(clip)
    sounds: list[Sound] = []
    without_sound: list[str] = []
    for view_row, row in zip(subject.view.rows, subject.table.rows, strict=True):
        if row.corpus != corpus_name:
            continue
        files = [subject.results.folder(cell).audio(clip) for cell in view_row.cells[:1]]
        waveform = read_mono(files[0])[0] if files and files[0].exists() else None
        if waveform is None or not np.isfinite(waveform).all():
            without_sound.append(row.name)
        else:
            sounds.append(Sound(_heading(subject, row, index), waveform))
    if not sounds:
        return f"no row has kept its sound of clip {clip}; run the experiment"
    return Shown(clip, choice, facts, Sound("original\n", read_mono(path)[0]), sounds, without_sound)


def _heading(subject: Subject, row: TableRow, index: int) -> str:
    """Return the name of a row and, below it, SI-SNR and LSD of its first seed for this clip."""
    scores = []
    for metric in subject.table.metrics:
        values = row.entries[metric.name].values
        if metric.name in ("si_snr", MEDIAN) and values.size and np.isfinite(values[0, index]):
            scores.append(f"{metric.label} {text.number(values[0, index], metric)} {metric.unit}".strip())
    return f"{names.short(row.name)}\n{', '.join(scores)}"


def _bands(shown: Shown) -> Iterator[list[Sound]]:
    """Yield the bands of panels: the original with the next reconstructions, spread evenly over the bands."""
    bands = math.ceil(len(shown.reconstructions) / ACROSS)
    each = math.ceil(len(shown.reconstructions) / bands)
    for start in range(0, len(shown.reconstructions), each):
        yield [shown.original, *shown.reconstructions[start : start + each]]


def _figure(subject: Subject, shown: Shown) -> Figure:
    from hsbench.audio.log_mel import log_mel

    rate, bands = shown.facts["sample_rate"], list(_bands(shown))
    top = float(log_mel(shown.original.waveform, rate).max())
    limit = 1.05 * max(float(np.abs(sound.waveform).max()) for band in bands for sound in band)
    # A reconstruction that diverged must not flatten the original.
    limit = min(limit, 2.1 * float(np.abs(shown.original.waveform).max()) or 1.0)
    columns = max(len(band) for band in bands)
    chart = style.sheet(0.7 + 2.9 * len(bands), 1.7 + 1.75 * columns)
    grid = chart.subplots(2 * len(bands), columns, squeeze=False, height_ratios=[1, 1.5] * len(bands))
    image = None
    for number, band in enumerate(bands):
        for column in range(columns):
            above, below = grid[2 * number, column], grid[2 * number + 1, column]
            if column >= len(band):
                above.set_axis_off()
                below.set_axis_off()
                continue
            _waveform(above, band[column], rate, limit)
            image = _spectrogram(below, band[column], rate, top)
            if column:
                above.tick_params(labelleft=False)
                below.tick_params(labelleft=False)
        grid[2 * number, 0].set_ylabel("amplitude")
        grid[2 * number + 1, 0].set_ylabel("frequency (kHz)")
    assert image is not None
    bar = chart.colorbar(image, ax=grid, shrink=0.8 / len(bands), aspect=30)
    bar.set_label("level (dB re loudest point of the original)")
    chart.suptitle(style.heading(subject.view, f"Clip {shown.clip}, chosen {shown.choice}"))
    return chart


def _waveform(axes: Axes, sound: Sound, rate: int, limit: float) -> None:
    """Draw the envelope: minimum to maximum of the samples in each of up to 600 spans of time."""
    spans = np.array_split(sound.waveform, min(600, sound.waveform.size))
    times = np.linspace(0, sound.waveform.size / rate, len(spans))
    axes.fill_between(times, [s.min() for s in spans], [s.max() for s in spans], color=style.COLOURS[0], linewidth=0.3)
    axes.set_xlim(0, sound.waveform.size / rate)
    axes.set_ylim(-limit, limit)
    axes.tick_params(labelbottom=False)
    axes.set_title(style.literal(sound.heading), fontsize=8)


def _spectrogram(axes: Axes, sound: Sound, rate: int, top: float) -> AxesImage:
    from hsbench.audio.log_mel import extent, log_mel
    from hsbench.audio.mel import mel

    image = axes.imshow(
        log_mel(sound.waveform, rate) - top,
        extent=extent(sound.waveform.size, rate),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        cmap="magma",
        vmin=-RANGE,
        vmax=0,
    )
    axes.set_xlim(0, sound.waveform.size / rate)
    kilohertz = [tick for tick in TICKS if tick <= rate / 2000]
    axes.set_yticks([float(mel(np.array(1000.0 * tick))) for tick in kilohertz], [f"{tick:g}" for tick in kilohertz])
    axes.set_xlabel("time (s)")
    return image


def _caption(subject: Subject, shown: Shown) -> str:
    voice = ", ".join(f"{key} {shown.facts[key]}" for key in ("speaker", "sex") if shown.facts.get(key))
    description = subject.view.corpora[shown.facts["corpus"]].description
    caption = (
        f"Clip {shown.clip} of {shown.facts['corpus']} ({description}{'; ' + voice if voice else ''}), chosen "
        f"{shown.choice}. Above: waveforms on one scale; below: log-mel spectrograms in dB below the loudest point of "
        f"the original ({RANGE:g} dB are shown). Reconstructions are those of the first seed, at their own level."
    )
    missing = ", ".join(shown.without_sound)
    return caption + (f" Rows without sound of this clip: {missing}." if missing else "")
