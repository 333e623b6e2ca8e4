"""The three named readings of the HyperSound paper, as switches.

* `reference`: what the published code does (WUT-AI/hypersound at commit 1455c27), i.e. what made the tables;
* `paper`: what the text of arXiv 2302.04959 says;
* `fixed-1` (also `fixed`): the reference, mended where it is plainly broken. It is frozen; a change makes `fixed-2`.

A model names the switches that it reads; only those enter its cells' keys. Switches and their values come from
protocols.toml, the list of every point where paper and code part; hsbench.differences makes a page of it.
"""

from __future__ import annotations

import dataclasses
import functools
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hsbench.errors import DataError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterable

FILE = Path(__file__).with_name("protocols.toml")

ALIASES = MappingProxyType({"fixed": "fixed-1"})

AREAS = (
    "Optimisation",
    "Loss",
    "Encoder and hypernetwork",
    "Target network",
    "Data",
    "Metrics and evaluation",
)

_VALUES = {"reference": "reference", "paper": "paper_value", "fixed-1": "fixed"}
"""Protocol -> the attribute of a difference that holds its value."""


@dataclass(frozen=True)
class Difference:
    """One point where the paper and its reference code part, or where one of them is silent.

    Attributes:
        area: one of AREAS.
        item: what it is about.
        paper: what the text says.
        code: what the reference code does.
        hsbench: what hsbench does.
        consequence: what follows, where something does.
        switch: the protocol switch that decides it, or None where no protocol does.
        reference: the switch's value under protocol reference.
        paper_value: under protocol paper.
        fixed: under protocol fixed-1.
    """

    area: str
    item: str
    paper: str
    code: str
    hsbench: str
    consequence: str = ""
    switch: str | None = None
    reference: Any = None
    paper_value: Any = None
    fixed: Any = None

    def values(self) -> dict[str, Any]:
        """Protocol -> value of the switch, whose absence in the file is None."""
        return {protocol: getattr(self, attribute) for protocol, attribute in _VALUES.items()}


@functools.cache
def differences() -> tuple[Difference, ...]:
    """Every difference, in the order of the file.

    Raises:
        DataError: the file is missing or garbled.
    """
    return read(FILE)


def read(path: Path) -> tuple[Difference, ...]:
    """The differences that a TOML file lists.

    Raises:
        DataError: it is missing or garbled.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("difference")
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise ValueError("it has no [[difference]]")
        found = tuple(_difference(entry) for entry in entries)
        _refuse_twins([one.item for one in found])
        _refuse_twins([one.switch for one in found if one.switch])
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path} should list where the paper and its code part, but {error}; reinstall hsbench."
        ) from error
    return found


def _difference(entry: Mapping[str, Any]) -> Difference:
    """An entry of the file, checked key by key."""
    title, known = entry.get("item"), {field.name: field for field in dataclasses.fields(Difference)}
    for key, field in known.items():
        value = entry.get(key, field.default)
        if value is dataclasses.MISSING:
            raise ValueError(f"{title!r} has no {key}")
        if not isinstance(value, str | int | float | None if key in _VALUES.values() else str | None):
            raise ValueError(f"{title!r} has the {key} {value!r}")
    if unknown := entry.keys() - known:
        raise ValueError(f"{title!r} has the unknown key {min(unknown)!r}")
    if entry["area"] not in AREAS:
        raise ValueError(f"{title!r} has the unknown area {entry['area']!r}")
    if ("switch" in entry) != bool(entry.keys() & set(_VALUES.values())):
        raise ValueError(f"{title!r} has a switch without values or values without a switch")
    return Difference(**entry)


def _refuse_twins(names: list[str]) -> None:
    for one in names:
        if names.count(one) > 1:
            raise ValueError(f"{one!r} stands there twice")


class _Protocols(Mapping[str, Mapping[str, Any]]):
    """Protocol -> {switch: value}; the file is read when the first value is asked for."""

    def __getitem__(self, protocol: str) -> Mapping[str, Any]:
        return _tables()[protocol]

    def __iter__(self) -> Iterator[str]:
        return iter(_VALUES)

    def __len__(self) -> int:
        return len(_VALUES)


@functools.cache
def _tables() -> Mapping[str, Mapping[str, Any]]:
    decided = [(one.switch, one.values()) for one in differences() if one.switch]
    return {
        protocol: MappingProxyType({switch: values[protocol] for switch, values in decided}) for protocol in _VALUES
    }


PROTOCOLS: Mapping[str, Mapping[str, Any]] = _Protocols()


def name(protocol: str) -> str:
    """The full name of a protocol.

    Raises:
        UnknownNameError: there is none of that name.
    """
    full = ALIASES.get(protocol, protocol)
    if full not in PROTOCOLS:
        raise UnknownNameError("protocol", protocol, [*PROTOCOLS, *ALIASES])
    return full


def switches(protocol: str, read: Iterable[str]) -> dict[str, Any]:
    """The values of the switches that a model reads, under a protocol."""
    table = PROTOCOLS[name(protocol)]
    for switch in read:
        if switch not in table:
            raise UnknownNameError("protocol switch", switch, table)
    return {switch: table[switch] for switch in read}
