"""What a cell stands on: a corpus as one request sees it, opened, with its clips chosen.

Nothing here loads audio; neither torch nor pandas is imported.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hsbench import registry
from hsbench.corpora.base import SPLITS, Source, fingerprint, manifest_or_none
from hsbench.errors import UnknownNameError, UsageError
from hsbench.spec import freeze

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hsbench.corpora.base import Corpus, Manifest


ALL = "all"
"""The name of both splits together."""


@dataclass(frozen=True)
class Ground:
    """One corpus of a request.

    Attributes:
        source: where it is read from.
        manifest: of the split that is scored; of both, the first that has clips.
        fingerprint: of the whole corpus, all splits.
        incomplete: why it is not the public release as published.
        clips: ids to score, in evaluation order; of both splits, by turns.
        splits: (split, its clips among these), where both are scored.
    """

    source: Source
    manifest: Manifest
    fingerprint: str
    incomplete: tuple[str, ...]
    clips: tuple[str, ...]
    splits: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @classmethod
    def of(cls, source: Source, corpus: Corpus, split: str, wanted: int) -> Ground:
        """Open a split, or both, and choose the first `wanted` clips of the evaluation order.

        Raises:
            UnknownNameError: no such split.
            DataError: it is empty.
        """
        if split not in (*SPLITS, ALL):
            raise UnknownNameError("split", split, (*SPLITS, ALL))
        manifests = [corpus.manifest(split)] if split != ALL else _both(corpus)
        orders = {one.split: [item.id for item in one.evaluation()] for one in manifests}
        turns = itertools.chain.from_iterable(itertools.zip_longest(*orders.values()))
        clips = tuple(itertools.islice((clip for clip in turns if clip is not None), wanted))
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

    def view(self) -> dict[str, Any]:
        """What a report needs to know of it."""
        name = self.manifest.corpus
        return {
            "description": registry.get("corpora", name).info.get("description", name),
            "incomplete": list(self.incomplete),
            "fingerprint": self.fingerprint,
            "samples": self.manifest.samples,
            "sample_rate": self.manifest.sample_rate,
            "clips": list(self.clips),
            **({"splits": {name: list(clips) for name, clips in self.splits}} if self.splits else {}),
        }


def _both(corpus: Corpus) -> list[Manifest]:
    """The manifests of the splits that have clips, validation first.

    Raises:
        DataError: neither has any; the sentence is the corpus's own.
    """
    found = [one for split in reversed(SPLITS) if (one := manifest_or_none(corpus, split)) is not None]
    return found or [corpus.manifest(SPLITS[0])]


def open_corpus(name: str, data_root: Path | None, texts: Sequence[str]) -> tuple[Source, Corpus]:
    """A registered corpus at a data root, with "name.key=value" changes of its settings; others are passed over.

    Raises:
        UnknownNameError: there is no such corpus or setting.
    """
    descriptor = registry.get("corpora", name)
    settings = dict(descriptor.defaults)
    for key, value in changes(texts).get(name, {}).items():
        if key not in settings:
            raise UnknownNameError(f"setting of {name}", key, settings)
        settings[key] = cast(f"{name}.{key}", settings[key], value)
    source = Source(None if data_root is None else data_root.resolve(), freeze(settings))
    return source, descriptor.load()(source)


def changes(texts: Sequence[str]) -> dict[str, dict[str, Any]]:
    """{name: {key: value}} of "name.key=value" texts; a value is JSON where it can be, else text.

    Raises:
        UsageError: a text has another form.
    """
    found: dict[str, dict[str, Any]] = {}
    for text in texts:
        left, equals, value = text.partition("=")
        name, dot, key = left.rpartition(".")
        if not (equals and dot and name and key):
            raise UsageError(f"--set expects model.key=value, such as inr-siren.omega_0=500, got {text!r}.")
        try:
            parsed = json.loads({"none": "null", "None": "null", "True": "true", "False": "false"}.get(value, value))
        except ValueError:
            parsed = value
        found.setdefault(name, {})[key] = parsed
    return found


def cast(name: str, default: Any, value: Any) -> Any:
    """A value in the type of its default, so that 2 and 2.0 make one key.

    Raises:
        UsageError: it is of another type.
    """
    if isinstance(default, str) and value is None:
        return "none"
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(default, float) and number:
        return float(value)
    fits = {
        bool: isinstance(value, bool),
        int: isinstance(value, int) and number,
        float: number,
        str: isinstance(value, str),
    }
    if isinstance(default, str) and number:
        return str(value)
    if default is not None and value is not None and not fits.get(type(default), True):
        raise UsageError(f"--set {name} expects a {type(default).__name__} such as {default!r}, got {value!r}.")
    return value


def _changed(name: str, source: Source) -> list[str]:
    """Settings of the corpus that are not its defaults, as a reason against comparing."""
    defaults = registry.get("corpora", name).defaults
    changed = [f"{key}={value}" for key, value in source.settings if value != defaults[key]]
    return [f"corpus settings changed: {'; '.join(changed)}"] if changed else []
