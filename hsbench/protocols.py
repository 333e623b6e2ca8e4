"""The named readings of the HyperSound paper, as switches.

* `reference`: what the published code does (WUT-AI/hypersound at commit 1455c27), which produced the tables;
* `paper`: what the text of arXiv 2302.04959 says;
* `fixed-2` (also `fixed`): `reference` with its evident errors corrected;
* `fixed-1`: the first such list. It differs in one point: a fit that diverged or collapsed has no scores.

The values of a protocol with a number are frozen; another correction would be a new protocol, `fixed-3`.

A switch is a choice that depends on the protocol, such as the loss of an individual INR. A model's descriptor lists the
switches that the model reads; no other switch enters the keys of its cells. Switches and their values come from
protocols.toml, which lists every point where paper and code differ; hsbench.differences renders that list as a page.
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

ALIASES = MappingProxyType({"fixed": "fixed-2"})

AREAS = (
    "Optimisation",
    "Loss",
    "Encoder and hypernetwork",
    "Target network",
    "Data",
    "Metrics and evaluation",
)

_VALUES = {"reference": "reference", "paper": "paper_value", "fixed-1": "fixed", "fixed-2": "fixed_2"}
"""Protocol -> attribute of Difference that holds the value of the switch under this protocol."""


@dataclass(frozen=True)
class Difference:
    """One point where the paper and its reference code differ, or where one of the two does not mention it.

    Attributes:
        area: one of AREAS.
        item: subject of the difference, in a few words.
        paper: what the text of the paper says.
        code: what the reference code does.
        hsbench: what hsbench does.
        consequence: effect of the difference, or "".
        switch: name of the protocol switch that decides, or None where the protocols do not differ.
        reference: value of the switch under the protocol `reference`.
        paper_value: value of the switch under the protocol `paper`.
        fixed: value of the switch under the protocol `fixed-1`.
        fixed_2: value of the switch under the protocol `fixed-2`; None where it is that of `fixed-1`.
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
    fixed_2: Any = None

    def values(self) -> dict[str, Any]:
        """Return protocol -> value of the switch; a value that the file leaves out is None."""
        values = {protocol: getattr(self, attribute) for protocol, attribute in _VALUES.items()}
        return {**values, "fixed-2": self.fixed if self.fixed_2 is None else self.fixed_2}


@functools.cache
def differences() -> tuple[Difference, ...]:
    """Return all differences, in the order of protocols.toml.

    Raises:
        DataError: the file is missing or malformed.
    """
    return read(FILE)


def read(path: Path) -> tuple[Difference, ...]:
    """Return the differences that a TOML file lists.

    Args:
        path: a file of the form of protocols.toml.

    Raises:
        DataError: the file is missing or malformed.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("difference")
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise ValueError("it has no [[difference]]")
        listed = tuple(_difference(entry) for entry in entries)
        _refuse_duplicates([difference.item for difference in listed])
        _refuse_duplicates([difference.switch for difference in listed if difference.switch])
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path} should list where the paper and its code differ, but {error}; reinstall hsbench."
        ) from error
    return listed


def _difference(entry: Mapping[str, Any]) -> Difference:
    """Return the difference that an entry of the file describes, after checking every key."""
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


def _refuse_duplicates(names: list[str]) -> None:
    for name in names:
        if (count := names.count(name)) > 1:
            raise ValueError(f"{name!r} is listed {count} times")


class _Protocols(Mapping[str, Mapping[str, Any]]):
    """Protocol -> {switch: value}; the file is read on the first access to a protocol."""

    def __getitem__(self, protocol: str) -> Mapping[str, Any]:
        return _tables()[protocol]

    def __iter__(self) -> Iterator[str]:
        return iter(_VALUES)

    def __len__(self) -> int:
        return len(_VALUES)


@functools.cache
def _tables() -> Mapping[str, Mapping[str, Any]]:
    """Return protocol -> {switch: value}, read-only."""
    switches = {difference.switch: difference.values() for difference in differences() if difference.switch is not None}
    return {
        protocol: MappingProxyType({switch: values[protocol] for switch, values in switches.items()})
        for protocol in _VALUES
    }


PROTOCOLS: Mapping[str, Mapping[str, Any]] = _Protocols()


def name(protocol: str) -> str:
    """Return the full name of a protocol, such as "fixed-1" for "fixed".

    Raises:
        UnknownNameError: no protocol has the name.
    """
    full = ALIASES.get(protocol, protocol)
    if full not in PROTOCOLS:
        raise UnknownNameError("protocol", protocol, [*PROTOCOLS, *ALIASES])
    return full


def switches(protocol: str, read: Iterable[str]) -> dict[str, Any]:
    """Return the values of the switches that a model reads.

    Args:
        protocol: name of the protocol, full or short.
        read: names of the switches.

    Raises:
        UnknownNameError: there is no such protocol or switch.
    """
    table = PROTOCOLS[name(protocol)]
    for switch in read:
        if switch not in table:
            raise UnknownNameError("protocol switch", switch, table)
    return {switch: table[switch] for switch in read}
