"""Weight space: a t-SNE picture of the clips' INR weights, and whether neighbours share a voice, as a number.

Only weights that one network wrote for all clips, or that were fitted from one shared start, lie in one space. INRs
that were each fitted from a random start of their own do not: two may be the same function with their neurons in
another order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hsbench.analysis import weight_space
from hsbench.report.figures import style
from hsbench.report.figures.base import Drawn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from hsbench.report.figures.base import Subject

TITLE = "t-SNE of the INR weights, by voice"
LEAST = 10
"""Fewer clips make no picture."""
NAMED = 24
"""Above so many voices the legend leaves them out."""
NUMBERED = 150
"""Above so many clips, and where there are several panels, the voices' numbers are left out of the markers."""
SHAPES = {"F": "o", "M": "s"}
OTHER = "^"
"""The marker of a voice whose sex the corpus does not tell."""
LEAD = (
    "t-SNE of the weights of each clip's INR, standardised over the clips, seeded; distances in the "
    "picture are not to scale. Colour and marker: voice; round: female, square: male."
)
OWN_START = (
    "each clip's INR starts from random weights of its own, so distances between weights mean nothing; only weights "
    "that one network wrote, or that were fitted from one start (shared_start), are drawn"
)


@dataclass(frozen=True, eq=False)
class Cloud:
    """The clips of one row.

    Attributes:
        row: name.
        facts: one per clip: speaker, sex and source (its utterance), and split.
        where: [clips, dims], in weight space.
        wanted: clips that the row should have.
        fitted: whether each clip's weights were fitted, from a start that all share, and not written by a network.
    """

    row: str
    facts: Sequence[Mapping[str, Any]]
    where: NDArray[np.float64]
    wanted: int
    fitted: bool

    def of(self, key: str) -> list[str]:
        """One fact of every clip."""
        return [str(one[key]) for one in self.facts]

    @property
    def perplexity(self) -> float:
        """Of its t-SNE."""
        return weight_space.perplexity_for(len(self.facts))


def draw(subject: Subject) -> Drawn | str:
    """One panel per row whose weights one network wrote, or the reason why there is none."""
    found = [_cloud(subject, index) for index in range(len(subject.table.rows))]
    clouds = [one for one in found if isinstance(one, Cloud)]
    reasons = dict.fromkeys(one for one in found if isinstance(one, str))
    if not clouds:
        return f"Weight space: {'; '.join(reasons) or 'no row'}."
    numbers = {cloud.row: _numbers(cloud) for cloud in clouds}
    chart = _figure(subject, clouds, numbers)
    return Drawn("weights", TITLE, _caption(subject, clouds, numbers, list(reasons)), chart)


def _cloud(subject: Subject, index: int) -> Cloud | str:
    """The clips of a row in weight space, from its first seed, or why it has none."""
    row = subject.view.rows[index]
    if not row.cells:
        return "nothing was run"
    folder, corpus = subject.results.folder(row.cells[0]), subject.view.corpus(row)
    references = subject.results.references()
    known = [clip for clip in corpus.clips if (corpus.fingerprint, clip) in references]
    clips = [clip for clip in known if folder.weights(clip).exists()]
    if not clips:
        return "no weights are kept of the clips"
    fitted = "generated" not in folder.fit()
    if fitted and not dict(folder.spec().model.settings).get("shared_start"):
        return OWN_START
    if len(clips) < LEAST:
        return f"{len(clips)} clips are too few for a picture (at least {LEAST})"
    split = {clip: name for name, ids in corpus.splits.items() for clip in ids}
    facts = [{**references[corpus.fingerprint, clip], "split": split.get(clip, subject.view.split)} for clip in clips]
    where = weight_space.points([folder.weights(clip) for clip in clips])
    if where.shape[1] < 2:
        return "all clips have the same weights"
    return Cloud(row.name, facts, where, len(corpus.clips), fitted)


def _numbers(cloud: Cloud) -> dict[str, weight_space.Accuracy]:
    """What neighbours tell: the voice and the sex with the clip's utterance left out, the sex with its voice left out.

    Where clips of both splits are there, the voice is also told for those of voices that were not trained on.
    """
    speaker, sex, source = (cloud.of(key) for key in ("speaker", "sex", "source"))
    unheard = [name == "validation" for name in cloud.of("split")]
    voice = (cloud.where, speaker, source)
    asked = {
        "voice": weight_space.accuracy(*voice),
        "voice, validation clips alone": None
        if all(unheard)
        else weight_space.accuracy(cloud.where, speaker, source, unheard),
        "sex": weight_space.accuracy(cloud.where, sex, source),
        "sex, own voice left out": weight_space.accuracy(cloud.where, sex, speaker),
    }
    return {name: found for name, found in asked.items() if found is not None}


def _figure(
    subject: Subject, clouds: Sequence[Cloud], numbers: Mapping[str, Mapping[str, weight_space.Accuracy]]
) -> Figure:
    if len(clouds) == 1:
        chart = style.sheet(5.6)
        panels = [chart.add_subplot()]
    else:
        chart, panels = style.panels(len(clouds), 2.5)
    voices = _voices(clouds)
    for axes, cloud in zip(panels, clouds, strict=True):
        _panel(axes, cloud, voices, numbered=_numbered(clouds, voices))
        axes.set_title(style.literal("\n".join([cloud.row, *_short(numbers[cloud.row])])), fontsize=8)
        axes.set_xlabel("t-SNE 1 (no unit)")
    panels[0].set_ylabel("t-SNE 2 (no unit)")
    chart.suptitle(style.heading(subject.view, TITLE))
    _legend(chart, clouds, voices)
    return chart


def _short(numbers: Mapping[str, weight_space.Accuracy]) -> list[str]:
    """Voice and sex in a line each."""
    return [
        f"{name} {one.right:.2f} by {one.k}-NN (chance {one.shuffled:.2f})"
        for name, one in numbers.items()
        if name in ("voice", "sex")
    ]


def _voices(clouds: Sequence[Cloud]) -> dict[tuple[str, str], str]:
    """(sex, speaker) -> colour; with more voices than colours, marker and colour together tell a voice."""
    pairs = sorted({pair for cloud in clouds for pair in zip(cloud.of("sex"), cloud.of("speaker"), strict=True)})
    by_sex = len(pairs) > len(style.COLOURS)
    return {
        (sex, speaker): style.COLOURS[(number - by_sex * first) % len(style.COLOURS)]
        for number, (sex, speaker) in enumerate(pairs)
        for first in [[other for other, _ in pairs].index(sex)]
    }


def _numbered(clouds: Sequence[Cloud], voices: Mapping[tuple[str, str], str]) -> bool:
    """Whether there is room for each clip's voice as a number, which tells voices apart in grey too."""
    return len(clouds) == 1 and len(clouds[0].facts) <= NUMBERED and len(voices) <= NAMED


def _panel(axes: Axes, cloud: Cloud, voices: Mapping[tuple[str, str], str], *, numbered: bool) -> None:
    picture = weight_space.embedded(cloud.where, cloud.perplexity)
    numbers = list(voices)
    for order, ((across, up), fact) in enumerate(zip(picture, cloud.facts, strict=True), start=3):
        voice = fact["sex"], fact["speaker"]
        colour, empty = voices[voice], fact["split"] == "train"
        axes.scatter(
            across,
            up,
            s=95 if numbered else 24,
            marker=SHAPES.get(fact["sex"], OTHER),
            facecolor="white" if empty else colour,
            edgecolor=colour if empty else "white",
            linewidth=1.1 if empty else 0.6,
            zorder=order,
        )
        if numbered:
            ink, number = colour if empty else "white", str(numbers.index(voice) + 1)
            axes.text(across, up, number, color=ink, fontsize=6, ha="center", va="center_baseline", zorder=order)
    axes.set(xticks=[], yticks=[])
    axes.margins(0.08)


def _legend(chart: Figure, clouds: Sequence[Cloud], voices: Mapping[tuple[str, str], str]) -> None:
    """Voices by number, colour and marker; of very many, the sexes alone."""
    from matplotlib.lines import Line2D

    split = {fact["speaker"]: fact["split"] for cloud in clouds for fact in cloud.facts}

    def entry(label: str, sex: str, colour: str, *, empty: bool) -> Line2D:
        fill, marker, label = "white" if empty else colour, SHAPES.get(sex, OTHER), style.literal(label)
        return Line2D([], [], color=colour, marker=marker, markerfacecolor=fill, linestyle="none", label=label)

    shown = []
    for number, ((sex, speaker), colour) in enumerate(voices.items(), start=1):
        label = f"{number}: {speaker}" if _numbered(clouds, voices) else speaker
        shown.append(entry(f"{label} ({sex})" if sex else label, sex, colour, empty=split[speaker] == "train"))
    if len(shown) > NAMED:
        sexes = dict.fromkeys(sex for sex, _ in voices)
        shown = [entry(f"voices, sex {sex or 'not told'}", sex, style.GREY, empty=False) for sex in sexes]
    chart.legend(handles=shown, loc="outside lower center", ncols=5)


def _caption(
    subject: Subject,
    clouds: Sequence[Cloud],
    numbers: Mapping[str, Mapping[str, weight_space.Accuracy]],
    reasons: Sequence[str],
) -> str:
    said = [LEAD]
    if _numbered(clouds, _voices(clouds)):
        said.append("Numbers in the markers: the voices of the legend.")
    if any(fact["split"] == "train" for cloud in clouds for fact in cloud.facts):
        said.append("Empty markers: clips of voices in the training split; filled: validation.")
    said.append(
        "The numbers are taken in weight space itself, not in the picture: how often a clip's nearest neighbours name "
        "its label by majority, clips of the same utterance left out; chance is the mean over "
        f"{weight_space.SHUFFLES} shuffles of the labels among utterances "
        "(among voices where the own voice is left out)."
    )
    for cloud in clouds:
        few = f" of {cloud.wanted}" if len(cloud.facts) < cloud.wanted else ""
        parts = [
            f"{name} {one.right:.2f} (k {one.k}, {one.judged} clips; chance {one.shuffled:.2f}, 95 % of shuffles below "
            f"{one.high:.2f}, majority {one.majority:.2f})"
            for name, one in numbers[cloud.row].items()
        ]
        said.append(
            f"{cloud.row}, {'fitted from one shared start' if cloud.fitted else 'written by one network'}, "
            f"{len(cloud.facts)}{few} clips, perplexity {cloud.perplexity:.3g}: "
            + ("; ".join(parts) or "no label can be told from neighbours")
            + "."
        )
    said += [f"Rows not drawn: {reason}." for reason in reasons]
    return " ".join([*said, f"{subject.sound}."])
