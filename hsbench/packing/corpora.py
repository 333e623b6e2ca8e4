"""The corpora of packed results, as far as this machine has them in the same form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench import registry
from hsbench.corpora.base import Source, fingerprint
from hsbench.errors import HsbenchError
from hsbench.spec import freeze

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hsbench.corpora.base import Corpus
    from hsbench.results.view import View


def source_of(name: str) -> Source:
    """Return the source of a corpus that ships with hsbench, with its default settings."""
    return Source(None, freeze(registry.corpus(name).defaults))


def opened(views: Iterable[View]) -> dict[str, Corpus]:
    """Return fingerprint -> corpus, for every corpus of some views that opens here with the same fingerprint."""
    found = {}
    for name, wanted in {(name, corpus.fingerprint) for view in views for name, corpus in view.corpora.items()}:
        try:
            corpus: Corpus = registry.corpus(name).load()(source_of(name))
            if fingerprint(corpus) == wanted:
                found[wanted] = corpus
        except HsbenchError:
            continue
    return found
