"""Work on many patches in tiles: on a CPU a few patches at a time, spread over the threads; on a GPU all at once.

A tile has a fixed number of patches and is computed by one thread, and the gradients of the tiles are added in their
order. So the result is bit-equal for every number of threads (hsbench.models.inr.steps states the reasons). The size of
a tile is the model's: it keeps the activations that are in use at a time in the cache of a core. With 256 samples and
48 units, one layer of 12 patches is 590 kB.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

import torch

from hsbench import cores
from hsbench.models.patches.siren import Weights, evaluate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Result = TypeVar("Result")


class Tiles:
    """Evaluate functions of tiles.

    Args:
        device: device of the patches.
        threads: number of tiles that are worked on at once on a CPU; results do not depend on it.
        size: patches of a tile on a CPU.
    """

    def __init__(self, device: torch.device, threads: int, size: int) -> None:
        self.size = size if device.type == "cpu" else 1 << 30
        self.threads = threads

    def of(self, patches: int) -> list[slice]:
        """Return the tiles that cover a number of patches."""
        return [slice(first, min(first + self.size, patches)) for first in range(0, patches, self.size)]

    def map(self, function: Callable[[slice], Result], patches: int) -> list[Result]:
        """Call a function with every tile and return the results in the order of the tiles.

        Args:
            function: takes a tile, a slice of the patches.
            patches: number of patches.
        """
        tiles = self.of(patches)
        workers = min(self.threads, len(tiles))
        with cores.claimed():
            by_worker = cores.together([partial(_each, function, tiles[worker::workers]) for worker in range(workers)])
        return [by_worker[index % workers][index // workers] for index in range(len(tiles))]

    @torch.no_grad()
    def evaluate(self, weights: Weights, shifts: torch.Tensor, coordinates: torch.Tensor) -> torch.Tensor:
        """Evaluate the shared network: shifts [patches, layers, width] -> [patches, samples].

        Args:
            weights: shared parameters.
            shifts: shifts of all patches.
            coordinates: [samples].
        """
        parts = self.map(lambda tile: evaluate(weights, shifts[tile], coordinates), shifts.shape[0])
        return torch.cat(parts)


def added(parts: Sequence[Weights]) -> Weights:
    """Return the sum of the gradients of several tiles, added in their order."""
    total = Weights(*(value.clone() for value in parts[0]))
    for part in parts[1:]:
        torch._foreach_add_(list(total), list(part))
    return total


@torch.no_grad()
def _each(function: Callable[[slice], Result], tiles: Sequence[slice]) -> list[Result]:
    """Call a function with the tiles of one worker; gradients are computed by hand, so none are recorded."""
    return [function(tile) for tile in tiles]
