"""Changes of settings, as --set takes them: "model.key=value" or "corpus.key=value"."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hsbench.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Changes = Mapping[str, Mapping[str, Any]]
    """{model or corpus: {setting: value}}."""

_WORDS = {"none": "null", "None": "null", "True": "true", "False": "false"}
"""What people write -> what JSON calls it."""


def parse(texts: Iterable[str]) -> Changes:
    """Read changes that are texts; a value is JSON where it can be, else text.

    Args:
        texts: each "name.key=value".

    Returns:
        {name of the model or corpus: {key: value}}.

    Raises:
        UsageError: a text has another form.
    """
    values: dict[str, Any] = {}
    for text in texts:
        left, equals, value = text.partition("=")
        if not equals:
            raise _wrong(text)
        try:
            values[left] = json.loads(_WORDS.get(value, value))
        except ValueError:
            values[left] = value
    return nested(values)


def nested(values: Mapping[str, Any]) -> Changes:
    """Sort changes by what they change.

    Args:
        values: "name.key" -> value.

    Returns:
        {name of the model or corpus: {key: value}}.

    Raises:
        UsageError: a name has another form.
    """
    changes: dict[str, dict[str, Any]] = {}
    for dotted, value in values.items():
        name, dot, key = dotted.rpartition(".")
        if not (dot and name and key):
            raise _wrong(dotted)
        changes.setdefault(name, {})[key] = value
    return changes


def _wrong(text: str) -> UsageError:
    return UsageError(f"--set expects model.key=value, such as inr-siren.omega_0=500, got {text!r}.")


def cast(name: str, default: Any, value: Any) -> Any:
    """Return a value in the type of its default, so that 2 and 2.0 make one key.

    Args:
        name: "model.key", for the message.
        default: the present value of the setting.
        value: what the user wants in its place.

    Raises:
        UsageError: the value is of another type.
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
