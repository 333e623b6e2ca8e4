"""The three named readings of the HyperSound paper, as switches.

* `reference`: what the published code does (WUT-AI/hypersound at commit 1455c27), i.e. what made the tables;
* `paper`: what the text of arXiv 2302.04959 says;
* `fixed-1` (also `fixed`): the reference, mended where it is plainly broken. It is frozen; a change makes `fixed-2`.

A model names the switches that it reads; only those enter its cells' keys.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hsbench.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ALIASES = MappingProxyType({"fixed": "fixed-1"})

PROTOCOLS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "reference": MappingProxyType(
            {
                "width_at_cr_1": 90,
                "inr_loss": "l1",
                "inr_siren_init": "omega_0",
                "inr_output": "before_last_update",
                "bad_fit_is_status": False,
            }
        ),
        "paper": MappingProxyType(
            {
                "width_at_cr_1": None,
                "inr_loss": "mse",
                "inr_siren_init": "omega_i",
                "inr_output": "after_last_update",
                "bad_fit_is_status": False,
            }
        ),
        "fixed-1": MappingProxyType(
            {
                "width_at_cr_1": None,
                "inr_loss": "l1",
                "inr_siren_init": "omega_i",
                "inr_output": "before_last_update",
                "bad_fit_is_status": True,
            }
        ),
    }
)


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
