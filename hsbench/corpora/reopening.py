"""Open a corpus of earlier results again, if this machine has it in the same form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench import registry
from hsbench.corpora.base import Source, fingerprint
from hsbench.errors import HsbenchError
from hsbench.spec import freeze

if TYPE_CHECKING:
    from hsbench.corpora.base import Corpus


def shipped(name: str) -> Source:
    """Return the source of a corpus that ships with hsbench, with its default settings."""
    return Source(None, freeze(registry.corpus(name).defaults))


def reopened(name: str, wanted: str) -> Corpus | None:
    """Return a corpus if it opens here with its default settings and a fingerprint; None otherwise.

    Args:
        name: registered name of the corpus.
        wanted: its fingerprint, see hsbench.corpora.base.fingerprint.
    """
    try:
        corpus: Corpus = registry.corpus(name).load()(shipped(name))
        return corpus if fingerprint(corpus) == wanted else None
    except HsbenchError:
        return None
