"""Changes of settings, as given with --set: "model.key=value" or "corpus.key=value"."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hsbench.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Changes = Mapping[str, Mapping[str, Any]]
    """Name of a model or corpus -> name of a setting -> its new value."""

_JSON_SPELLING = {"none": "null", "None": "null", "True": "true", "False": "false"}
"""Spelling of a constant on the command line or in Python -> its spelling in JSON."""


def parse(texts: Iterable[str]) -> Changes:
    """Parse changes written as texts; a value that is not valid JSON is kept as text.

    Args:
        texts: changes "name.key=value", where name is a model or a corpus and key one of its settings.

    Returns:
        Name of the model or corpus -> key -> value.

    Raises:
        UsageError: a text does not have this form.
    """
    values: dict[str, Any] = {}
    for text in texts:
        left, equals, value = text.partition("=")
        if not equals:
            raise _malformed(text)
        try:
            values[left] = json.loads(_JSON_SPELLING.get(value, value))
        except ValueError:
            values[left] = value
    return nested(values)


def nested(values: Mapping[str, Any]) -> Changes:
    """Group changes by the model or corpus that they belong to.

    Args:
        values: "name.key" -> value, where name is a model or a corpus and key one of its settings.

    Returns:
        Name of the model or corpus -> key -> value.

    Raises:
        UsageError: a name does not have the form "name.key".
    """
    changes: dict[str, dict[str, Any]] = {}
    for dotted, value in values.items():
        name, dot, key = dotted.rpartition(".")
        if not (dot and name and key):
            raise _malformed(dotted)
        changes.setdefault(name, {})[key] = value
    return changes


def _malformed(text: str) -> UsageError:
    return UsageError(f"--set expects model.key=value, such as inr-siren.omega_0=500, got {text!r}.")


def cast(name: str, default: Any, value: Any) -> Any:
    """Convert a value to the type of the setting's default, so that 2 and 2.0 give the same cell key.

    Args:
        name: the setting as "model.key", for the error message.
        default: default value of the setting; None accepts any type.
        value: the requested value.

    Raises:
        UsageError: the value has a type that the setting does not accept.
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
