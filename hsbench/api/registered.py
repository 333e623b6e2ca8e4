"""Registered models, metrics, corpora and experiments, and the plug-in files that register more."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from hsbench import registry
from hsbench.corpora.listing import check_utf8

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hsbench.descriptors import Descriptor as Descriptor

KINDS = registry.KINDS


def descriptors(kind: str) -> list[Descriptor]:
    """Return the descriptors of one kind, sorted by name, without importing the described code.

    Args:
        kind: "models", "metrics", "corpora" or "experiments".

    Raises:
        UnknownNameError: there is no such kind.
    """
    return [registry.get(kind, name) for name in registry.names(kind)]


def import_files(paths: Iterable[Path] | None) -> tuple[str, ...]:
    """Run plug-in files, which register models, metrics, corpora or experiments.

    Args:
        paths: Python files; None for no file.

    Returns:
        The absolute paths, which worker processes need to run the same files.

    Raises:
        UsageError: a file does not exist, or raises an error.
    """
    files = [Path(os.path.realpath(path)) for path in paths or ()]  # Path.resolve raises for a loop of links
    for path in files:
        registry.import_file(check_utf8("--import", path))
    return tuple(str(path) for path in files)
