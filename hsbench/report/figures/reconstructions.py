"""The sound of one clip: waveform above log-mel spectrogram, the original beside what each row made of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hsbench.report import text
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
"""The metric whose median clip is shown: it judges what a spectrogram shows."""
RANGE = 80.0
"""dB shown below the loudest point of the original."""
ACROSS = 3
"""Reconstructions beside one original at most; more are shared out over several bands, each with the original."""
TICKS = (0.5, 1, 2, 4, 8, 16)
"""kHz."""


@dataclass(frozen=True, eq=False)
class Sound:
    """A panel: its heading lines and its waveform [samples]."""

    heading: str
    waveform: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Shown:
    """One clip: which, why, and what there is of it.

    Attributes:
        clip: id.
        why: how it was chosen.
        facts: of the original, as the results folder has them.
        original: its sound.
        made: what the rows made of it.
        left_out: rows without it.
    """

    clip: str
    why: str
    facts: Mapping[str, Any]
    original: Sound
    made: Sequence[Sound]
    left_out: Sequence[str]


def draw(subject: Subject) -> Drawn | str:
    """The chosen clip, or the median one."""
    found = _chosen(subject)
    if isinstance(found, str):
        return f"Reconstructions: {found}."
    clip, corpus, why = found
    shown = _shown(subject, clip, corpus, why)
    if isinstance(shown, str):
        return f"Reconstructions: {shown}."
    chart = _figure(subject, shown)
    return Drawn("reconstructions", f"Clip {clip}", _caption(subject, shown), chart)


def _chosen(subject: Subject) -> tuple[str, str, str] | str:
    """Clip, corpus and reason, or why there is none."""
    if subject.clip is not None:
        for name, corpus in subject.view.corpora.items():
            if subject.clip in corpus.clips:
                return subject.clip, name, "as asked"
        return f"clip {subject.clip} is not among the clips of this experiment"
    metrics = sorted(subject.table.metrics, key=lambda one: one.name != MEDIAN)
    for name, corpus in subject.view.corpora.items():
        rows = [row for row in subject.table.rows if row.corpus == name]
        for metric in metrics:
            clip = median_clip(corpus.clips, [row.entries[metric.name].values for row in rows])
            if clip is not None:
                return clip, name, f"the median clip by {metric.label} over all rows"
    return "no clip has a score yet"


def median_clip(clips: Sequence[str], values: Sequence[NDArray[np.float64]]) -> str | None:
    """The clip whose mean over rows and seeds is the lower median; None where no clip has a value in every row.

    Args:
        clips: ids.
        values: one [seeds, clips] array per row; rows without any value take no part.
    """
    taking_part = [one for one in values if np.isfinite(one).any()]
    if not taking_part:
        return None
    means = np.concatenate(taking_part).mean(axis=0)
    order = [int(index) for index in np.argsort(means, kind="stable") if np.isfinite(means[index])]
    return clips[order[(len(order) - 1) // 2]] if order else None


def _shown(subject: Subject, clip: str, corpus_name: str, why: str) -> Shown | str:
    from hsbench.audio.io import read_mono

    corpus = subject.view.corpora[corpus_name]
    facts = subject.results.references().get((corpus.fingerprint, clip))
    if facts is None or not (path := subject.results.reference_audio(facts["audio"])).exists():
        return f"the original of clip {clip} is not in the results folder; run the experiment"
    index = corpus.clips.index(clip)
    made: list[Sound] = []
    left_out: list[str] = []
    for asked, row in zip(subject.view.rows, subject.table.rows, strict=True):
        if row.corpus != corpus_name:
            continue
        files = [subject.results.folder(cell).audio(clip) for cell in asked.cells[:1]]
        waveform = read_mono(files[0])[0] if files and files[0].exists() else None
        if waveform is None or not np.isfinite(waveform).all():
            left_out.append(row.name)
        else:
            made.append(Sound(_heading(subject, row, index), waveform))
    if not made:
        return f"no row has kept its sound of clip {clip}; run the experiment"
    return Shown(clip, why, facts, Sound("original\n", read_mono(path)[0]), made, left_out)


def _heading(subject: Subject, row: TableRow, index: int) -> str:
    """Row name, and below it the scores of its first seed for this clip, two metrics at most."""
    scores = []
    for metric in subject.table.metrics:
        values = row.entries[metric.name].values
        if metric.name in ("si_snr", MEDIAN) and values.size and np.isfinite(values[0, index]):
            scores.append(f"{metric.label} {text.number(values[0, index], metric)} {metric.unit}".strip())
    return f"{row.name}\n{', '.join(scores)}"


def _bands(shown: Shown) -> Iterator[list[Sound]]:
    """The original with the next few reconstructions, as many in each band as can be."""
    bands = math.ceil(len(shown.made) / ACROSS)
    each = math.ceil(len(shown.made) / bands)
    for start in range(0, len(shown.made), each):
        yield [shown.original, *shown.made[start : start + each]]


def _figure(subject: Subject, shown: Shown) -> Figure:
    from hsbench.audio.log_mel import log_mel

    rate, bands = shown.facts["sample_rate"], list(_bands(shown))
    top = float(log_mel(shown.original.waveform, rate).max())
    limit = 1.05 * max(float(np.abs(one.waveform).max()) for band in bands for one in band)
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
    chart.suptitle(style.heading(subject.view, f"Clip {shown.clip}, {shown.why}"))
    return chart


def _waveform(axes: Axes, sound: Sound, rate: int, limit: float) -> None:
    """The envelope, from the least to the greatest sample of each of some hundred spans."""
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
    kilohertz = [one for one in TICKS if one <= rate / 2000]
    axes.set_yticks([float(mel(np.array(1000.0 * one))) for one in kilohertz], [f"{one:g}" for one in kilohertz])
    axes.set_xlabel("time (s)")
    return image


def _caption(subject: Subject, shown: Shown) -> str:
    voice = ", ".join(f"{key} {shown.facts[key]}" for key in ("speaker", "sex") if shown.facts.get(key))
    description = subject.view.corpora[shown.facts["corpus"]].description
    said = (
        f"Clip {shown.clip} of {shown.facts['corpus']} ({description}{'; ' + voice if voice else ''}), chosen "
        f"{shown.why}. Above: waveform, all on one scale; below: log-mel spectrogram in dB below the loudest point of "
        f"the original, {RANGE:g} dB shown. Reconstructions are of the first seed, at their own level."
    )
    return said + (f" Without sound of this clip: {', '.join(shown.left_out)}." if shown.left_out else "")
