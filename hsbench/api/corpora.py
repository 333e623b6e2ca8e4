"""Corpora: opened, prepared, described, exported and downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench import registry
from hsbench.api.progress import FileProgress
from hsbench.audio.io import write_wav
from hsbench.errors import DataError, UsageError
from hsbench.planning import changes as settings
from hsbench.planning.corpus_view import open_corpus
from hsbench.planning.resources import choose

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
        name: as registered.
        data_root: folder that holds it in its public layout.
        changes: settings to change, each "name.key=value".

    Raises:
        UnknownNameError: there is no such corpus or setting.
    """
    return open_corpus(name, data_root, settings.parse(changes))[1]


def descriptor(name: str) -> CorpusDescriptor:
    """Return what is known of a corpus without opening it: description, licence, citation, size.

    Raises:
        UnknownNameError: there is no such corpus.
    """
    return registry.corpus(name)


def is_prepared(corpus: Corpus) -> bool:
    """Return whether a corpus is ready for use; one that needs no preparation always is."""
    return not hasattr(corpus, "prepare") or bool(corpus.prepared())  # type: ignore[attr-defined]


def prepare_missing(corpus: Corpus, workers: int | None = None, *, quiet: bool = False) -> None:
    """Prepare a corpus that is not in the cache yet, with progress on standard error.

    Args:
        corpus: opened.
        workers: number of files at once; None is one per core.
        quiet: whether to show nothing.
    """
    if is_prepared(corpus):
        return
    threads = choose("cpu").threads if workers is None else workers
    corpus.prepare(threads, (lambda _done, _total: None) if quiet else FileProgress(corpus.name))  # type: ignore[attr-defined]


def export(corpus: Corpus, folder: Path, split: str, progress: Progress) -> int:
    """Write the clips of a split as 32-bit float WAV files, exactly as they are scored.

    Args:
        corpus: opened.
        folder: where the files go.
        split: train or validation.
        progress: takes (done, total) clips.

    Returns:
        Number of clips.

    Raises:
        UnknownNameError: no such split.
        DataError: it is empty.
    """
    prepare_missing(corpus)
    items = corpus.manifest(split).evaluation()
    for number, item in enumerate(items, start=1):
        clip = corpus.load(item)
        write_wav(folder / f"{clip.id}.wav", clip.waveform, clip.sample_rate)
        progress(number, len(items))
    return len(items)


def downloadable(name: str, data_root: Path | None) -> CorpusDescriptor:
    """Return the descriptor of a corpus that can be downloaded into a folder.

    Raises:
        UsageError: it cannot be downloaded, or the folder is missing.
    """
    facts = registry.corpus(name)
    if not facts.download:
        raise UsageError(f"{name} cannot be downloaded: it is {facts.description or 'no public corpus'}.")
    if data_root is None:
        raise UsageError("corpus download expects the folder to put the corpus in; give it with --data-root.")
    return facts


def download(name: str, data_root: Path, changes: Sequence[str] = ()) -> None:
    """Download a corpus through torchaudio.datasets."""
    from hsbench.corpora.download import fetch

    source, _ = open_corpus(name, None, settings.parse(changes))
    facts = downloadable(name, data_root)
    fetch(name, facts.download, data_root, dict(source.settings))


def facts(corpus: Corpus, named: int = 20) -> str:
    """Return what is in a corpus, per split, and what is not.

    Args:
        corpus: opened and prepared.
        named: number of skipped files to name.
    """
    lines = [_split(corpus, split) for split in ("train", "validation")]
    lines += corpus.completeness() or ("complete",)
    if hasattr(corpus, "place"):
        lines.append(f"prepared in {corpus.place}")
    skipped = corpus.skipped() if hasattr(corpus, "skipped") else []
    if skipped:
        lines.append(f"skipped {len(skipped)} files:")
        lines += [f"  {path}: {reason}" for path, reason in skipped[:named]]
        if len(skipped) > named:
            lines.append(f"  and {len(skipped) - named} more; see --skipped")
    return "\n".join(lines)


def _split(corpus: Corpus, split: str) -> str:
    try:
        return _line(corpus.manifest(split))
    except DataError as error:
        return str(error)


def _line(manifest: Manifest) -> str:
    speakers = sorted({item.speaker for item in manifest.items})
    block = dict(manifest.preparation)["block_samples"]
    hours = len(manifest.items) * block / manifest.sample_rate / 3600
    shown = ", ".join(speakers[:12]) + (", ..." if len(speakers) > 12 else "")
    return (
        f"{manifest.split}: {len(manifest.items)} blocks of {block} samples at {manifest.sample_rate} Hz, "
        f"{hours:.3g} hours, {len(speakers)} speakers ({shown}); fingerprint {manifest.fingerprint[:16]}"
    )
