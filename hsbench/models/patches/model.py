"""What the two patch-wise INRs share: training by the shared loop, reconstruction patch by patch, decoding at any time.

A subclass says how a network is built, what one training step is, and how the latents of a clip are found.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
import torch

from hsbench import cores
from hsbench.errors import UsageError
from hsbench.fit import checkpoint
from hsbench.fit.precision import pin
from hsbench.models import quantise
from hsbench.models.base import CHECKPOINT, NETWORK, Payload, Reconstruction, verdict
from hsbench.models.coding import payload
from hsbench.models.patches import cutting
from hsbench.models.patches.siren import evaluate
from hsbench.models.patches.tiles import Tiles
from hsbench.models.patches.training import train

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from hsbench.audio.clip import Clip
    from hsbench.models.base import Context, Training
    from hsbench.models.patches.network import SharedSIREN
    from hsbench.models.patches.training import Step

Network = TypeVar("Network", bound=torch.nn.Module)


class PatchModel(ABC, Generic[Network]):
    """A model that stores a latent for each patch of a clip.

    Args:
        name: registered name of the model.
        patch: samples per patch.
        latent: numbers stored per patch.
        latent_format: number format in which a clip's latents are stored, see hsbench.models.quantise.
    """

    name: str
    version = 1
    group = 16
    tile = 12
    """Patches of a tile on a CPU, see hsbench.models.patches.tiles."""

    def __init__(self, name: str, patch: int, latent: int, latent_format: str = quantise.FULL) -> None:
        self.name, self.patch, self.latent = name, patch, latent
        self.bits = quantise.BITS.get(quantise.check(latent_format, "latent_format"))
        self.network: Network | None = None

    @abstractmethod
    def build(self, context: Context) -> Network:
        """Return an untrained network of the sizes that settings and budget state, on the CPU."""

    @abstractmethod
    def siren(self) -> SharedSIREN:
        """Return the shared SIREN of the network."""

    @abstractmethod
    def step(self, tiles: Tiles, context: Context) -> Step:
        """Return the training step, patches [patches, samples] -> loss, which sets the gradients of the network.

        It obeys the rules of hsbench.fit.graphs.Recorded.

        Args:
            tiles: how to work on the patches.
            context: the context of the run.
        """

    @abstractmethod
    def encode(self, patches: torch.Tensor, tiles: Tiles, context: Context) -> torch.Tensor:
        """Return the latents of a clip: [patches, samples] -> [patches, latent]."""

    @property
    def trained(self) -> Network:
        """The network, which `fit` trains or loads."""
        assert self.network is not None, "call fit first"
        return self.network

    def gradient_steps(self) -> int:
        """Return the number of gradient steps that `encode` makes."""
        return 0

    def run(self) -> int:
        """Return how many successive patches a training window holds."""
        return 1

    def fit(self, train_clips: Training, context: Context) -> Mapping[str, Any]:
        """Train the network, or load it from context.kept where an earlier process has trained it.

        Args:
            train_clips: clips of the training split.
            context: seed, settings and folders of the run.

        Returns:
            Facts of the training, see hsbench.models.patches.training.train, with seconds and total (trained
            parameters, which all clips share).

        Raises:
            UsageError: a setting is out of range, or there are no training clips.
            DataError: the network in context.kept was trained with other settings.
        """
        device = pin(context.device, context.threads)
        self.network = self.build(context).to(device)
        file = context.kept / NETWORK
        if (trained := checkpoint.read(file)) is not None:
            tensors, facts = trained
            checkpoint.restore(self.network, tensors, file)
            return facts
        start = time.perf_counter()
        facts = train(self, train_clips, context, device)
        facts |= {
            "seconds": round(time.perf_counter() - start, 1),
            "total": sum(parameter.numel() for parameter in self.network.parameters()),
        }
        checkpoint.write(file, self.network.state_dict(), facts)
        (context.kept / CHECKPOINT).unlink(missing_ok=True)
        return facts

    @torch.no_grad()
    def reconstruct(self, clips: Sequence[Clip], context: Context) -> Iterator[Reconstruction]:
        """Encode and decode clips of any length, one by one.

        The facts of a clip hold its border error (see hsbench.models.patches.cutting).
        """
        for done, clip in enumerate(clips, start=1):
            start = time.perf_counter()
            with cores.claimed() as threads:
                latents, estimate, stream = self.coded(clip.waveform, context, threads)
            seconds = time.perf_counter() - start
            border = cutting.border_error(clip.waveform, estimate, self.patch)
            facts: dict[str, Any] = {} if border is None else {"border_error": round(border, 6)}
            if stream is not None:
                facts |= payload.parts(stream, self._shapes(len(latents)), self.bits)
            yield Reconstruction(
                clip_id=clip.id,
                waveform=estimate,
                payload=Payload(latents.size, 32 * latents.size if stream is None else 8 * len(stream)),
                seconds=seconds,
                status=verdict(clip.waveform, estimate),
                steps=self.gradient_steps(),
                weights={"latents": latents},
                facts=facts,
                stream=stream,
            )
            context.progress(done, len(clips))

    def rebuilt(
        self, waveform: NDArray[np.float32], context: Context, threads: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the latents [patches, latent] and the estimate [samples] of one clip; arguments as for `coded`."""
        latents, estimate, _ = self.coded(waveform, context, threads)
        return latents, estimate

    def coded(
        self, waveform: NDArray[np.float32], context: Context, threads: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], bytes | None]:
        """Return the latents [patches, latent], the estimate [samples] and, where there is one, the stream of a clip.

        Latents that are stored in few bits are those that were decoded from the stream.

        Args:
            waveform: [samples].
            context: the context of the run.
            threads: number of tiles that are worked on at once.
        """
        siren = self.siren()
        tiles = Tiles(siren.first.device, threads, self.tile)
        patches = torch.from_numpy(cutting.cut(waveform, self.patch)).to(siren.first.device)
        latents = self.encode(patches, tiles, context)
        stream = None
        if self.bits is not None:
            stored = payload.stored({quantise.LATENTS: latents.t()[None]}, self.bits)
            latents, (stream,) = stored.params[quantise.LATENTS][0].t().contiguous(), stored.streams
        grid = cutting.coordinates(self.patch, patches)
        decoded = tiles.evaluate(siren.weights(), siren.shifts(latents), grid).cpu().numpy()
        return latents.cpu().numpy(), cutting.join(decoded, waveform.size), stream

    def pack(self, weights: Mapping[str, NDArray[np.float32]]) -> bytes:
        """Return a clip's payload as bytes (see hsbench.models.base.Streaming)."""
        return payload.pack({quantise.LATENTS: torch.from_numpy(weights["latents"]).t()}, self.bits)

    def unpack(self, stream: bytes, samples: int) -> Mapping[str, NDArray[np.float32]]:
        """Return the latents that a clip's payload holds (see hsbench.models.base.Streaming)."""
        shapes = self._shapes(cutting.count(samples, self.patch))
        latents = payload.unpack(stream, shapes, self.bits)[quantise.LATENTS]
        return {"latents": np.ascontiguousarray(latents.T)}

    def _shapes(self, patches: int) -> Mapping[str, tuple[int, ...]]:
        """Return the shape of what is stored of a clip of some patches."""
        return {quantise.LATENTS: (self.latent, patches)}

    @torch.no_grad()
    def play(
        self, weights: Mapping[str, NDArray[np.float32]], coordinates: NDArray[np.float64], context: Context
    ) -> NDArray[np.float32]:
        """Decode one clip at any times from its latents (see hsbench.models.base.FunctionOfTime).

        Between two patches, a time belongs to the nearer one; the estimate jumps there by the border error.

        Args:
            weights: {"latents": [patches, latent]}, as in the clip's `Reconstruction.weights`.
            coordinates: [time], from -1 at the clip's first sample to 1 at its last.
            context: the context in which the network was trained.

        Returns:
            [time], the waveform at these times.
        """
        siren = self.siren()
        device = siren.first.device
        shifts = siren.shifts(torch.from_numpy(weights["latents"]).to(device))
        patch, within = cutting.located(coordinates, context.samples, self.patch)
        waveform = np.zeros(coordinates.size, np.float32)
        for number in np.unique(patch):
            here = patch == number
            if number >= len(shifts):
                raise UsageError(f"a clip of {context.samples} samples has more patches than the {len(shifts)} given.")
            grid = torch.from_numpy(within[here]).float().to(device)
            waveform[here] = evaluate(siren.weights(), shifts[number : number + 1], grid)[0].cpu().numpy()
        return waveform
