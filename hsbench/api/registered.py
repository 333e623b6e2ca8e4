"""What is registered: models, metrics, corpora and experiments, and the plug-in files that add to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench import registry

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from hsbench.descriptors import Descriptor as Descriptor

KINDS = registry.KINDS


def descriptors(kind: str) -> list[Descriptor]:
    """Return the descriptors of one kind, sorted by name; nothing that they describe is imported.

    Args:
        kind: models, metrics, corpora or experiments.

    Raises:
        UnknownNameError: there is no such kind.
    """
    return [registry.get(kind, name) for name in registry.names(kind)]


def import_files(paths: Iterable[Path] | None) -> tuple[str, ...]:
    """Run plug-in files, so that they register what they define.

    Args:
        paths: Python files; None is none.

    Returns:
        Their absolute paths, for the workers, which run them too.

    Raises:
        UsageError: a file does not exist, or stops with an error.
    """
    files = [path.resolve() for path in paths or ()]
    for path in files:
        registry.import_file(path)
    return tuple(str(path) for path in files)
