"""Changes of settings, as --set takes them: "model.key=value" or "corpus.key=value"."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hsbench.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORDS = {"none": "null", "None": "null", "True": "true", "False": "false"}
"""What people write -> what JSON calls it."""


def parse(texts: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Read changes; a value is JSON where it can be, else text.

    Returns:
        {name of the model or corpus: {key: value}}.

    Raises:
        UsageError: a text has another form.
    """
    changes: dict[str, dict[str, Any]] = {}
    for text in texts:
        left, equals, value = text.partition("=")
        name, dot, key = left.rpartition(".")
        if not (equals and dot and name and key):
            raise UsageError(f"--set expects model.key=value, such as inr-siren.omega_0=500, got {text!r}.")
        try:
            parsed = json.loads(_WORDS.get(value, value))
        except ValueError:
            parsed = value
        changes.setdefault(name, {})[key] = parsed
    return changes


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
