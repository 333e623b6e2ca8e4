"""Conformance test of a corpus: the requirements of hsbench.corpora.base.Corpus."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hsbench import registry
from hsbench.audio.clip import check_id
from hsbench.corpora.base import SPLITS, Source, fingerprint, manifest_or_none
from hsbench.errors import DataError, UsageError
from hsbench.spec import freeze
from hsbench.testing.checks import Checks, check_descriptor, is_count

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hsbench.corpora.base import Corpus, Item, Manifest
    from hsbench.descriptors import CorpusDescriptor


def check_corpus(
    corpus: str | CorpusDescriptor,
    *,
    data_root: Path | str | None = None,
    settings: Mapping[str, Any] | None = None,
    by_speaker: bool = True,
    clips: int = 8,
) -> list[str]:
    """Check that a corpus meets the requirements of hsbench.corpora.base.Corpus.

    Args:
        corpus: registered name or descriptor; a corpus that must be prepared is prepared first.
        data_root: folder that contains the corpus.
        settings: settings that differ from the defaults of the corpus.
        by_speaker: whether the splits must have different speakers; False for a corpus of one voice.
        clips: number of clips of each split to load.

    Returns:
        Names of the checks that passed.

    Raises:
        ConformanceError: the corpus violates a requirement.
        UnknownNameError: no corpus has that name.
    """
    descriptor = registry.corpus(corpus) if isinstance(corpus, str) else corpus
    checks = Checks(f"corpus {descriptor.name}")
    check_descriptor(checks, "corpora", descriptor)
    with checks.check("the descriptor has a description and a licence"):
        for key in ("description", "licence"):
            checks.require(getattr(descriptor, key), f"the descriptor lacks {key}; reports print it.")
    source = Source(
        None if data_root is None else Path(data_root).resolve(), freeze({**descriptor.defaults, **(settings or {})})
    )
    opened = _check_opening(checks, descriptor, source)
    manifests = _check_manifests(checks, descriptor, source, opened)
    for manifest in manifests:
        _check_items(checks, manifest)
    _check_splits(checks, manifests, by_speaker=by_speaker)
    _check_clips(checks, opened, descriptor.load()(source), manifests, clips)
    return checks.passed


def _check_opening(checks: Checks, descriptor: CorpusDescriptor, source: Source) -> Corpus:
    """Construct the corpus, prepare it if necessary, and return it."""
    with checks.check("it is constructed from a source, and prepared if necessary"):
        corpus: Corpus = descriptor.load()(source)
        checks.require(
            corpus.name == descriptor.name,
            f"its attribute name is {corpus.name!r}, but it is registered as {descriptor.name!r}.",
        )
        if hasattr(corpus, "prepared") and not corpus.prepared():
            corpus.prepare(1, lambda _done, _total: None)  # type: ignore[attr-defined]  # present if prepared is
            checks.require(corpus.prepared(), "prepared() is still False after prepare().")
        complete = corpus.completeness()
        checks.require(
            isinstance(complete, tuple) and all(isinstance(reason, str) for reason in complete),
            f"completeness() must return a tuple of texts, got {complete!r}.",
        )
    return corpus


def _check_manifests(checks: Checks, descriptor: CorpusDescriptor, source: Source, corpus: Corpus) -> list[Manifest]:
    """Check the manifests as a whole, and return those that are not empty."""
    with checks.check("its manifests are the same each time"):
        again: Corpus = descriptor.load()(source)
        checks.require(
            fingerprint(corpus) == fingerprint(again) == fingerprint(corpus),
            "the fingerprint differs when the corpus is opened again; sort lists of files, and use neither times nor "
            "random numbers.",
        )
    with checks.check("an unknown split is refused"):
        try:
            corpus.manifest("no-such-split")
        except UsageError:
            pass
        else:
            checks.fail("manifest('no-such-split') returned a manifest; call hsbench.corpora.base.check_split first.")
    with checks.check("its manifests have its name and version"):
        manifests = [manifest for split in SPLITS if (manifest := manifest_or_none(corpus, split)) is not None]
        checks.require(manifests, f"no split has a clip ({', '.join(SPLITS)}).")
        for manifest in manifests:
            checks.require(
                (manifest.corpus, manifest.version) == (descriptor.name, corpus.version),
                f"a manifest says {manifest.corpus} version {manifest.version}, "
                f"but the corpus is {corpus.name} version {corpus.version}.",
            )
            checks.require(manifest.items, f"the {manifest.split} split is empty; raise DataError instead.")
            rate = manifest.sample_rate
            checks.require(is_count(rate) and rate, f"sample_rate must be a whole number of Hz from 1, got {rate!r}.")
    return manifests


def _check_items(checks: Checks, manifest: Manifest) -> None:
    items = manifest.items
    ids = [item.id for item in items]
    with checks.check(f"ids are legal, unique and sorted ({manifest.split})"):
        for clip_id in ids:
            try:
                check_id(clip_id)
            except DataError as error:
                checks.fail(str(error))
        duplicates = sorted(clip_id for clip_id, count in Counter(ids).items() if count > 1)
        checks.require(not duplicates, f"more than one item has the id {', '.join(duplicates[:3])}.")
        checks.require(ids == sorted(ids), "items must be sorted by id, because the evaluation order depends on it.")
    with checks.check(f"the fields of items are valid ({manifest.split})"):
        for item in items:
            _check_item(checks, manifest, item)


def _check_item(checks: Checks, manifest: Manifest, item: Item) -> None:
    checks.require(
        item.samples == manifest.samples,
        f"{item.id} has {item.samples} samples, but the preparation says clip_samples={manifest.samples}.",
    )
    checks.require(is_count(item.offset), f"{item.id}: offset must be a whole number from 0, got {item.offset!r}.")
    checks.require(item.sex in ("F", "M", ""), f"{item.id}: sex must be 'F', 'M' or '', got {item.sex!r}.")
    checks.require(
        re.fullmatch(r"[0-9a-f]{64}", item.sha256),
        f"{item.id}: sha256 must be that of its 16-bit samples, 64 hexadecimal digits, got {item.sha256!r}.",
    )
    parts = item.source.replace("\\", "/").split("/")
    checks.require(
        item.source and parts[0] and ".." not in parts,
        f"{item.id}: source must be a path below the folder of the corpus, got {item.source!r}.",
    )


def _check_splits(checks: Checks, manifests: list[Manifest], *, by_speaker: bool) -> None:
    if len(manifests) < 2:
        checks.skip("the splits share nothing", f"only {manifests[0].split} has clips")
        return
    train, validation = (set(manifest.items) for manifest in manifests)
    with checks.check("the splits share no clip and no source"):
        for attribute in ("id", "source"):
            both = {getattr(item, attribute) for item in train} & {getattr(item, attribute) for item in validation}
            checks.require(not both, f"both splits have the {attribute} {min(both, default='')!r}.")
    if by_speaker:
        with checks.check("the splits share no speaker"):
            both = {item.speaker for item in train} & {item.speaker for item in validation}
            checks.require(
                not both,
                f"both splits have the speaker {min(both, default='')!r}; pass by_speaker=False if this is intended.",
            )


def _check_clips(checks: Checks, corpus: Corpus, other: Corpus, manifests: list[Manifest], count: int) -> None:
    """Load the first clips of each manifest with two objects of the same corpus, and compare them with their items."""
    for manifest in manifests:
        with checks.check(f"clips agree with the manifest ({manifest.split})"):
            for item in manifest.evaluation()[:count]:
                clip = corpus.load(item)
                loaded = (clip.id, clip.speaker, clip.sex, clip.source, clip.offset)
                listed = (item.id, item.speaker, item.sex, item.source, item.offset)
                checks.require(loaded == listed, f"the clip has {loaded}, but its item has {listed}.")
                _check_waveform(checks, manifest, item, clip.waveform, clip.sample_rate)
                same = np.array_equal(other.load(item).waveform, clip.waveform)
                checks.require(same, f"{item.id} has another waveform when it is loaded again.")


def _check_waveform(
    checks: Checks, manifest: Manifest, item: Item, waveform: np.ndarray[Any, Any], sample_rate: int
) -> None:
    checks.require(
        sample_rate == manifest.sample_rate,
        f"{item.id} has {sample_rate} Hz, but its manifest has {manifest.sample_rate} Hz.",
    )
    checks.require(waveform.size == item.samples, f"{item.id} has {waveform.size} samples instead of {item.samples}.")
    checks.require(np.isfinite(waveform).all(), f"{item.id} has samples that are not finite.")
    peak = float(np.abs(waveform).max(initial=0.0))
    checks.require(peak <= 1, f"{item.id} has the peak {peak:g}, but full scale is +-1.")
    if dict(manifest.preparation).get("peak_normalise") and peak > 0:
        checks.require(abs(peak - 1) < 1e-6, f"{item.id} has the peak {peak:g}, but its manifest says peak_normalise.")
