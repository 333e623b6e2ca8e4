"""A corpus as one request sees it: opened, with its clips chosen.

Nothing here loads audio; neither torch nor pandas is imported.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hsbench import registry
from hsbench.corpora.base import SPLITS, Source, fingerprint, manifest_or_none
from hsbench.errors import UnknownNameError
from hsbench.planning import changes
from hsbench.results.view import ViewCorpus
from hsbench.spec import freeze

if TYPE_CHECKING:
    from pathlib import Path

    from hsbench.corpora.base import Corpus, Manifest
    from hsbench.planning.changes import Changes


ALL = "all"
"""The name of both splits together."""


@dataclass(frozen=True)
class CorpusView:
    """One corpus of a request.

    Attributes:
        source: where it is read from.
        manifest: of the split that is scored; of both, the first that has clips.
        fingerprint: SHA-256 over all splits of the corpus, hexadecimal.
        incomplete: reasons why it is not the public release as published.
        clips: ids to score, in evaluation order; where both splits are scored, taken from them in turn.
        splits: (split, its clips among these), where both are scored.
    """

    source: Source
    manifest: Manifest
    fingerprint: str
    incomplete: tuple[str, ...]
    clips: tuple[str, ...]
    splits: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @classmethod
    def of(cls, source: Source, corpus: Corpus, split: str, wanted: int) -> CorpusView:
        """Open a split, or both, and choose the first `wanted` clips of the evaluation order.

        Raises:
            UnknownNameError: no such split.
            DataError: it is empty.
        """
        if split not in (*SPLITS, ALL):
            raise UnknownNameError("split", split, (*SPLITS, ALL))
        manifests = [corpus.manifest(split)] if split != ALL else _both(corpus)
        orders = {one.split: [item.id for item in one.evaluation()] for one in manifests}
        in_turn = itertools.chain.from_iterable(itertools.zip_longest(*orders.values()))
        clips = tuple(itertools.islice((clip for clip in in_turn if clip is not None), wanted))
        chosen = set(clips)
        splits = tuple((name, tuple(clip for clip in order if clip in chosen)) for name, order in orders.items())
        return cls(
            source,
            manifests[0],
            fingerprint(corpus),
            (*corpus.completeness(), *_changed(corpus.name, source)),
            clips,
            splits if split == ALL else (),
        )

    def stored(self) -> ViewCorpus:
        """Return what a report needs to know of it, as the view keeps it."""
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
    """Open a registered corpus at a data root, with changes of its settings; changes of other things are passed over.

    Args:
        name: as registered.
        data_root: folder that holds the corpus in its public layout.
        wanted: changes of settings.

    Raises:
        UnknownNameError: there is no such corpus or setting.
    """
    descriptor = registry.corpus(name)
    settings = dict(descriptor.defaults)
    for key, value in wanted.get(name, {}).items():
        if key not in settings:
            raise UnknownNameError(f"setting of {name}", key, settings)
        settings[key] = changes.cast(f"{name}.{key}", settings[key], value)
    source = Source(None if data_root is None else data_root.resolve(), freeze(settings))
    return source, descriptor.load()(source)


def _both(corpus: Corpus) -> list[Manifest]:
    """Return the manifests of the splits that have clips, validation first.

    Raises:
        DataError: neither has any; the sentence is the corpus's own.
    """
    manifests = [one for split in reversed(SPLITS) if (one := manifest_or_none(corpus, split)) is not None]
    return manifests or [corpus.manifest(SPLITS[0])]


def _changed(name: str, source: Source) -> list[str]:
    """Settings of the corpus that are not its defaults, as a reason against comparing."""
    defaults = registry.corpus(name).defaults
    changed = [f"{key}={value}" for key, value in source.settings if value != defaults[key]]
    return [f"corpus settings changed: {'; '.join(changed)}"] if changed else []
