"""The page of a clip: the original and every reconstruction of it, as sound, as spectrograms and in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hsbench.report import text
from hsbench.report.html import spectrograms
from hsbench.report.html.page import render

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hsbench.report.html.group import Fit, Group
    from hsbench.report.html.sound import Sound, Sounds
    from hsbench.results.view import ViewCorpus

SOUND_CAPTION = (
    "The sound is what was scored: 32-bit float WAV at its own level. A player clips samples beyond full scale, the "
    "metrics do not; a note gives the number of such samples."
)


@dataclass(frozen=True)
class Card:
    """One waveform as the page shows it.

    Attributes:
        name: name of the table row, or "original".
        note: what the reader must know of this waveform, or "".
        sound: its files in the report; None where the results folder does not hold the waveform.
        fit: the cell that made the reconstruction; None for the original.
    """

    name: str
    note: str
    sound: Sound | None
    fit: Fit | None = None


def page(group: Group, corpus_name: str, number: int, sounds: Sounds) -> str:
    """Return the page of a clip.

    Args:
        group: the view that the clip belongs to.
        corpus_name: registered name of the clip's corpus.
        number: position of the clip in the order of evaluation, from 0.
        sounds: copies the sound files into the report and draws their spectrograms.
    """
    corpus = group.corpus(corpus_name)
    clip = corpus.clips[number]
    fits = [fit for fit in group.on(corpus_name) if clip in fit.clips]
    reference = group.reference(corpus, clip)
    cards = [Card("original", "", sounds.original(reference))]
    cards += [_reconstruction(fit, clip, sounds.reconstruction(fit.folder, clip, reference), corpus) for fit in fits]
    return render(
        "clip.html",
        f"Clip {clip}",
        place=group.place,
        root="../../../",
        group=group,
        corpus_name=corpus_name,
        corpus=corpus,
        clip=clip,
        number=number,
        origin=_origin(reference, corpus, corpus_name, clip),
        cards=cards,
        seconds=f"{corpus.samples / corpus.sample_rate:.2f}",
        fits=fits,
        elsewhere=[fit.row for fit in group.on(corpus_name) if clip not in fit.clips],
        floor=group.floor(clip),
        metrics=group.table.metrics,
        spectrogram_caption=spectrograms.CAPTION,
        sound_caption=SOUND_CAPTION,
    )


def _origin(reference: Mapping[str, Any], corpus: ViewCorpus, corpus_name: str, clip: str) -> str:
    """Corpus, kind (seen or held out), speaker, recording and length of a clip, without a full stop."""
    parts = [f"Corpus {corpus_name} ({corpus.description})"]
    parts += [
        f"{text.KINDS[split]} clip" for split, clips in corpus.splits.items() if clip in clips and split in text.KINDS
    ]
    if reference:
        sex = {"F": ", female", "M": ", male"}.get(reference.get("sex", ""), "")
        parts.append(f"speaker {reference.get('speaker') or 'unknown'}{sex}")
        parts.append(f"{reference.get('source', '')} from {reference.get('offset', 0) / corpus.sample_rate:.2f} s")
    seconds = corpus.samples / corpus.sample_rate
    return "; ".join([*parts, f"{seconds:.2f} s, {corpus.samples} samples at {corpus.sample_rate} Hz"])


def _reconstruction(fit: Fit, clip: str, sound: Sound | None, corpus: ViewCorpus) -> Card:
    row = fit.reconstructions.get(clip)
    if row is None:
        return Card(fit.row, "not reconstructed yet", None, fit)
    notes = [] if row["status"] == "ok" else [f"this reconstruction {row['status']}"]
    if beyond := round(row["clipped"] * corpus.samples):
        notes.append(f"{text.counted(beyond, 'sample')} beyond full scale, clipped in a player")
    return Card(fit.row, "; ".join(notes), sound, fit)
