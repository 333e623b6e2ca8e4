"""The training corpus of one request: a corpus that models learn from while the clips of another corpus are scored.

Its training split replaces that of the scored corpus, and nothing else of it is used. A model has one clip format, so
both corpora need the same sample rate, and a training clip must not be shorter than a scored clip; the beginning of a
longer one is used (hsbench.corpora.base.Clips). No audio is loaded here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hsbench import registry
from hsbench.corpora.base import fingerprint
from hsbench.errors import UsageError
from hsbench.planning.corpus_view import changed_settings, open_corpus
from hsbench.results.view import ViewTrainCorpus
from hsbench.spec import Part, freeze

if TYPE_CHECKING:
    from pathlib import Path

    from hsbench.corpora.base import Manifest, Source
    from hsbench.planning.changes import Changes


@dataclass(frozen=True)
class TrainingCorpus:
    """The training corpus of a request.

    Attributes:
        source: data root and settings with which the corpus is opened.
        manifest: manifest of its training split.
        fingerprint: SHA-256 over all splits of the corpus, hexadecimal.
        incomplete: reasons why the corpus differs from the public release, a phrase each.
    """

    source: Source
    manifest: Manifest
    fingerprint: str
    incomplete: tuple[str, ...]

    @classmethod
    def open(cls, name: str, data_root: Path | None, changes: Changes) -> TrainingCorpus:
        """Open a registered corpus to train on; arguments as for hsbench.planning.corpus_view.open_corpus.

        Raises:
            UnknownNameError: there is no such corpus or setting.
            UsageError: the corpus needs a data root, or a setting has an impossible value.
            DataError: the corpus is not prepared, or its training split has no clips.
        """
        source, corpus = open_corpus(name, data_root, changes)
        manifest = corpus.manifest("train")
        return cls(source, manifest, fingerprint(corpus), (*corpus.completeness(), *changed_settings(name, source)))

    def part(self) -> Part:
        """Return the corpus as the part of a cell's specification."""
        content = {
            "fingerprint": self.fingerprint,
            "sample_rate": self.manifest.sample_rate,
            "samples": self.manifest.samples,
        }
        return Part(self.manifest.corpus, self.manifest.version, freeze(content))

    def stored(self) -> ViewTrainCorpus:
        """Return the facts about the corpus that a report needs, in the form in which the view is stored."""
        name = self.manifest.corpus
        description = registry.corpus(name).description or name
        return ViewTrainCorpus(name, description, self.fingerprint, self.incomplete)

    def require_format(self, scored: Manifest) -> None:
        """Raise unless a model that is trained on this corpus fits the clips of a scored corpus.

        Args:
            scored: manifest of the scored clips.

        Raises:
            UsageError: the sample rates differ, or the training clips are shorter than the scored ones.
        """
        own = self.manifest
        if own.sample_rate != scored.sample_rate:
            named = [name for name in (own.corpus, scored.corpus) if "sample_rate" in registry.corpus(name).defaults]
            rate = scored.sample_rate if named[:1] == [own.corpus] else own.sample_rate
            remedy = f"resample one: --set {named[0]}.sample_rate={rate}" if named else "choose another corpus"
            raise UsageError(
                f"--train-corpus expects a corpus of {scored.sample_rate} Hz as {scored.corpus} has, and {own.corpus} "
                f"has {own.sample_rate} Hz; {remedy}."
            )
        if own.samples < scored.samples:
            raise UsageError(
                f"--train-corpus expects clips of at least {scored.samples} samples as {scored.corpus} has, and those "
                f"of {own.corpus} have {own.samples}; change one: --set {own.corpus}.clip_samples={scored.samples} or "
                f"--set {scored.corpus}.clip_samples={own.samples}."
            )
