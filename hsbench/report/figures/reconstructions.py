"""One clip: waveform and log-mel spectrogram of the original and of the reconstruction of every row."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hsbench.report import text
from hsbench.report.figures import style
from hsbench.report.figures.base import NOTHING_HEARD, Drawn, left_out

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage
    from numpy.typing import NDArray

    from hsbench.report.figures.base import Subject
    from hsbench.report.table import TableRow
    from hsbench.results.view import ViewRow

MEDIAN = "lsd"
"""Metric by which the median clip is chosen: like the picture, it compares spectra."""
RANGE = 80.0
"""Range of the colour scale in dB below the loudest point of the original."""
CROWD = 6
"""Largest number of sounds that are drawn as waveforms too; of more, only the spectrograms have room."""
SHARE = 0.85
"""Share of the width of a column of panels that headings fill at most."""
TICKS = (0.5, 1, 2, 4, 8, 16)
"""Labelled frequencies [kHz]."""


@dataclass(frozen=True, eq=False)
class Sound:
    """One panel: the name above it, the lines below the name, and the waveform [samples]."""

    name: str
    scores: Sequence[str]
    waveform: NDArray[np.float32]

    def heading(self, letters: int) -> str:
        """Return name and scores, with at most so many letters of the name in a line."""
        return "\n".join([style.folded(self.name, letters), *map(style.literal, self.scores)])


@dataclass(frozen=True, eq=False)
class Shown:
    """The clip that is shown.

    Attributes:
        clip: identifier of the clip.
        choice: how the clip was chosen, as part of a sentence.
        kind: "held-out" or "seen"; "" where the clips come from both splits.
        facts: facts of the original, as the results folder holds them.
        original: the original.
        reconstructions: the reconstructions of the rows that kept their sound.
        without_sound: names of the other rows.
    """

    clip: str
    choice: str
    kind: str
    facts: Mapping[str, Any]
    original: Sound
    reconstructions: Sequence[Sound]
    without_sound: Sequence[str]


def draw(subject: Subject) -> Drawn | str:
    """Draw the clip that the user named, or the median clip, in every row that beats silence."""
    chosen = _chosen(subject)
    if isinstance(chosen, str):
        return f"Reconstructions: {chosen}."
    clip, rows, choice = chosen
    shown = _shown(subject, clip, rows, choice)
    if isinstance(shown, str):
        return f"Reconstructions: {shown}."
    chart = _figure(subject, shown)
    return Drawn("reconstructions", "Reconstructions", _caption(subject, shown), chart)


Rows = list[tuple["ViewRow", "TableRow"]]


def _chosen(subject: Subject) -> tuple[str, Rows, str] | str:
    """Return the clip, the rows to draw it in and how it was chosen, or the reason why no clip can be shown."""
    if subject.clip is not None:
        if not any(subject.clip in subject.view.corpus(row).clips for row in subject.view.rows):
            return f"clip {subject.clip} is not among the clips of this experiment"
        rows = [pair for pair in subject.heard if subject.clip in subject.view.corpus(pair[0]).clips]
        return (subject.clip, rows, "by the user") if rows else NOTHING_HEARD
    if not subject.heard:
        return NOTHING_HEARD
    metrics = sorted(subject.table.metrics, key=lambda metric: metric.name != MEDIAN)
    for rows in _by_clips(subject, subject.heard):
        clips = subject.view.corpus(rows[0][0]).clips
        for metric in metrics:
            clip = median_clip(clips, [row.entries[metric.name].values for _, row in rows])
            if clip is not None:
                return clip, rows, f"as the median clip by {metric.label} over the rows shown"
    return "no clip has a score yet"


def _by_clips(subject: Subject, rows: Rows) -> list[Rows]:
    """Return the rows in groups of equal clips, the largest group first; rows of one table can have other clips."""
    groups: dict[tuple[str, tuple[str, ...]], Rows] = {}
    for view_row, row in rows:
        groups.setdefault((row.corpus, subject.view.corpus(view_row).clips), []).append((view_row, row))
    return sorted(groups.values(), key=len, reverse=True)


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


def _shown(subject: Subject, clip: str, rows: Rows, choice: str) -> Shown | str:
    from hsbench.audio.io import read_mono

    corpus = subject.view.corpus(rows[0][0])
    facts = subject.results.references().get((corpus.fingerprint, clip))
    if facts is None or not (path := subject.results.reference_audio(facts["audio"])).exists():
        return f"the original of clip {clip} is not in the results folder; run the experiment"
    sounds: list[Sound] = []
    without_sound: list[str] = []
    for view_row, row in rows:
        files = [subject.results.folder(cell).audio(clip) for cell in view_row.cells[:1]]
        waveform = read_mono(files[0])[0] if files and files[0].exists() else None
        if waveform is None or not np.isfinite(waveform).all():
            without_sound.append(row.name)
        else:
            index = subject.view.corpus(view_row).clips.index(clip)
            sounds.append(Sound(row.name, _scores(subject, row, index), waveform))
    if not sounds:
        return f"no row has kept its sound of clip {clip}; run the experiment"
    kind = text.KINDS.get(subject.view.split_of(rows[0][0]), "")
    return Shown(clip, choice, kind, facts, Sound("original", (), read_mono(path)[0]), sounds, without_sound)


def _scores(subject: Subject, row: TableRow, index: int) -> Sequence[str]:
    """Return SI-SNR and LSD of a row's first seed for this clip, or why it has neither."""
    scores = []
    for metric in subject.table.metrics:
        values = row.entries[metric.name].values
        if metric.name in ("si_snr", MEDIAN) and values.size and np.isfinite(values[0, index]):
            scores.append(f"{metric.label} {text.number(values[0, index], metric)} {metric.unit}".strip())
    return scores or list(row.bad)


def _figure(subject: Subject, shown: Shown) -> Figure:
    """Draw the original first and then every row, each as a waveform above a spectrogram, from left to right."""
    from hsbench.audio.log_mel import log_mel

    rate, sounds, layout = shown.facts["sample_rate"], [shown.original, *shown.reconstructions], subject.layout
    top = float(log_mel(shown.original.waveform, rate).max())
    limit = 1.05 * max(float(np.abs(sound.waveform).max()) for sound in sounds)
    # A reconstruction that diverged must not flatten the original.
    limit = min(limit, 2.1 * float(np.abs(shown.original.waveform).max()) or 1.0)
    crowded = len(sounds) > CROWD
    columns = layout.columns * 3 // 2 if crowded else layout.across(len(sounds))
    lines = math.ceil(len(sounds) / columns)
    letters = int(SHARE * layout.width / columns / layout.letter)
    headings = layout.lines(max(sound.heading(letters).count("\n") + 1 for sound in sounds))
    height = (0.1 if crowded else 0.5) + 0.6 * layout.width / columns
    chart = layout.sheet(layout.lines(5) + (height + headings) * lines)
    grid = chart.subplots(lines if crowded else 2 * lines, columns, squeeze=False)
    if not crowded:
        grid[0, 0].get_gridspec().set_height_ratios([1, 1.6] * lines)
    for axes in grid.flat:
        axes.set_axis_off()
    for number, sound in enumerate(sounds):
        line, column = divmod(number, columns)
        panels = list(grid[line : line + 1, column] if crowded else grid[2 * line : 2 * line + 2, column])
        if not crowded:
            _waveform(panels[0], sound, rate, limit)
        image = _spectrogram(panels[-1], sound, rate, top)
        panels[0].set_title(sound.heading(letters))
        for panel in panels:
            panel.tick_params(labelleft=column == 0)
        panels[-1].tick_params(labelbottom=number + columns >= len(sounds))
        if column == 0:
            panels[0].set_ylabel("amplitude")
            panels[-1].set_ylabel("kHz")
        if number + columns >= len(sounds):
            panels[-1].set_xlabel("time (s)")
    bar = chart.colorbar(image, ax=grid, location="bottom", shrink=min(1.0, 5 / layout.width), aspect=40, pad=0.01)
    bar.set_label("level (dB below the loudest point of the original)")
    style.head(chart, subject.view)
    return chart


def _waveform(axes: Axes, sound: Sound, rate: int, limit: float) -> None:
    """Draw the envelope: minimum to maximum of the samples in each of up to 600 spans of time."""
    spans = np.array_split(sound.waveform, min(600, sound.waveform.size))
    times = np.linspace(0, sound.waveform.size / rate, len(spans))
    axes.set_axis_on()
    axes.fill_between(times, [s.min() for s in spans], [s.max() for s in spans], color=style.INK, linewidth=0.3)
    axes.set_xlim(0, sound.waveform.size / rate)
    axes.set_ylim(-limit, limit)
    axes.tick_params(labelbottom=False)


def _spectrogram(axes: Axes, sound: Sound, rate: int, top: float) -> AxesImage:
    from hsbench.audio.log_mel import extent, log_mel
    from hsbench.audio.mel import mel

    axes.set_axis_on()
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
    return image


def _caption(subject: Subject, shown: Shown) -> str:
    voice = ", ".join(f"{key} {shown.facts[key]}" for key in ("speaker", "sex") if shown.facts.get(key))
    description = subject.view.corpora[shown.facts["corpus"]].description
    pictures = f"log-mel spectrograms in dB below the loudest point of the original ({RANGE:g} dB are shown)"
    if len(shown.reconstructions) < CROWD:
        pictures = f"above: waveforms on one scale; below: {pictures}"
    pictures = text.capital(pictures)
    kind = text.capital(f"{shown.kind} clip".strip())
    caption = (
        f"{kind} {shown.clip} of {shown.facts['corpus']} ({description}{'; ' + voice if voice else ''}), chosen "
        f"{shown.choice}. {pictures}. Reconstructions are those of the first seed, at their own level."
    )
    missing = ", ".join(shown.without_sound)
    return caption + left_out(subject.table.rows) + (f" Rows without sound of this clip: {missing}." if missing else "")
