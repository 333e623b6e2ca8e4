"""A manifest file that fixes which clips are scored, whichever blocks a corpus has where the run is made.

The published validation set is the first 512 clips of a random permutation of all prepared blocks, so it depends on the
number of blocks: a corpus with one file more or less gives other clips. `hsbench corpus prepare` writes the manifest of
each split; `--manifest FILE` scores the clips of that file, in its evaluation order, on any machine that has them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hsbench.corpora.base import Item, Manifest, items
from hsbench.errors import DataError
from hsbench.files import read_json

if TYPE_CHECKING:
    from pathlib import Path

    from hsbench.corpora.base import Corpus


def read_manifest(path: Path) -> Manifest:
    """Read a manifest file.

    Args:
        path: a file manifest-<split>.json that `hsbench corpus prepare` wrote.

    Raises:
        DataError: the file does not exist, is no manifest, or was altered after it was written.
    """
    try:
        document: Any = read_json(path)
        manifest = Manifest(
            document["corpus"],
            document["version"],
            document["split"],
            document["sample_rate"],
            tuple(sorted(document["preparation"].items())),
            tuple(Item(**item) for item in document["items"]),
        )
        altered = manifest.fingerprint != document["fingerprint"]
    except FileNotFoundError as error:
        raise DataError(
            f"--manifest expects a file that hsbench corpus prepare wrote, and {path} does not exist."
        ) from error
    except (DataError, OSError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise DataError(
            f"--manifest expects a file manifest-<split>.json that hsbench corpus prepare wrote, and {path} is none "
            f"({error!r})."
        ) from error
    if altered:
        raise DataError(
            f"{path} was altered after it was written: its fingerprint is another; prepare the corpus again."
        )
    return manifest


def clips_of(manifest: Manifest, corpus: Corpus) -> list[str]:
    """Return the ids of a manifest's clips in evaluation order, after checking that a corpus has the same clips.

    Args:
        manifest: from a file.
        corpus: opened; a clip may be in any of its splits.

    Raises:
        DataError: the corpus lacks a clip, or has another sound under its id.
    """
    known = items(corpus)
    for item in manifest.items:
        here = known.get(item.id)
        if here is None:
            raise DataError(f"--manifest names the clip {item.id!r}, and corpus {corpus.name!r} has none of that name.")
        if (here.sha256, here.offset, here.samples) != (item.sha256, item.offset, item.samples):
            raise DataError(
                f"--manifest names the clip {item.id!r}, and that of corpus {corpus.name!r} has other samples; prepare "
                "the corpus from the same files with the same settings."
            )
    return [item.id for item in manifest.evaluation()]
