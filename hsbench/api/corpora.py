"""Open, prepare, describe, export and download corpora."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench import registry
from hsbench.api.progress import FileProgress
from hsbench.audio.io import write_wav
from hsbench.errors import DataError, UsageError
from hsbench.planning import changes as settings
from hsbench.planning.corpus_view import open_corpus
from hsbench.planning.resources import choose
from hsbench.planning.text import quantity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from hsbench.corpora.base import Corpus as Corpus
    from hsbench.corpora.base import Manifest
    from hsbench.descriptors import CorpusDescriptor

    Progress = Callable[[float, float], None]


def opened(name: str, data_root: Path | None, changes: Sequence[str] = ()) -> Corpus:
    """Open a registered corpus.

    Args:
        name: registered name of the corpus.
        data_root: folder that holds the corpus in its public layout; None for a corpus that ships with hsbench.
        changes: changed settings, each "name.key=value".

    Raises:
        UnknownNameError: there is no such corpus or setting.
    """
    return open_corpus(name, data_root, settings.parse(changes))[1]


def descriptor(name: str) -> CorpusDescriptor:
    """Return the description, licence, citation and size of a corpus, without opening it.

    Raises:
        UnknownNameError: there is no such corpus.
    """
    return registry.corpus(name)


def is_prepared(corpus: Corpus) -> bool:
    """Return whether a corpus is ready for use; a corpus without a preparation step always is."""
    return not hasattr(corpus, "prepare") or bool(corpus.prepared())  # type: ignore[attr-defined]


def prepare_missing(corpus: Corpus, workers: int | None = None, *, quiet: bool = False) -> None:
    """Prepare a corpus (resample and cut its files) unless it is already in the cache.

    Args:
        corpus: the opened corpus.
        workers: number of files processed at the same time; None for one per CPU core.
        quiet: whether to show no progress; else progress goes to standard error.
    """
    if is_prepared(corpus):
        return
    threads = choose("cpu").threads if workers is None else workers
    corpus.prepare(threads, (lambda _done, _total: None) if quiet else FileProgress(corpus.name))  # type: ignore[attr-defined]


def export(corpus: Corpus, folder: Path, split: str, progress: Progress) -> int:
    """Write the clips of a split as 32-bit float WAV files, exactly as they are scored.

    Args:
        corpus: the opened corpus.
        folder: folder to write the files into.
        split: "train" or "validation".
        progress: called with (done, total) clips after each clip.

    Returns:
        Number of clips written.

    Raises:
        UnknownNameError: there is no such split.
        DataError: the split has no clips.
    """
    prepare_missing(corpus)
    items = corpus.manifest(split).evaluation()
    for number, item in enumerate(items, start=1):
        clip = corpus.load(item)
        write_wav(folder / f"{clip.id}.wav", clip.waveform, clip.sample_rate)
        progress(number, len(items))
    return len(items)


def downloadable(name: str, data_root: Path | None) -> CorpusDescriptor:
    """Check that a corpus can be downloaded, and return its descriptor.

    Args:
        name: registered name of the corpus.
        data_root: folder to put the corpus into.

    Raises:
        UsageError: the corpus cannot be downloaded, or no folder is given.
    """
    facts = registry.corpus(name)
    if not facts.download:
        raise UsageError(f"{name} cannot be downloaded: it is {facts.description or 'no public corpus'}.")
    if data_root is None:
        raise UsageError("corpus download expects a folder to put the corpus into, got none; add --data-root DIR.")
    return facts


def download(name: str, data_root: Path, changes: Sequence[str] = ()) -> None:
    """Download a corpus through torchaudio.datasets.

    Args:
        name: registered name of the corpus.
        data_root: folder to put the corpus into.
        changes: changed settings, each "name.key=value"; they decide which parts of the corpus are downloaded.

    Raises:
        UsageError: the corpus cannot be downloaded.
    """
    from hsbench.corpora.download import fetch

    source, _ = open_corpus(name, None, settings.parse(changes))
    facts = downloadable(name, data_root)
    fetch(name, facts.download, data_root, dict(source.settings))


def facts(corpus: Corpus, named: int = 20) -> str:
    """Return a description of a corpus as text: each split, what is incomplete, and the skipped files.

    Args:
        corpus: the opened and prepared corpus.
        named: largest number of skipped files to list by name.
    """
    lines = [_split(corpus, split) for split in ("train", "validation")]
    lines += corpus.completeness() or ("complete",)
    if hasattr(corpus, "place"):
        lines.append(f"prepared in {corpus.place}")
    skipped = corpus.skipped() if hasattr(corpus, "skipped") else []
    if skipped:
        lines.append(f"skipped {quantity(len(skipped), 'file')}:")
        lines += [f"  {path}: {reason}" for path, reason in skipped[:named]]
        if len(skipped) > named:
            lines.append(f"  and {len(skipped) - named} more; see --skipped")
    return "\n".join(lines)


def _split(corpus: Corpus, split: str) -> str:
    """Return one line about a split, or the sentence that says why it has no clips."""
    try:
        return _line(corpus.manifest(split))
    except DataError as error:
        return str(error)


def _line(manifest: Manifest) -> str:
    """Return the number of blocks, the hours and the speakers of a split, in one line."""
    speakers = sorted({item.speaker for item in manifest.items})
    block = dict(manifest.preparation)["block_samples"]
    hours = len(manifest.items) * block / manifest.sample_rate / 3600
    shown = ", ".join(speakers[:12]) + (", ..." if len(speakers) > 12 else "")
    return (
        f"{manifest.split}: {quantity(len(manifest.items), 'block')} of {block} samples at {manifest.sample_rate} Hz, "
        f"{hours:.3g} hours, {quantity(len(speakers), 'speaker')} ({shown}); fingerprint {manifest.fingerprint[:16]}"
    )
