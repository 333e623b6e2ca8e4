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
import os
import re
import sys
import traceback
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
from hsbench.errors import HsbenchError, UnknownNameError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.metadata import EntryPoint

__all__ = [
    "KINDS",
    "call",
    "corpus",
    "declaring_modules",
    "entry_points",
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

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_DECLARES = re.compile(r"^DESCRIPTORS\b", re.MULTILINE)


def get(kind: str, name: str) -> Descriptor:
    """Return the descriptor of a registered name.

    Args:
        kind: one of KINDS.
        name: registered name.

    Raises:
        UnknownNameError: there is no such kind, or nothing of that kind has the name; the message suggests the
            nearest name.
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
        UsageError: the descriptor is of no known class, or another package has registered its name; the message then
            names both packages.
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
"""Files that `import_file` is running at this moment, the innermost last."""
_from_file: dict[Path, list[Descriptor]] = {}
"""File -> descriptors that it registered when it ran last."""


def import_file(path: Path) -> None:
    """Run a Python file so that it can register what it defines.

    A file that ran earlier in this process, as in a notebook, runs again; its earlier descriptors are replaced.

    Args:
        path: the Python file.

    Raises:
        UsageError: there is no such file, or the file raises an exception; the message names the file and the line.
    """
    path = Path(os.path.realpath(path))
    if not _is_file(path):
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
        _run(f"--import {path.name}", spec.loader.exec_module, module)
    finally:
        _running_files.pop()


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # such as a name that is too long
        return False


def call(descriptor: Descriptor, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function of a registered object in this process, and return its result.

    An exception of a plug-in becomes one sentence that names the object, the file and the line. An exception of an
    object of hsbench itself is a defect of hsbench and is not changed.

    Args:
        descriptor: descriptor of the object.
        function: the function, such as the `load` of the descriptor.
        *arguments: its arguments.

    Raises:
        UsageError: the code of a plug-in raised an exception.
        HsbenchError: the function raised one that is no UsageError; it is not changed.
    """
    if descriptor.target.startswith(f"{Path(__file__).parent.name}."):
        return function(*arguments)
    return _run(f"{descriptor.noun} {descriptor.name!r}", function, *arguments)


def _run(what: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function of a plug-in; `call` says what becomes of its exceptions.

    Args:
        what: the plug-in, for the message.
        function: the function.
        *arguments: its arguments.
    """
    try:
        return function(*arguments)
    except UsageError as error:
        raise UsageError(f"{what}: {error}") from error
    except HsbenchError:
        raise
    except (Exception, SystemExit) as error:
        text = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(": ")
        shown = text if len(text) <= 200 else f"{text[:200]} ..."
        raise UsageError(f"{what} stopped{_place(what, error)} with {shown}; repair it.") from error


def _place(what: str, error: BaseException) -> str:
    """Return the file and the line of a plug-in in which an exception arose, as text; "" if they are not known.

    Args:
        what: the plug-in, as the message names it.
        error: the exception.
    """
    if isinstance(error, SyntaxError) and error.filename is not None:
        return _line(what, error.filename, error.lineno)
    ours = str(Path(__file__).parent) + os.sep
    frames = [
        (frame.f_code.co_filename, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if not frame.f_code.co_filename.startswith((ours, "<", importlib.__file__))
    ]
    # The outermost frame that is not of hsbench is the plug-in's. Below it, the plug-in may have called other packages;
    # the last line of the plug-in's own file is the one to look at.
    lines = [line for file, line in frames if file == frames[0][0]]
    return _line(what, frames[0][0], lines[-1]) if lines else ""


def _line(what: str, file: str, number: int | None) -> str:
    """Return a line of a file as text, without the name of the file if `what` has it already."""
    name = Path(file).name
    return f" in line {number}" if name in what else f" in {name}, line {number},"


@functools.cache
def _table(kind: str) -> dict[str, Descriptor]:
    if kind not in KINDS:
        raise UnknownNameError("registry", kind, KINDS)
    table: dict[str, Descriptor] = {}
    for module in declaring_modules(kind):
        _add_all(table, kind, importlib.import_module(module).DESCRIPTORS, f"the module {module}")
    _add_entry_points(table, kind)
    return table


@functools.cache
def declaring_modules(kind: str) -> tuple[str, ...]:
    """Return the names of the modules below hsbench/<kind> that have a line starting with DESCRIPTORS.

    The files are searched as text, because importing every module to look for the list would import torch.
    """
    package = Path(__file__).parent
    return tuple(
        ".".join((package.name, *path.relative_to(package).with_suffix("").parts))
        for path in sorted((package / kind).rglob("*.py"))
        if _DECLARES.search(path.read_text(encoding="utf-8"))
    )


@functools.cache
def entry_points() -> dict[str, tuple[EntryPoint, ...]]:
    """Return kind -> entry points of all installed packages, read once because each reading takes milliseconds."""
    from importlib import metadata

    installed = metadata.entry_points()
    return {kind: tuple(installed.select(group=f"hsbench.{kind}")) for kind in KINDS}


def _add_entry_points(table: dict[str, Descriptor], kind: str) -> None:
    for point in entry_points()[kind]:
        try:
            loaded = point.load()
        except Exception as error:
            raise UsageError(
                f"the plug-in {point.value!r} (group {point.group}) cannot be imported ({error!r}); "
                "repair or uninstall it."
            ) from error
        _add_all(table, kind, loaded, f"the plug-in {point.value!r}")


def _add_all(table: dict[str, Descriptor], kind: str, loaded: Any, source: str) -> None:
    """Add one descriptor, or a list of descriptors, after checking the class of each.

    Args:
        table: name -> descriptor, which is changed in place.
        kind: one of KINDS.
        loaded: a descriptor, or a list or tuple of descriptors.
        source: the module or plug-in that the descriptors come from, for messages.
    """
    for descriptor in loaded if isinstance(loaded, list | tuple) else [loaded]:
        if not isinstance(descriptor, CLASSES[kind]):
            raise UsageError(
                f"{source} should give an hsbench.descriptors.{CLASSES[kind].__name__} in the group hsbench.{kind}, "
                f"got {type(descriptor).__name__}; tell its author."
            )
        _add(table, descriptor)


def _add(table: dict[str, Descriptor], descriptor: Descriptor) -> None:
    """Add a descriptor to a table.

    Raises:
        UsageError: the name cannot be part of a folder's name, the target has another form than "module:attribute", or
            another package has registered the name.
    """
    for attribute, form, valid in (
        ("name", "hold letters, digits, '.', '_' and '-' only", _NAME.fullmatch(str(descriptor.name))),
        ("target", "have the form module:attribute", ":" in str(descriptor.target)),
    ):
        value = getattr(descriptor, attribute)
        if not isinstance(value, str) or not valid:
            raise UsageError(
                f"the {attribute} of the {descriptor.noun} {descriptor.name!r} should {form}, got {value!r}; "
                "change it where it is registered."
            )
    other = table.get(descriptor.name)
    if other is not None:
        raise UsageError(
            f"two packages register the {descriptor.noun} {descriptor.name!r}: "
            f"{other.origin} ({other.target}) and {descriptor.origin} ({descriptor.target}); rename one of them."
        )
    table[descriptor.name] = descriptor
