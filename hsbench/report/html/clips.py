"""The page of a clip: the original and what each row made of it, to hear, to see and in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hsbench.report import text
from hsbench.report.html import spectrograms
from hsbench.report.html.page import Html, el, frame
from hsbench.report.html.scores import score
from hsbench.report.html.tables import grid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hsbench.report.html.group import Fit, Group
    from hsbench.report.html.sound import Heard, Sounds
    from hsbench.results.view import ViewCorpus

UP = "../../../"
PLAYING = (
    "Sound is played as it was scored: 32-bit float WAV, at its own level; a file is loaded when it is played. "
    "A player clips what lies beyond full scale, the scores do not; where a clip has such samples, it says how many."
)


def page(group: Group, corpus_name: str, number: int, sounds: Sounds) -> str:
    """The page of a clip.

    Args:
        group: the view that the clip belongs to.
        corpus_name: name of the clip's corpus.
        number: the clip's place in the order of evaluation, from 0.
        sounds: finds the sound files and draws their spectrograms.
    """
    corpus, fits = group.corpus(corpus_name), group.on(corpus_name)
    clip = corpus.clips[number]
    reference = group.references.get((corpus.fingerprint, clip), {})
    heard = [_card("original", "", sounds.original(reference), corpus, first=True)]
    heard += [_rebuilt(fit, clip, sounds.rebuilt(fit.folder, clip, reference), corpus) for fit in fits]
    return frame(
        f"Clip {clip}",
        el("p", el("a", group.table.title, href=f"{UP}index.html#{group.slug}"), class_="back"),
        el("h1", f"Clip {clip}"),
        el("p", _origin(reference, corpus, corpus_name)),
        _steps(group, corpus_name, number),
        el("div", *heard, class_="cards"),
        el("p", spectrograms.CAPTION, class_="fine"),
        el("p", PLAYING, class_="fine"),
        el("h2", "Scores of this clip"),
        _scores(group, clip, fits),
        here="",
        up=UP,
        wide=True,
    )


def _origin(reference: Mapping[str, Any], corpus: ViewCorpus, corpus_name: str) -> str:
    seconds = corpus.samples / corpus.sample_rate
    said = [f"Corpus {corpus_name} ({corpus.description})"]
    if reference:
        sex = {"F": ", female", "M": ", male"}.get(reference.get("sex", ""), "")
        said += [f"speaker {reference.get('speaker') or 'unknown'}{sex}"]
        said += [f"{reference.get('source', '')} from {reference.get('offset', 0) / corpus.sample_rate:.2f} s"]
    return "; ".join([*said, f"{seconds:.2f} s, {corpus.samples} samples at {corpus.sample_rate} Hz"]) + "."


def _steps(group: Group, corpus_name: str, number: int) -> Html:
    """Links to the clips before and after."""
    clips = group.corpus(corpus_name).clips
    parts: list[object] = [el("span", f"{number + 1} of {len(clips)}")]
    if number:
        parts.insert(0, el("a", "previous", href=UP + group.clip_page(corpus_name, clips[number - 1]), rel="prev"))
    if number + 1 < len(clips):
        parts.append(el("a", "next", href=UP + group.clip_page(corpus_name, clips[number + 1]), rel="next"))
    metric = group.table.metrics[0].name if group.table.metrics else None
    every = el("a", "all clips", href=UP + group.scores_page(corpus_name, metric)) if metric else None
    return el("nav", *parts, every, aria_label="Clips", class_="steps")


def _rebuilt(fit: Fit, clip: str, heard: Heard | None, corpus: ViewCorpus) -> Html:
    made = fit.reconstructions.get(clip)
    if made is None:
        return _card(fit.row, "not rebuilt yet", None, corpus)
    notes = [] if made["status"] == "ok" else [f"this fit {made['status']}"]
    if beyond := round(made["clipped"] * corpus.samples):
        notes.append(f"{beyond} samples beyond full scale, clipped in a player")
    return _card(fit.row, "; ".join(notes), heard, corpus)


def _card(name: str, note: str, heard: Heard | None, corpus: ViewCorpus, *, first: bool = False) -> Html:
    title = el("h3", name)
    if heard is None:
        return el("section", title, el("p", note or "its sound was not kept", class_="note"), class_="card empty")
    top, end = corpus.sample_rate / 2000, corpus.samples / corpus.sample_rate
    picture = el(
        "div",
        el("img", src=UP + heard.picture, alt=f"Log-mel spectrogram: {name}", loading="lazy"),
        el("span", f"{top:.2g} kHz", class_="top"),
        el("span", "0", class_="low"),
        el("span", f"{end:.2f} s", class_="end"),
        class_="picture",
    )
    player = None
    if heard.audio is not None:
        player = el("audio", controls=True, preload="none", src=UP + heard.audio, aria_label=name)
    return el(
        "section",
        title,
        picture,
        player,
        el("p", note, class_="note") if note else None,
        class_="card first" if first else "card",
    )


def _scores(group: Group, clip: str, fits: list[Fit]) -> Html:
    metrics = group.table.metrics
    rows = [
        el("tr", el("th", fit.row, scope="row", class_="name"), *(score(fit, clip, metric) for metric in metrics))
        for fit in fits
    ]
    return grid(["model", *(text.heading(metric) for metric in metrics)], rows, caption=f"Scores of clip {clip}")
