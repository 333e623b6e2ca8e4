"""Target networks over many coordinates, evaluated in tiles of clips and times that stay in cache, on all cores.

The loss of a batch is a sum over its clips and coordinates,

    L = sum over tiles of L_tile,    so    dL/dw = sum over tiles of dL_tile/dw,

and a tile can be evaluated forward and backward before the next one begins: activations of one tile are in memory at a
time, and nothing but rounding depends on the size of a tile. Tiles are given to the cores in a fixed order and their
gradients are added in a fixed order, so the same number of threads gives the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import torch

from hsbench import cores
from hsbench.fit import precision
from hsbench.models.targets.form import PLAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hsbench.models.targets.base import TargetNet
    from hsbench.models.targets.form import Form

    Params = Mapping[str, torch.Tensor]

TILE = {"cpu": (4, 1024), "cuda": (1 << 30, 1 << 30)}
"""Clips and times of a tile: on a CPU as many as keep a layer's activations in cache, on a GPU all of them."""


class Tile(NamedTuple):
    """Some clips at some times."""

    clips: slice
    times: slice

    def of(self, values: torch.Tensor) -> torch.Tensor:
        """Return the tile's part of values [batch, time]."""
        return values[self.clips, self.times]


@dataclass(frozen=True)
class Tiles:
    """A target network that is evaluated tile by tile.

    Attributes:
        net: the target network.
        clips: largest number of clips of a tile.
        times: largest number of coordinates of a tile.
        policy: precision of the hidden layers' matrix products, see hsbench.fit.precision.
        form: how a tile is evaluated, see hsbench.models.targets.form.
    """

    net: TargetNet
    clips: int
    times: int
    policy: str = "fp32"
    form: Form = PLAIN

    def apply(self, folded: Params, features: torch.Tensor) -> torch.Tensor:
        """Evaluate everything at once, in the policy's precision.

        Args:
            folded: parameters as `TargetNet.fold` returns them, {name: [batch or 1, *shape]}.
            features: [batch or 1, inputs, time].

        Returns:
            [batch, time].
        """
        with precision.hidden(self.policy, features.device):
            return precision.full(self.net.evaluate(folded, features, self.form))

    def by_core(self, params: Params, features: torch.Tensor) -> list[list[Tile]]:
        """Return the tiles of each core."""
        batch, time = _extent(params, features)
        tiles = [
            Tile(slice(clip, clip + self.clips), slice(first, first + self.times))
            for clip in range(0, batch, self.clips)
            for first in range(0, time, self.times)
        ]
        workers = min(cores.count(features.device), len(tiles))
        return [tiles[worker::workers] for worker in range(workers)]

    def single(self, params: Params, features: torch.Tensor) -> bool:
        """Return whether one tile holds all clips and coordinates."""
        batch, time = _extent(params, features)
        return batch <= self.clips and time <= self.times

    def play(self, params: Params, features: torch.Tensor) -> torch.Tensor:
        """Evaluate the networks without recording gradients.

        Args:
            params: {name: [batch or 1, *shape]}.
            features: [batch or 1, inputs, time].

        Returns:
            [batch, time], float32 at least.
        """
        with torch.no_grad():
            folded = self.net.fold(params)
        waveforms = features.new_empty(_extent(params, features))

        @torch.no_grad()
        def evaluate(tiles: Sequence[Tile]) -> None:
            for tile in tiles:
                tile.of(waveforms).copy_(self.apply(_clips(folded, tile), _part(features, tile)))

        cores.together([partial(evaluate, tiles) for tiles in self.by_core(params, features)])
        return waveforms

    def backward(
        self, params: Params, features: torch.Tensor, loss: Callable[[torch.Tensor, Tile], torch.Tensor]
    ) -> torch.Tensor:
        """Propagate the gradients of a loss that is a sum over clips and times back to the tensors behind `params`.

        Args:
            params: {name: [batch or 1, *shape]}.
            features: [batch or 1, inputs, time].
            loss: (output of the tile's clips at its times [clips, time], the tile) -> their share of the loss [clips].

        Returns:
            The loss of each clip, [batch], detached.
        """
        folded, batch = self.net.fold(params), _extent(params, features)[0]

        def work(tiles: Sequence[Tile]) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
            losses, copies = features.new_zeros(batch), _Copies(folded)
            for tile in tiles:
                share = loss(self.apply(copies.at(tile), _part(features, tile)), tile)
                with precision.propagating(self.policy, features.device):
                    share.sum().backward()  # type: ignore[no-untyped-call]
                losses[tile.clips] += share.detach()
            return losses, copies.gradients()

        (losses, total), *others = cores.together([partial(work, tiles) for tiles in self.by_core(params, features)])
        for more, gradients in others:
            losses += more
            torch._foreach_add_(list(total.values()), list(gradients.values()))
        torch.autograd.backward(list(folded.values()), list(total.values()))
        return losses


class _Copies:
    """One core's own parameters of each tile's clips, in which autograd collects the gradients of that core's tiles."""

    def __init__(self, folded: Params) -> None:
        self.whole = {name: value.detach() for name, value in folded.items()}
        self.parts: dict[int, tuple[Tile, dict[str, torch.Tensor]]] = {}

    def at(self, tile: Tile) -> dict[str, torch.Tensor]:
        """Return the parameters of a tile's clips."""
        first: int = tile.clips.start
        if first not in self.parts:
            self.parts[first] = tile, {k: v.detach().requires_grad_() for k, v in _clips(self.whole, tile).items()}
        return self.parts[first][1]

    def gradients(self) -> dict[str, torch.Tensor]:
        """Return the gradients {name: [batch or 1, *shape]}, zero for clips without a tile on this core."""
        total = {name: torch.zeros_like(value) for name, value in self.whole.items()}
        for tile, copies in self.parts.values():
            for name, part in _clips(total, tile).items():
                gradient = copies[name].grad
                assert gradient is not None, name
                part.add_(gradient)
        return total


def _extent(params: Params, features: torch.Tensor) -> tuple[int, int]:
    """Clips and times."""
    return max(features.shape[0], *(value.shape[0] for value in params.values())), features.shape[2]


def _clips(params: Params, tile: Tile) -> dict[str, torch.Tensor]:
    """The parameters of a tile's clips, views."""
    return {name: value if value.shape[0] == 1 else value[tile.clips] for name, value in params.items()}


def _part(features: torch.Tensor, tile: Tile) -> torch.Tensor:
    """The features of a tile."""
    return (features if features.shape[0] == 1 else features[tile.clips])[:, :, tile.times]
