"""Names: what models, metrics, corpora and experiments there are, without importing any of them.

A descriptor is torch-free. The built-in ones are literals: a module of hsbench/models, metrics, corpora or
experiments declares `DESCRIPTORS = [{...}, ...]`, which is read from its source text, so that listing a hundred
models costs no import and adding one touches its own file only. Other packages offer `Descriptor` objects through the
entry-point groups hsbench.models, hsbench.metrics, hsbench.corpora and hsbench.experiments.
"""

from __future__ import annotations

import ast
import functools
import importlib
import importlib.util
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hsbench.errors import BackendMissingError, UnknownNameError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS = ("models", "metrics", "corpora", "experiments")
_SINGULAR = {"models": "model", "metrics": "metric", "corpora": "corpus", "experiments": "experiment"}


@dataclass(frozen=True)
class Descriptor:
    """What can be said of a registered thing without importing it.

    Attributes:
        kind: one of KINDS.
        name: what users type.
        target: "module:attribute", imported by `load`.
        version: raised whenever its numbers move.
        summary: one line for `hsbench list`.
        needs: importable modules without which it cannot run.
        defaults: settings and their values; `--set name.key=value` changes them.
        budgets: for a model, budget name -> the training part of its settings.
        switches: for a model, the protocol switches that it reads (the others stay out of its key).
        info: facts of its kind (for a metric, the fields of MetricInfo; for a corpus, licence and citation).
        resolve: "module:function" (settings, switches, samples) -> settings, completes derived settings.
        operations: "module:function" (settings, training, samples) -> hsbench.widths.Operations, for estimates.
        places: for a model, settings that say where something lies -> what it is, such as {"path": "DIR"}. They are
            None until given, reach the model and stay out of its key; `resolve` puts the content there instead.
        extra: the optional extra of hsbench that installs what it needs.
        playing: for a model, settings that say how a fitted thing is played and not how it is fitted. A cell in which
            they differ from the defaults plays what the cell with the defaults fitted (see hsbench.results.base_cell).
        origin: the package that owns it.
    """

    kind: str
    name: str
    target: str
    version: int = 1
    summary: str = ""
    needs: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    budgets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    switches: tuple[str, ...] = ()
    info: Mapping[str, Any] = field(default_factory=dict)
    resolve: str | None = None
    operations: str | None = None
    places: Mapping[str, str] = field(default_factory=dict)
    extra: str | None = None
    playing: tuple[str, ...] = ()
    origin: str = "hsbench"

    def missing(self) -> tuple[str, ...]:
        """The needed modules that cannot be found here."""
        return tuple(name for name in self.needs if not _found(name))

    def load(self) -> Any:
        """Import the thing itself.

        Raises:
            BackendMissingError: a needed module is not installed.
        """
        if missing := self.missing():
            raise BackendMissingError(
                f"{_SINGULAR[self.kind]} {self.name!r} needs {', '.join(missing)}, which is not installed; "
                f"install it with: {self.remedy()}"
            )
        return load_target(self.target)

    def not_given(self, settings: Mapping[str, Any]) -> str | None:
        """What the user has to add before it can run, where that is an extra or a place; else None.

        Args:
            settings: as resolved, places included.
        """
        if self.extra is not None and self.missing():
            return f"not given: {self.remedy()}"
        for key, what in self.places.items():
            if settings[key] is None:
                return f"not given: --set {self.name}.{key}={what}"
        return None

    def remedy(self) -> str:
        """The command that installs what is missing."""
        if self.extra is not None:
            return f"pip install 'hsbench[{self.extra}]'"
        return f"pip install {' '.join(self.missing())}"


def load_target(target: str) -> Any:
    """Import "module:attribute"."""
    module, _, attribute = target.partition(":")
    return getattr(importlib.import_module(module), attribute)


def get(kind: str, name: str) -> Descriptor:
    """The descriptor of a name.

    Raises:
        UnknownNameError: nothing has that name; the message suggests the nearest.
    """
    table = _table(kind)
    if name not in table:
        raise UnknownNameError(_SINGULAR[kind], name, table, see=f"hsbench list {kind}")
    return table[name]


def names(kind: str) -> list[str]:
    """All registered names of a kind, sorted."""
    return sorted(_table(kind))


def register(descriptor: Descriptor) -> None:
    """Add a descriptor at run time (what a file given to --import calls).

    Raises:
        UsageError: the name is taken; the message names both owners.
    """
    _add(_table(descriptor.kind), descriptor)


def import_file(path: Path) -> None:
    """Run a Python file so that it can register what it defines.

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
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except UsageError:
        raise
    except Exception as error:
        raise UsageError(f"--import {path.name} stopped with {error!r}; repair the file.") from error


def _found(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


@functools.cache
def _table(kind: str) -> dict[str, Descriptor]:
    if kind not in KINDS:
        raise UnknownNameError("registry", kind, KINDS)
    table: dict[str, Descriptor] = {}
    for path in sorted((Path(__file__).parent / kind).rglob("*.py")):
        for literal in _literals(path):
            _add(table, Descriptor(kind=kind, **_tuples(literal)))
    _add_entry_points(table, kind)
    return table


def _add(table: dict[str, Descriptor], descriptor: Descriptor) -> None:
    other = table.get(descriptor.name)
    if other is not None:
        raise UsageError(
            f"two packages register the {_SINGULAR[descriptor.kind]} {descriptor.name!r}: "
            f"{other.origin} ({other.target}) and {descriptor.origin} ({descriptor.target}); rename one of them."
        )
    table[descriptor.name] = descriptor


def _literals(path: Path) -> list[dict[str, Any]]:
    """The DESCRIPTORS literal of a source file, read without running it."""
    text = path.read_text(encoding="utf-8")
    if "DESCRIPTORS" not in text:
        return []
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and any(getattr(t, "id", "") == "DESCRIPTORS" for t in node.targets):
            return _derived(ast.literal_eval(node.value))
    return []


def _derived(literals: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Literals with `like` filled up from the one of that name before it; budgets are merged key by key."""
    done: dict[str, dict[str, Any]] = {}
    for literal in literals:
        base = done.get(literal.pop("like", ""), {})
        budgets = {name: dict(training) for name, training in base.get("budgets", {}).items()}
        for name, training in literal.get("budgets", {}).items():
            budgets[name] = budgets.get(name, {}) | training
        done[literal["name"]] = {**base, **literal, "budgets": budgets}
    return list(done.values())


def _tuples(literal: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in literal.items()}


def _add_entry_points(table: dict[str, Descriptor], kind: str) -> None:
    from importlib.metadata import entry_points

    for point in entry_points(group=f"hsbench.{kind}"):
        try:
            loaded = point.load()
        except Exception as error:
            raise UsageError(
                f"the plug-in {point.value!r} (group {point.group}) cannot be imported ({error!r}); "
                "repair or uninstall it."
            ) from error
        for descriptor in loaded if isinstance(loaded, list | tuple) else [loaded]:
            if not isinstance(descriptor, Descriptor) or descriptor.kind != kind:
                raise UsageError(
                    f"the plug-in {point.value!r} should give an hsbench.registry.Descriptor of kind {kind!r}, "
                    f"got {type(descriptor).__name__}; tell its author."
                )
            _add(table, descriptor)
