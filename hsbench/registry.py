"""The registry: names of models, metrics, corpora and experiments, and the descriptor of each.

A module below hsbench/models, metrics, corpora or experiments registers what it defines in a list:

    DESCRIPTORS = [ModelDescriptor("my-model", "hsbench.models.mine:Mine", summary="...")]

`hsbench list` imports every such module, so none of them may import torch or another slow package at its top. Other
packages register their descriptors through the entry-point groups hsbench.models, hsbench.metrics, hsbench.corpora
and hsbench.experiments, and a file that is given to --import calls `register`.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hsbench.descriptors import (
    CLASSES,
    CorpusDescriptor,
    Descriptor,
    ExperimentDescriptor,
    MetricDescriptor,
    ModelDescriptor,
    load_target,
)
from hsbench.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.metadata import EntryPoint

__all__ = [
    "KINDS",
    "corpus",
    "experiment",
    "get",
    "import_file",
    "load_target",
    "metric",
    "model",
    "names",
    "register",
]

KINDS = tuple(CLASSES)
"""The kinds of registered things: models, metrics, corpora, experiments."""

_DECLARES = re.compile(r"^DESCRIPTORS\b", re.MULTILINE)


def get(kind: str, name: str) -> Descriptor:
    """Return the descriptor of a name.

    Raises:
        UnknownNameError: no such kind, or nothing of that kind has the name; the message suggests the nearest name.
    """
    table = _table(kind)
    if name not in table:
        raise UnknownNameError(CLASSES[kind].noun, name, table, see=f"hsbench list {kind}")
    return table[name]


def model(name: str) -> ModelDescriptor:
    """Return the descriptor of a model; raises as `get` does."""
    descriptor = get("models", name)
    assert isinstance(descriptor, ModelDescriptor)
    return descriptor


def metric(name: str) -> MetricDescriptor:
    """Return the descriptor of a metric; raises as `get` does."""
    descriptor = get("metrics", name)
    assert isinstance(descriptor, MetricDescriptor)
    return descriptor


def corpus(name: str) -> CorpusDescriptor:
    """Return the descriptor of a corpus; raises as `get` does."""
    descriptor = get("corpora", name)
    assert isinstance(descriptor, CorpusDescriptor)
    return descriptor


def experiment(name: str) -> ExperimentDescriptor:
    """Return the descriptor of an experiment; raises as `get` does."""
    descriptor = get("experiments", name)
    assert isinstance(descriptor, ExperimentDescriptor)
    return descriptor


def names(kind: str) -> list[str]:
    """Return all registered names of a kind, sorted."""
    return sorted(_table(kind))


def register(descriptor: Descriptor) -> None:
    """Add a descriptor at run time, as a file that is given to --import does.

    Raises:
        UsageError: the descriptor is of no known class, or its name is taken; the message then names both owners.
    """
    if not isinstance(descriptor, tuple(CLASSES.values())):
        raise UsageError(
            f"register expects one of {', '.join(cls.__name__ for cls in CLASSES.values())} of hsbench.descriptors, "
            f"got {type(descriptor).__name__}; declare what you register as one of them."
        )
    _add(_table(descriptor.kind), descriptor)
    if _running_files:
        _from_file.setdefault(_running_files[-1], []).append(descriptor)


_running_files: list[Path] = []
"""Files that `import_file` runs at the moment, the innermost last."""
_from_file: dict[Path, list[Descriptor]] = {}
"""File -> what it registered when it ran last."""


def import_file(path: Path) -> None:
    """Run a Python file so that it can register what it defines.

    A file that ran before in this process, as in a notebook, runs again, and what it registered then is replaced.

    Raises:
        UsageError: there is no such file, or it raises.
    """
    path = path.resolve()
    if not path.is_file():
        raise UsageError(f"--import expects a Python file, but {path} is none; check the path.")
    name = f"hsbench_import_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"--import expects a Python file (*.py), got {path.name}.")
    for descriptor in _from_file.pop(path, ()):
        _table(descriptor.kind).pop(descriptor.name, None)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    _running_files.append(path)
    try:
        spec.loader.exec_module(module)
    except UsageError:
        raise
    except Exception as error:
        raise UsageError(f"--import {path.name} stopped with {error!r}; repair the file.") from error
    finally:
        _running_files.pop()


@functools.cache
def _table(kind: str) -> dict[str, Descriptor]:
    if kind not in KINDS:
        raise UnknownNameError("registry", kind, KINDS)
    table: dict[str, Descriptor] = {}
    for module in _declaring_modules(kind):
        _add_all(table, kind, importlib.import_module(module).DESCRIPTORS, f"the module {module}")
    _add_entry_points(table, kind)
    return table


def _declaring_modules(kind: str) -> Iterator[str]:
    """Names of the modules below hsbench/<kind> with a line that starts with DESCRIPTORS.

    The text is searched first because importing all modules to look for the list would import torch.
    """
    package = Path(__file__).parent
    for path in sorted((package / kind).rglob("*.py")):
        if _DECLARES.search(path.read_text(encoding="utf-8")):
            yield ".".join((package.name, *path.relative_to(package).with_suffix("").parts))


@functools.cache
def _entry_points() -> dict[str, tuple[EntryPoint, ...]]:
    """Kind -> entry points of all installed packages, read once for all kinds: each reading takes milliseconds."""
    from importlib.metadata import entry_points

    installed = entry_points()
    return {kind: tuple(installed.select(group=f"hsbench.{kind}")) for kind in KINDS}


def _add_entry_points(table: dict[str, Descriptor], kind: str) -> None:
    for point in _entry_points()[kind]:
        try:
            loaded = point.load()
        except Exception as error:
            raise UsageError(
                f"the plug-in {point.value!r} (group {point.group}) cannot be imported ({error!r}); "
                "repair or uninstall it."
            ) from error
        _add_all(table, kind, loaded, f"the plug-in {point.value!r}")


def _add_all(table: dict[str, Descriptor], kind: str, loaded: Any, source: str) -> None:
    """Add one descriptor, or a list of them, after a check of their class."""
    for descriptor in loaded if isinstance(loaded, list | tuple) else [loaded]:
        if not isinstance(descriptor, CLASSES[kind]):
            raise UsageError(
                f"{source} should give an hsbench.descriptors.{CLASSES[kind].__name__} in the group hsbench.{kind}, "
                f"got {type(descriptor).__name__}; tell its author."
            )
        _add(table, descriptor)


def _add(table: dict[str, Descriptor], descriptor: Descriptor) -> None:
    other = table.get(descriptor.name)
    if other is not None:
        raise UsageError(
            f"two packages register the {descriptor.noun} {descriptor.name!r}: "
            f"{other.origin} ({other.target}) and {descriptor.origin} ({descriptor.target}); rename one of them."
        )
    table[descriptor.name] = descriptor
