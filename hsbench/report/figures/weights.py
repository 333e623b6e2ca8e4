"""Weight space: a t-SNE picture of the clips' INR weights, and how often neighbours share a voice.

Distances between weights have a meaning only if one network wrote the weights of all clips, or if all INRs were fitted
from the same initial weights. INRs with different random initial weights can be the same function with their neurons in
another order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.lines import Line2D

from hsbench.analysis import weight_space
from hsbench.report.figures import palette, style
from hsbench.report.figures.base import NOTHING_HEARD, Drawn, left_out
from hsbench.report.text import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from hsbench.report.figures.base import Subject
    from hsbench.report.figures.style import Layout
    from hsbench.results.view import ViewRow

TITLE = "t-SNE of the INR weights, by voice"
MINIMUM = 10
"""Smallest number of clips for which a picture is drawn."""
NAMED = 24
"""Largest number of voices that the legend names one by one."""
NUMBERED = 150
"""Largest number of clips whose markers hold the number of the voice; only a single panel has such numbers."""
SHAPES = {"F": "o", "M": "s"}
OTHER = "^"
"""Marker of a voice whose sex the corpus does not state."""
LEAD = (
    "t-SNE of the weights of each clip's INR, standardised over the clips, with a fixed seed; distances in the "
    "picture are not to scale. Colour and marker: voice; circle: female; square: male."
)
OWN_START = (
    "the INRs of the clips start from different random weights, so distances between their weights have no meaning; "
    "only weights that one network wrote, or that were fitted from one start (shared_start), are drawn"
)


@dataclass(frozen=True, eq=False)
class Cloud:
    """The clips of one row in weight space.

    Attributes:
        row: name of the row.
        facts: facts of each clip: speaker, sex, source (its utterance) and split.
        coordinates: [clips, dims], see weight_space.points.
        wanted: number of clips of the view; fewer have weights while a run is incomplete.
        fitted: whether the weights were fitted from initial weights that all clips share; if not, a network wrote them.
    """

    row: str
    facts: Sequence[Mapping[str, Any]]
    coordinates: NDArray[np.float64]
    wanted: int
    fitted: bool

    def of(self, key: str) -> list[str]:
        """Return one fact of every clip."""
        return [str(facts[key]) for facts in self.facts]

    @property
    def perplexity(self) -> float:
        """Perplexity of the t-SNE."""
        return weight_space.perplexity_for(len(self.facts))


def draw(subject: Subject) -> Drawn | str:
    """Draw one panel per row whose weights lie in one space, or return the reasons why there is none."""
    outcomes = [_cloud(subject, row) for row, _ in subject.heard]
    clouds = [outcome for outcome in outcomes if isinstance(outcome, Cloud)]
    reasons = dict.fromkeys(outcome for outcome in outcomes if isinstance(outcome, str))
    if not clouds:
        return f"Weight space: {'; '.join(reasons) or NOTHING_HEARD}."
    numbers = {cloud.row: _numbers(cloud) for cloud in clouds}
    chart = _figure(subject, clouds, numbers)
    return Drawn("weights", TITLE, _caption(subject, clouds, numbers, list(reasons)), chart)


def _cloud(subject: Subject, row: ViewRow) -> Cloud | str:
    """Return the clips of a row in weight space, from its first seed, or the reason why it has none."""
    if not row.cells:
        return "no cell was run"
    folder, corpus = subject.results.folder(row.cells[0]), subject.view.corpus(row)
    references = subject.results.references()
    known = [clip for clip in corpus.clips if (corpus.fingerprint, clip) in references]
    clips = [clip for clip in known if folder.weights(clip).exists()]
    if not clips or not folder.exists():
        return "no weights of the clips were kept"
    fitted = "generated" not in folder.fit()
    if fitted and not dict(folder.spec().model.settings).get("shared_start"):
        return OWN_START
    if len(clips) < MINIMUM:
        return f"a picture needs the weights of at least {MINIMUM} clips, got {len(clips)}"
    split = {clip: name for name, ids in corpus.splits.items() for clip in ids}
    default = subject.view.split_of(row)
    facts = [{**references[corpus.fingerprint, clip], "split": split.get(clip, default)} for clip in clips]
    coordinates = weight_space.points([folder.weights(clip) for clip in clips])
    if coordinates.shape[1] < 2:
        return "all clips have the same weights"
    return Cloud(row.name, facts, coordinates, len(corpus.clips), fitted)


def _numbers(cloud: Cloud) -> dict[str, weight_space.Accuracy]:
    """Return the accuracy of the nearest neighbours for every label that can be counted.

    The labels are the voice and the sex, without neighbours of the same utterance; the voice over the validation clips
    alone, where there are clips of both splits; and the sex without neighbours of the same voice.
    """
    speaker, sex, source = (cloud.of(key) for key in ("speaker", "sex", "source"))
    validation = [name == "validation" for name in cloud.of("split")]
    accuracies = {
        "voice": weight_space.accuracy(cloud.coordinates, speaker, source),
        "voice, validation clips alone": None
        if all(validation)
        else weight_space.accuracy(cloud.coordinates, speaker, source, validation),
        "sex": weight_space.accuracy(cloud.coordinates, sex, source),
        "sex, own voice left out": weight_space.accuracy(cloud.coordinates, sex, speaker),
    }
    return {label: accuracy for label, accuracy in accuracies.items() if accuracy is not None}


def _figure(
    subject: Subject, clouds: Sequence[Cloud], numbers: Mapping[str, Mapping[str, weight_space.Accuracy]]
) -> Figure:
    layout = subject.layout
    chart, panels = layout.panels(len(clouds), 2.9 if len(clouds) == 1 else 2.0)
    voices = _voices(clouds)
    for axes, cloud in zip(panels, clouds, strict=True):
        _panel(axes, cloud, voices, numbered=_numbered(clouds, voices))
        heading = [style.folded(cloud.row, layout.letters + 5), *map(style.literal, _short(numbers[cloud.row]))]
        axes.set_title("\n".join(heading))
        axes.set_xlabel("t-SNE 1 (no unit)")
    panels[0].set_ylabel("t-SNE 2 (no unit)")
    style.head(chart, subject.view)
    _legend(layout, chart, clouds, voices)
    return chart


def _short(numbers: Mapping[str, weight_space.Accuracy]) -> list[str]:
    """Return one line for the voice and one for the sex."""
    return [
        f"{label} {accuracy.share:.2f} (chance {accuracy.chance:.2f})"
        for label, accuracy in numbers.items()
        if label in ("voice", "sex")
    ]


def _voices(clouds: Sequence[Cloud]) -> dict[tuple[str, str], str]:
    """Return (sex, speaker) -> colour, a colour of its own for every voice."""
    pairs = sorted({pair for cloud in clouds for pair in zip(cloud.of("sex"), cloud.of("speaker"), strict=True)})
    return dict(zip(pairs, palette.colours(len(pairs)), strict=True))


def _numbered(clouds: Sequence[Cloud], voices: Mapping[tuple[str, str], str]) -> bool:
    """Return whether markers have room for the number of the voice, which is readable in a grey print too."""
    return len(clouds) == 1 and len(clouds[0].facts) <= NUMBERED and len(voices) <= NAMED


def _panel(axes: Axes, cloud: Cloud, voices: Mapping[tuple[str, str], str], *, numbered: bool) -> None:
    from matplotlib import rcParams

    font = rcParams["font.size"]
    picture = weight_space.embedded(cloud.coordinates, cloud.perplexity)
    numbers = list(voices)
    for order, ((x, y), fact) in enumerate(zip(picture, cloud.facts, strict=True), start=3):
        voice = fact["sex"], fact["speaker"]
        colour, empty = voices[voice], fact["split"] == "train"
        axes.scatter(
            x,
            y,
            # The area of a marker in square points: wide enough for two digits where it holds a number.
            s=(1.4 * font if numbered else 0.6 * font) ** 2,
            marker=SHAPES.get(fact["sex"], OTHER),
            facecolor="white" if empty else colour,
            edgecolor=colour if empty else "white",
            linewidth=0.9 if empty else 0.4,
            zorder=order,
        )
        if numbered:
            ink, number = colour if empty else "white", str(numbers.index(voice) + 1)
            axes.text(x, y, number, color=ink, ha="center", va="center_baseline", zorder=order)
    axes.set(xticks=[], yticks=[])
    axes.margins(0.08)


def _legend(layout: Layout, chart: Figure, clouds: Sequence[Cloud], voices: Mapping[tuple[str, str], str]) -> None:
    """Add a legend of the voices by number, colour and marker; of more than NAMED voices only the sexes."""
    split = {fact["speaker"]: fact["split"] for cloud in clouds for fact in cloud.facts}
    entries: dict[str, tuple[str, str, bool]] = {}
    for number, ((sex, speaker), colour) in enumerate(voices.items(), start=1):
        label = f"{number}: {speaker}" if _numbered(clouds, voices) else speaker
        entries[f"{label} ({sex})" if sex else label] = sex, colour, split[speaker] == "train"
    if len(entries) > NAMED:
        sexes = dict.fromkeys(sex for sex, _ in voices)
        entries = {f"voices, sex {sex or 'not stated'}": (sex, style.GREY, False) for sex in sexes}
    handles = [
        Line2D([], [], color=colour, marker=SHAPES.get(sex, OTHER), linestyle="none", markerfacecolor=fill)
        for sex, colour, empty in entries.values()
        for fill in ["white" if empty else colour]
    ]
    layout.legend(chart, handles, [style.literal(label) for label in entries])


def _caption(
    subject: Subject,
    clouds: Sequence[Cloud],
    numbers: Mapping[str, Mapping[str, weight_space.Accuracy]],
    reasons: Sequence[str],
) -> str:
    sentences = [LEAD]
    if _numbered(clouds, _voices(clouds)):
        sentences.append("Numbers in the markers: the voices of the legend.")
    if any(fact["split"] == "train" for cloud in clouds for fact in cloud.facts):
        sentences.append("Empty markers: clips of voices in the training split; filled: validation split.")
    sentences.append(
        "The numbers are measured in weight space, not in the picture: the share of clips whose label is the most "
        "common one among their k nearest neighbours, without neighbours of the same utterance; chance is the mean "
        f"over {weight_space.SHUFFLES} shuffles of the labels among utterances "
        "(among voices where the own voice is left out)."
    )
    for cloud in clouds:
        few = f" of {cloud.wanted}" if len(cloud.facts) < cloud.wanted else ""
        parts = [
            f"{label} {accuracy.share:.2f} (k {accuracy.k}, {counted(accuracy.clips, 'clip')}; chance "
            f"{accuracy.chance:.2f}, 95 % of shuffles below {accuracy.chance_high:.2f}, majority "
            f"{accuracy.majority:.2f})"
            for label, accuracy in numbers[cloud.row].items()
        ]
        sentences.append(
            f"{cloud.row}, {'fitted from one shared start' if cloud.fitted else 'written by one network'}, "
            f"{len(cloud.facts)}{few} clips, perplexity {cloud.perplexity:.3g}: "
            + ("; ".join(parts) or "no clip has a neighbour with its label")
            + "."
        )
    sentences += [f"Rows not drawn: {reason}." for reason in reasons]
    return " ".join([*sentences, f"{subject.sound}."]) + left_out(subject.table.rows)
