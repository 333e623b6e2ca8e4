"""Individual INRs: one target network fitted to each clip. The upper bound of Table 2d.

Several clips are fitted side by side, and no operation mixes them, so a fit that diverges leaves the others untouched.
On a CPU the fit of a clip is bit-equal whatever is fitted beside it and however many threads there are; on a GPU it is
what it would be alone up to rounding (see hsbench.models.inr.steps). Each clip starts from random weights of its own;
with `shared_start` all start from the same, so that distances between fitted weights mean something (figure4). With
`start="learned"` all start from one set of weights that `fit` learned from the training split, so that few steps are
enough (hsbench.models.inr.start). The start does not belong to the payload of a clip: all clips share it.

Protocol switches: inr_loss, inr_siren_init, inr_output, bad_fit_is_status, width_at_cr_1 (see hsbench.protocols).
Status: "diverged" where the output is not finite or its power exceeds 1000 times the clip's; "collapsed" where its
power is below a thousandth.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from hsbench.errors import UsageError
from hsbench.fit import compilation, loop
from hsbench.fit.precision import pin
from hsbench.fit.recipe import Recipe
from hsbench.models import quantise
from hsbench.models.base import NETWORK, Payload, Reconstruction, verdict
from hsbench.models.coding import payload
from hsbench.models.inr.coordinates import Coordinates
from hsbench.models.inr.curve import Curve
from hsbench.models.inr.descriptors import LEARNED
from hsbench.models.inr.disturb import checked_noise, checked_stride, disturbed, fitted_to
from hsbench.models.inr.rounding import NEVER, Rounding
from hsbench.models.inr.start import learned
from hsbench.models.inr.steps import BatchSteps, ClipSteps, decode
from hsbench.models.targets import create
from hsbench.models.targets.base import grid
from hsbench.models.targets.tiles import TILE, Tiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from hsbench.audio.clip import Clip
    from hsbench.models.base import Context, Training
    from hsbench.models.inr.steps import Params, Step
    from hsbench.models.targets.base import TargetNet

LOSSES: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {"l1": torch.abs, "mse": torch.square}


class IndividualINR:
    """One target network per clip, which `reconstruct` optimises; `fit` learns where the optimisation starts, if asked.

    Args:
        kind: kind of the target network, such as "fmlp", "siren" or "finer".
        width: units of each hidden layer.
        layers: number of hidden layers.
        compression_ratio: ignored, since `width` states the size exactly.
        start: "random" for random initial weights, "learned" for those that `fit` learns.
        shared_start: whether all clips start from the same random weights; a learned start is always shared.
        weight_format: number format in which a clip's weights are stored, see hsbench.models.quantise.
        weight_noise: standard deviation of the noise that is added to the fitted weights before they are stored, in
            parts of the root mean square of each tensor; 0 for none.
        fit_stride: 1 to fit to every sample. At s, the clip is low-passed to 1 / s of its band, the network is fitted
            to every s-th sample, and the estimate is the network at all samples: at s times the rate of the fit.
        finetune_bits: number of bits to which the last quarter of the steps rounds the weights that it evaluates, so
            that the fit adapts to a weight format; None rounds nothing.
        network: settings of the target network's kind, such as omega_0 or encoding_length.
    """

    version = 2
    group = 16

    def __init__(
        self,
        kind: str,
        width: int,
        layers: int,
        compression_ratio: float,
        start: str,
        shared_start: bool,
        weight_format: str,
        finetune_bits: int | None,
        weight_noise: float = 0.0,
        fit_stride: int = 1,
        **network: Any,
    ) -> None:
        del compression_ratio  # width says it exactly
        self.learns = start == LEARNED
        self.shared_start = shared_start or self.learns
        self.start: Params | None = None
        self.name, self.form = f"inr-{kind}", quantise.check(weight_format)
        self.noise, self.stride = checked_noise(weight_noise), checked_stride(fit_stride)
        self.finetune_bits = quantise.check_bits(finetune_bits, f"{self.name}.finetune_bits")
        self.net = create(kind, [width] * layers, **network)

    def fit(self, train: Training, context: Context) -> Mapping[str, Any] | None:
        """Learn the start, or load it from context.kept; do nothing where the starts are random.

        Args:
            train: clips of the training split.
            context: seed, settings and folders of the run.

        Returns:
            Facts of the training, see hsbench.models.inr.start.learned; None where nothing is learned.

        Raises:
            UsageError: there are no training clips, or a setting is out of range.
            DataError: the start in context.kept belongs to a network of another size.
        """
        decodes = context.fitted is not None and not (context.kept / NETWORK).exists()
        if not self.learns or decodes:  # a cell that decodes what another one fitted needs no start
            return None
        device, self.start = pin(context.device, context.threads), None
        initial = {name: value[0] for name, value in self._initial(["start"], context, device).items()}

        def build(params: Params, coordinates: Coordinates) -> Step:
            return _steps(self.net, params, coordinates, context)

        self.start, facts = learned(self.net, initial, build, train, context)
        return facts

    def reconstruct(self, clips: Sequence[Clip], context: Context) -> Iterator[Reconstruction]:
        """Fit all clips of the group side by side, or take what another cell fitted, and play them.

        Raises:
            UsageError: the clips are not equally long, or a training setting is out of range.
        """
        if {clip.waveform.size for clip in clips} != {context.samples}:
            raise UsageError(
                f"individual INRs are fitted to clips of {context.samples} samples; prepare the corpus in equal blocks."
            )
        device = pin(context.device, context.threads)
        if context.fitted is None:
            params, seconds, steps = self._fit(clips, context, device)
        else:
            params, seconds, steps = self._given([context.fitted(clip.id) for clip in clips], device), 0.0, 0
        params = dict(disturbed(params, self.noise, [clip.id for clip in clips], context.key))
        stored = payload.stored(params, quantise.BITS[self.form]) if self.form in quantise.BITS else None
        params = params if stored is None else stored.params
        with compilation.uncompiled(context.fast):
            output = self._play(params, grid(context.samples), device)
        for index, clip in enumerate(clips):
            stream = None if stored is None else stored.streams[index]
            yield Reconstruction(
                clip_id=clip.id,
                waveform=output[index],
                payload=Payload(self.net.count(), 32 * self.net.count() if stream is None else 8 * len(stream)),
                seconds=seconds,
                status=verdict(clip.waveform, output[index]),
                steps=steps,
                weights={name: value[index].detach().cpu().numpy() for name, value in params.items()},
                facts={} if stream is None else payload.parts(stream, self.net.shapes(), quantise.BITS[self.form]),
                stream=stream,
            )

    def pack(self, weights: Mapping[str, NDArray[np.float32]]) -> bytes:
        """Return a clip's payload as bytes (see hsbench.models.base.Streaming)."""
        return payload.pack(
            {name: torch.from_numpy(weights[name]) for name in self.net.shapes()}, quantise.BITS.get(self.form)
        )

    def unpack(self, stream: bytes, samples: int) -> Mapping[str, NDArray[np.float32]]:
        """Return the parameters that a clip's payload holds (see hsbench.models.base.Streaming)."""
        del samples
        return payload.unpack(stream, self.net.shapes(), quantise.BITS.get(self.form))

    def _fit(
        self, clips: Sequence[Clip], context: Context, device: torch.device
    ) -> tuple[dict[str, torch.Tensor], float, int]:
        """Parameters {name: [batch, *shape]}, seconds per clip and steps."""
        if self.learns and self.start is None:
            raise UsageError(
                f"start=learned needs a training split to learn from, and {self.name} was given none; run it in an "
                "experiment, or choose start=random."
            )
        recipe = _recipe(context)
        target = torch.from_numpy(np.stack([fitted_to(clip.waveform, self.stride) for clip in clips])).to(device)
        features = self.net.features(grid(context.samples)[:, :: self.stride]).to(device)
        params = self._initial([clip.id for clip in clips], context, device, list(target.cpu()))
        if context.fast:
            compilation.keep_code()
            self.net.compile()
        coordinates = Coordinates(features, target, context.training["coordinates"], context.key)
        rounding = Rounding.last(self.finetune_bits, recipe.updates)
        steps = _steps(self.net, params, coordinates, context, rounding)
        group = hashlib.sha256(" ".join(clip.id for clip in clips).encode()).hexdigest()[:16]
        curve = Curve([clip.id for clip in clips], steps, context)
        hooks = loop.Hooks(
            record=curve.record,
            progress=lambda done: context.progress(done * len(clips), recipe.updates * len(clips)),
            checkpoint=context.scratch / f"fit-{group}.safetensors",
            compiling=context.compiling if context.fast else None,
        )
        recordable = steps.recordable if context.fast else None
        seconds = loop.optimise(steps.parameters, steps, recipe, hooks, recordable) / len(clips)
        return steps.result(), seconds, recipe.updates

    def _given(
        self, fitted: Sequence[Mapping[str, NDArray[np.float32]]], device: torch.device
    ) -> dict[str, torch.Tensor]:
        """Parameters of several clips, [batch, *shape] each."""
        return {
            name: torch.stack([torch.from_numpy(one[name]) for one in fitted]).to(device) for name in self.net.shapes()
        }

    def play(
        self, weights: Mapping[str, NDArray[np.float32]], coordinates: NDArray[np.float64], context: Context
    ) -> NDArray[np.float32]:
        """A clip's INR at any times [time] in [-1, 1], from the parameters that its reconstruction has."""
        device, times = pin(context.device, context.threads), torch.from_numpy(coordinates).float().view(1, -1, 1)
        played: NDArray[np.float32] = self._play(self._given([weights], device), times, device)[0]
        return played

    def _play(
        self, params: Mapping[str, torch.Tensor], times: torch.Tensor, device: torch.device
    ) -> NDArray[np.float32]:
        """[1, time, 1] -> [batch, time]."""
        features = self.net.features(times).to(device)
        if device.type == "cpu":
            decoded = decode(self.net, params, features, torch.get_num_threads())
        else:
            decoded = Tiles(self.net, *TILE[device.type]).play(params, features).cpu()
        waveform: NDArray[np.float32] = decoded.numpy()
        return waveform

    def _initial(
        self,
        ids: Sequence[str],
        context: Context,
        device: torch.device,
        waveforms: Sequence[torch.Tensor] | None = None,
    ) -> dict[str, torch.Tensor]:
        """Return the parameters that the fits of some clips start from: {name: [batch, *shape]}.

        They are the learned start, or drawn from a seed of each clip, or from one seed where all clips share them.

        Args:
            ids: identifiers of the clips.
            context: has the seed.
            device: where the parameters are put.
            waveforms: the clips [samples], which some initial values follow; None where there are no clips yet.
        """
        if self.start is not None:
            return {name: torch.stack([value.to(device)] * len(ids)) for name, value in self.start.items()}
        divisor = context.switches.get("inr_siren_init", "omega_i")
        seeds = [context.key("init", *([] if self.shared_start else [clip_id])) for clip_id in ids]
        followed: Sequence[torch.Tensor | None] = waveforms or [None] * len(seeds)
        drawn = [
            self.net.draw(torch.Generator().manual_seed(seed), divisor, waveform)
            for seed, waveform in zip(seeds, followed, strict=True)
        ]
        return {name: torch.stack([parameters[name] for parameters in drawn]).to(device) for name in self.net.shapes()}


def _steps(
    net: TargetNet, params: Params, coordinates: Coordinates, context: Context, rounding: Rounding = NEVER
) -> Step:
    """The steps of a device."""
    loss, policy = LOSSES[context.switches["inr_loss"]], context.training.get("precision", "fp32")
    if context.device == "cpu":
        return ClipSteps(net, params, coordinates, loss, context.threads, policy, rounding)
    return BatchSteps(net, params, coordinates, loss, policy, rounding=rounding)


def _recipe(context: Context) -> Recipe:
    training = context.training
    steps = training["steps"]
    if not isinstance(steps, int) or steps < 1:
        raise UsageError(f"steps expects a whole number from 1, got {steps!r}.")
    if training["coordinates"] is not None and not 1 <= training["coordinates"] <= context.samples:
        raise UsageError(
            f"coordinates expects a whole number from 1 to {context.samples} or none for all, "
            f"got {training['coordinates']!r}."
        )
    updates = steps - 1 if context.switches["inr_output"] == "before_last_update" else steps
    return Recipe(steps, updates, training["schedule"], float(training["learning_rate"]))
