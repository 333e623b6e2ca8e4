"""What every corpus promises, see hsbench.corpora.base."""

from __future__ import annotations

import re
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
    """Check that a corpus keeps the promises of hsbench.corpora.base.Corpus.

    Args:
        corpus: registered name, or a descriptor; what needs preparing is prepared.
        data_root: folder that holds it.
        settings: what differs from its defaults.
        by_speaker: whether its splits are said to share no speaker; False for a corpus of one voice.
        clips: how many of each split to load.

    Returns:
        Names of the checks that ran.

    Raises:
        ConformanceError: a promise is not kept.
        UnknownNameError: nothing is registered under that name.
    """
    descriptor = registry.corpus(corpus) if isinstance(corpus, str) else corpus
    checks = Checks(f"corpus {descriptor.name}")
    check_descriptor(checks, "corpora", descriptor)
    with checks.check("it says what it is"):
        for key in ("description", "licence"):
            checks.require(getattr(descriptor, key), f"the descriptor lacks {key}; reports print it.")
    source = Source(
        None if data_root is None else Path(data_root).resolve(), freeze({**descriptor.defaults, **(settings or {})})
    )
    opened = _opened(checks, descriptor, source)
    manifests = _check_manifests(checks, descriptor, source, opened)
    for manifest in manifests:
        _check_items(checks, manifest)
    _check_splits(checks, manifests, by_speaker=by_speaker)
    _check_clips(checks, opened, descriptor.load()(source), manifests, clips)
    return checks.passed


def _opened(checks: Checks, descriptor: CorpusDescriptor, source: Source) -> Corpus:
    with checks.check("it is made from a source, and prepared where it must be"):
        corpus: Corpus = descriptor.load()(source)
        checks.require(corpus.name == descriptor.name, f"its attribute name is {corpus.name!r}, not as registered.")
        if hasattr(corpus, "prepared") and not corpus.prepared():
            corpus.prepare(1, lambda _done, _total: None)  # type: ignore[attr-defined]  # it goes with prepared
            checks.require(corpus.prepared(), "it is not prepared after prepare().")
        complete = corpus.completeness()
        checks.require(
            isinstance(complete, tuple) and all(isinstance(reason, str) for reason in complete),
            f"completeness gives a tuple of reasons, got {complete!r}.",
        )
    return corpus


def _check_manifests(checks: Checks, descriptor: CorpusDescriptor, source: Source, corpus: Corpus) -> list[Manifest]:
    with checks.check("its manifests are the same each time"):
        again: Corpus = descriptor.load()(source)
        checks.require(
            fingerprint(corpus) == fingerprint(again) == fingerprint(corpus),
            "two readings give two fingerprints; sort what the file system lists, and leave out times and chance.",
        )
    with checks.check("a split that there is not is refused"):
        try:
            corpus.manifest("no-such-split")
        except UsageError:
            pass
        else:
            checks.fail("manifest('no-such-split') gave one; call hsbench.corpora.base.check_split first.")
    with checks.check("its manifests name it"):
        found = [one for split in SPLITS if (one := manifest_or_none(corpus, split)) is not None]
        checks.require(found, f"neither of {', '.join(SPLITS)} has a clip.")
        for one in found:
            checks.require(
                (one.corpus, one.version) == (descriptor.name, corpus.version),
                f"a manifest says {one.corpus} version {one.version}, the corpus {corpus.name} {corpus.version}.",
            )
            checks.require(one.items, f"the {one.split} split is empty; raise DataError instead.")
            checks.require(is_count(one.sample_rate) and one.sample_rate, f"a rate in Hz, got {one.sample_rate!r}.")
    return found


def _check_items(checks: Checks, manifest: Manifest) -> None:
    items = manifest.items
    ids = [item.id for item in items]
    with checks.check(f"ids are legal, unique and sorted ({manifest.split})"):
        for one in ids:
            try:
                check_id(one)
            except DataError as error:
                checks.fail(str(error))
        twice = sorted({one for one in ids if ids.count(one) > 1}) if len(set(ids)) < len(ids) else []
        checks.require(not twice, f"{', '.join(twice[:3])} stands there more than once.")
        checks.require(ids == sorted(ids), "items should be sorted by id; the order of evaluation stands on it.")
    with checks.check(f"items say where and what they are ({manifest.split})"):
        for item in items:
            _check_item(checks, manifest, item)


def _check_item(checks: Checks, manifest: Manifest, item: Item) -> None:
    checks.require(
        item.samples == manifest.samples,
        f"{item.id} has {item.samples} samples and the preparation says clip_samples={manifest.samples}.",
    )
    checks.require(is_count(item.offset), f"{item.id}: an offset is a whole number from 0, got {item.offset!r}.")
    checks.require(item.sex in ("F", "M", ""), f"{item.id}: sex is 'F', 'M' or '', got {item.sex!r}.")
    checks.require(
        re.fullmatch(r"[0-9a-f]{64}", item.sha256),
        f"{item.id}: sha256 should be that of its 16-bit samples, hexadecimal, got {item.sha256!r}.",
    )
    parts = item.source.replace("\\", "/").split("/")
    checks.require(
        item.source and parts[0] and ".." not in parts, f"{item.id}: a source is a path inside it, got {item.source!r}."
    )


def _check_splits(checks: Checks, manifests: list[Manifest], *, by_speaker: bool) -> None:
    if len(manifests) < 2:
        checks.skip("the splits share nothing", f"only {manifests[0].split} has clips")
        return
    train, validation = (set(manifest.items) for manifest in manifests)
    with checks.check("the splits share no clip and no source"):
        for what in ("id", "source"):
            both = {getattr(item, what) for item in train} & {getattr(item, what) for item in validation}
            checks.require(not both, f"both splits have the {what} {min(both, default='')!r}.")
    if by_speaker:
        with checks.check("the splits share no speaker"):
            both = {item.speaker for item in train} & {item.speaker for item in validation}
            checks.require(
                not both, f"both have {min(both, default='')!r}; say by_speaker=False where that is so by design."
            )


def _check_clips(checks: Checks, corpus: Corpus, other: Corpus, manifests: list[Manifest], count: int) -> None:
    for manifest in manifests:
        with checks.check(f"clips are what the manifest says ({manifest.split})"):
            for item in manifest.evaluation()[:count]:
                clip = corpus.load(item)
                told = (clip.id, clip.speaker, clip.sex, clip.source, clip.offset)
                wanted = (item.id, item.speaker, item.sex, item.source, item.offset)
                checks.require(told == wanted, f"the clip says {told} and its item {wanted}.")
                _check_waveform(checks, manifest, item, clip.waveform, clip.sample_rate)
                same = np.array_equal(other.load(item).waveform, clip.waveform)
                checks.require(same, f"{item.id} sounds different when it is loaded again.")


def _check_waveform(
    checks: Checks, manifest: Manifest, item: Item, waveform: np.ndarray[Any, Any], sample_rate: int
) -> None:
    checks.require(
        sample_rate == manifest.sample_rate, f"{item.id} has {sample_rate} Hz, its manifest {manifest.sample_rate} Hz."
    )
    checks.require(waveform.size == item.samples, f"{item.id} has {waveform.size} samples and not {item.samples}.")
    checks.require(np.isfinite(waveform).all(), f"{item.id} has samples that are not finite.")
    peak = float(np.abs(waveform).max(initial=0.0))
    checks.require(peak <= 1, f"{item.id} goes up to {peak:g}; full scale is +-1.")
    if dict(manifest.preparation).get("peak_normalise") and peak > 0:
        checks.require(abs(peak - 1) < 1e-6, f"{item.id} has the peak {peak:g}; its manifest says peak_normalise.")
