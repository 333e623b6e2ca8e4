"""The header of the streams of a cell's clips."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hsbench import registry
from hsbench.models.coding.container import Header
from hsbench.results.base_cell import base_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hsbench.spec import Cell


def header_of(cell: Cell, weights: Mapping[str, Any] | None, total: int) -> Header:
    """Return the header of a stream.

    Args:
        cell: the cell that encodes.
        weights: parameters of one of the clips, {name: array}; None where there are none.
        total: length of the sound, in samples.
    """
    return Header(
        model=cell.model.name,
        version=cell.model.version,
        settings=dict(cell.model.settings),
        network=network_key(cell),
        sample_rate=cell.corpus["sample_rate"],
        samples=cell.corpus["samples"],
        total=total,
        shapes={name: list(value.shape) for name, value in (weights or {}).items()},
    )


def network_key(cell: Cell) -> str | None:
    """Return the key of the cell whose network decodes the clips of a cell; None where no network is needed."""
    if not registry.model(cell.model.name).trains:
        return None
    return (base_of(cell) or cell).key
