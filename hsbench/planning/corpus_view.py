"""A corpus as one request uses it: opened, with the clips to score already chosen.

No audio is loaded here; neither torch nor pandas is imported.
"""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hsbench import registry
from hsbench.corpora.base import SPLITS, Source, fingerprint, manifest_or_none
from hsbench.corpora.listing import check_utf8
from hsbench.errors import UnknownNameError
from hsbench.planning import changes
from hsbench.planning.clip_manifest import clips_of
from hsbench.planning.seen import SEEN
from hsbench.results.view import ViewCorpus
from hsbench.spec import freeze

if TYPE_CHECKING:
    from pathlib import Path

    from hsbench.corpora.base import Corpus, Manifest
    from hsbench.planning.changes import Changes


ALL = "all"
"""Value of --split that means both splits, validation and train."""


@dataclass(frozen=True)
class CorpusView:
    """One corpus of a request, with the clips that are scored.

    Attributes:
        source: data root and settings with which the corpus is opened.
        manifest: manifest of the scored split; with both splits, of the first one that has clips.
        fingerprint: SHA-256 over all splits of the corpus, hexadecimal.
        incomplete: reasons why the corpus differs from the public release, a phrase each.
        clips: identifiers of the clips to score, in evaluation order; with split "all", alternately from each split.
        splits: pairs (split, its identifiers among `clips`) where clips of both splits are scored; else empty.
    """

    source: Source
    manifest: Manifest
    fingerprint: str
    incomplete: tuple[str, ...]
    clips: tuple[str, ...]
    splits: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @classmethod
    def of(cls, source: Source, corpus: Corpus, split: str, wanted: int, fixed: Manifest | None = None) -> CorpusView:
        """Choose the first clips of a split, or of both splits, in evaluation order.

        Args:
            source: data root and settings with which the corpus was opened.
            corpus: the opened corpus.
            split: "train", "validation" or "all".
            wanted: largest number of clips to choose.
            fixed: manifest whose clips are chosen instead of the corpus's own, if it is one of this corpus.

        Raises:
            UnknownNameError: there is no such split.
            DataError: the split has no clips, or the corpus does not have the clips of the fixed manifest.
        """
        if split not in (*SPLITS, ALL):
            raise UnknownNameError("split", split, (*SPLITS, ALL))
        manifests = [corpus.manifest(split)] if split != ALL else _both(corpus)
        orders = {manifest.split: [item.id for item in manifest.evaluation()] for manifest in manifests}
        if fixed is not None and fixed.corpus == corpus.name:
            orders = {fixed.split: clips_of(fixed, corpus)}
        # zip_longest takes the n-th clip of every split before the next clip of any; None fills up a shorter split.
        alternating = itertools.chain.from_iterable(itertools.zip_longest(*orders.values()))
        clips = tuple(itertools.islice((clip for clip in alternating if clip is not None), wanted))
        chosen = set(clips)
        splits = tuple((name, tuple(clip for clip in order if clip in chosen)) for name, order in orders.items())
        return cls(
            source,
            manifests[0],
            fingerprint(corpus),
            (*corpus.completeness(), *changed_settings(corpus.name, source)),
            clips,
            splits if split == ALL else (),
        )

    def with_seen(self, corpus: Corpus, count: int) -> CorpusView:
        """Return the view with seen clips added: the first of the training split, which every training uses.

        Args:
            corpus: the opened corpus.
            count: largest number of clips to add; none is added where the training split has no clips.
        """
        manifest = manifest_or_none(corpus, SEEN)
        if manifest is None or self.manifest.split == SEEN or self.splits:
            return self
        seen = tuple(item.id for item in manifest.evaluation()[:count])
        splits = ((self.manifest.split, self.clips), (SEEN, seen))
        return dataclasses.replace(self, clips=self.clips + seen, splits=splits)

    def clips_of(self, split: str | None) -> tuple[str, ...]:
        """Return the clips of one split, in evaluation order; None: all clips that are scored."""
        return self.clips if split is None else dict(self.splits)[split]

    def stored(self) -> ViewCorpus:
        """Return the facts about the corpus that a report needs, in the form in which the view is stored."""
        name = self.manifest.corpus
        return ViewCorpus(
            description=registry.corpus(name).description or name,
            fingerprint=self.fingerprint,
            samples=self.manifest.samples,
            sample_rate=self.manifest.sample_rate,
            incomplete=self.incomplete,
            clips=self.clips,
            splits=dict(self.splits),
        )


def open_corpus(name: str, data_root: Path | None, wanted: Changes) -> tuple[Source, Corpus]:
    """Open a registered corpus with its default settings, changed as requested.

    Args:
        name: registered name of the corpus.
        data_root: folder that holds the corpus in its public layout; None for a corpus that ships with hsbench.
        wanted: changes of settings; those of other corpora and of models are ignored.

    Returns:
        The source (data root and resolved settings), and the opened corpus.

    Raises:
        UnknownNameError: there is no such corpus or setting.
        UsageError: a setting has an impossible value, the data root is not UTF-8, or the code of a plug-in raised an
            exception.
    """
    descriptor = registry.corpus(name)
    if data_root is not None:
        check_utf8("--data-root", data_root)
    settings = dict(descriptor.defaults)
    for key, value in wanted.get(name, {}).items():
        if key not in settings:
            raise UnknownNameError(f"setting of {name}", key, settings)
        settings[key] = changes.cast(f"{name}.{key}", settings[key], value)
    source = Source(None if data_root is None else data_root.resolve(), freeze(settings))
    return source, registry.call(descriptor, registry.call(descriptor, descriptor.load), source)


def _both(corpus: Corpus) -> list[Manifest]:
    """Return the manifests of the splits that have clips, validation first.

    Raises:
        DataError: no split has clips; the message is the one of `corpus.manifest`.
    """
    candidates = (manifest_or_none(corpus, split) for split in reversed(SPLITS))
    manifests = [manifest for manifest in candidates if manifest is not None]
    return manifests or [corpus.manifest(SPLITS[0])]


def changed_settings(name: str, source: Source) -> list[str]:
    """Return the changed settings of a corpus as one reason why its numbers cannot be compared; empty without any.

    Args:
        name: registered name of the corpus.
        source: data root and settings with which it was opened.
    """
    defaults = registry.corpus(name).defaults
    changed = [f"{key}={value}" for key, value in source.settings if value != defaults[key]]
    return [f"corpus settings changed: {'; '.join(changed)}"] if changed else []
