"""The interface between hsbench and a model: what a model receives, what it must return, and the statuses of a clip.

Conventions:
    A waveform is [samples] float32 at full scale +-1.
    A payload counts only what must be stored for one clip, not what all clips share.
    A model that is a function of time can also be decoded between the samples of a clip (FunctionOfTime).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from hsbench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from hsbench.audio.clip import Clip
    from hsbench.audio.passages import Passages


NETWORK = "network.safetensors"
"""Name of the file in Context.kept that holds everything `fit` learned, as hsbench.fit.checkpoint writes it."""
CHECKPOINT = "training.safetensors"
"""Name of the file in Context.kept from which an unfinished `fit` resumes."""


@dataclass(frozen=True)
class Payload:
    """Size of the stored representation of one clip.

    Attributes:
        numbers: real numbers stored for the clip; samples / numbers is the compression ratio. Weights that all clips
            share do not count.
        bits: bits stored for the clip, or None where they are unknown.
    """

    numbers: int
    bits: int | None = None


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """One reconstructed clip and what is known about how it was made.

    Attributes:
        clip_id: identifier of the clip that was reconstructed.
        waveform: the estimate, [samples] float32, not limited to full scale.
        payload: size of the clip's stored representation.
        seconds: computing time of this clip; the time of a batch is divided evenly between its clips.
        status: "ok", or how the fit failed: "diverged" or "collapsed".
        steps: optimisation steps that were made for this clip; 0 for a model that does not optimise per clip.
        weights: parameters of the clip's own network, {name: array}; None for a model that has no such network.
        facts: further measurements of this clip that are worth keeping, {name: JSON scalar}.
        stream: the payload as bytes, from which the estimate was decoded; None for a model that writes none.
    """

    clip_id: str
    waveform: NDArray[np.float32]
    payload: Payload
    seconds: float
    status: str = "ok"
    steps: int = 0
    weights: Mapping[str, NDArray[np.float32]] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    stream: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Context:
    """Everything that a model may know about the run in which it works.

    Attributes:
        seed: seed of the cell.
        sample_rate: sample rate of all clips, in Hz.
        samples: length of every clip, in samples.
        switches: values of the protocol switches that the model's descriptor declares, by name.
        training: training settings of the budget, by name.
        device: "cpu" or "cuda".
        threads: number of CPU threads that the model may use.
        scratch: folder for checkpoints; it is emptied once a group of clips is recorded.
        kept: folder for what `fit` learned; it exists as long as the cell does.
        fitted: returns the parameters that another cell fitted for a clip, given the clip's identifier; None unless
            this cell only decodes the parameters of another cell (see hsbench.results.base_cell).
        record: stores one row of the learning curve, {"step": ..., "loss": ..., ...}.
        progress: reports progress as (done, total): training steps in `fit`, clips or clip-steps in `reconstruct`.
        eager: whether a CUDA device runs networks without compiling them and without CUDA graphs.
        compiling: reports that the first step of a kind, in which torch compiles networks, begins (0) and has ended
            (1); None discards the reports.
    """

    seed: int
    sample_rate: int
    samples: int
    switches: Mapping[str, Any]
    training: Mapping[str, Any]
    device: str
    threads: int
    scratch: Path
    kept: Path
    record: Callable[[Mapping[str, Any]], None] = field(repr=False)
    progress: Callable[[float, float], None] = field(repr=False)
    fitted: Callable[[str], Mapping[str, NDArray[np.float32]]] | None = field(default=None, repr=False)
    eager: bool = False
    compiling: Callable[[int], None] | None = field(default=None, repr=False)

    @property
    def fast(self) -> bool:
        """Whether networks are compiled and steps recorded as CUDA graphs; on a CPU they never are."""
        return self.device == "cuda" and not self.eager

    def key(self, *words: object) -> int:
        """Return a 63-bit seed for one purpose, derived from the cell's seed.

        Args:
            words: the purpose, for example ("init", clip id) or ("coordinates", step). Equal words give equal seeds.
        """
        # Random numbers that depend on their purpose alone, and not on how many were drawn before, make a fit the same
        # whether or not it was interrupted, and a clip the same whichever clips are fitted beside it.
        text = "/".join(str(word) for word in (self.seed, *words))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


class Training(Protocol):
    """Clips of the training split, in the order in which they would be scored. A clip is loaded when it is accessed."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> Clip: ...
    def __iter__(self) -> Iterator[Clip]: ...

    def first(self, count: int) -> Training:
        """Return the first `count` clips."""
        ...

    def passages(self) -> Passages:
        """Return the stretches of sound from which training crops are drawn."""
        ...


class Model(Protocol):
    """Interface of a registered model. It is constructed with its settings as keyword arguments."""

    name: str
    version: int
    group: int
    """Number of clips that `reconstruct` takes at once. An interrupted run repeats at most one group."""

    def fit(self, train: Training, context: Context) -> Mapping[str, Any] | None:
        """Learn what all clips share. hsbench calls this once per process, before the first reconstruction.

        A model that learns writes the result to context.kept and loads it from there when it is called again.

        Args:
            train: clips of the training split.
            context: seed, settings and folders of the run.

        Returns:
            Facts for the report as JSON scalars, such as generated, total, steps, clips_seen, seconds and status
            ("ok", or how the training failed); None where there is nothing to report.
        """
        ...

    def reconstruct(self, clips: Sequence[Clip], context: Context) -> Iterator[Reconstruction]:
        """Reconstruct a group of clips, each exactly once, in any order."""
        ...


@runtime_checkable
class FunctionOfTime(Protocol):
    """Interface of a model whose clips are functions of continuous time, such as an INR."""

    def play(
        self, weights: Mapping[str, NDArray[np.float32]], coordinates: NDArray[np.float64], context: Context
    ) -> NDArray[np.float32]:
        """Decode one clip at any times, also between its samples.

        Args:
            weights: parameters of the clip, {name: array}, as `Reconstruction.weights` holds them.
            coordinates: [time], the times to evaluate, in units where the clip's first sample lies at -1 and its
                last sample at 1.
            context: the context in which the clip was fitted.

        Returns:
            [time], the waveform at these times.
        """
        ...


@runtime_checkable
class Streaming(Protocol):
    """Interface of a model that writes the payload of a clip as bytes and reads it back."""

    def pack(self, weights: Mapping[str, NDArray[Any]]) -> bytes:
        """Return the payload of a clip as bytes.

        Args:
            weights: parameters of the clip, {name: array}, as `Reconstruction.weights` holds them.
        """
        ...

    def unpack(self, stream: bytes, samples: int) -> Mapping[str, NDArray[Any]]:
        """Return the parameters that a payload holds.

        Args:
            stream: the payload, as in `Reconstruction.stream`.
            samples: length of the clip.

        Raises:
            DataError: the bytes are not those of such a clip.
        """
        ...


def rebuild(model: Model, clips: Sequence[Clip], context: Context) -> dict[str, Reconstruction]:
    """Reconstruct a group of clips and check that each came back exactly once.

    Args:
        model: the model, already fitted.
        clips: the group.
        context: the context of the run.

    Returns:
        {clip id: reconstruction}.

    Raises:
        DataError: a clip is missing, came back twice, or was not asked for.
    """
    reconstructions = list(model.reconstruct(clips, context))
    by_clip = {reconstruction.clip_id: reconstruction for reconstruction in reconstructions}
    if len(reconstructions) != len(by_clip) or set(by_clip) != {clip.id for clip in clips}:
        raise DataError(
            f"model {model.name!r} was given {len(clips)} clip{'' if len(clips) == 1 else 's'} and gave back "
            f"{sorted(reconstruction.clip_id for reconstruction in reconstructions)}; it must rebuild each once."
        )
    return by_clip


def verdict(reference: NDArray[np.float32], estimate: NDArray[np.float32]) -> str:
    """Return the status of a reconstructed clip: "ok", "diverged" or "collapsed".

    Power here is the variance over time, so a constant offset has none. An estimate has diverged if it is not finite or
    has more than 1000 times the power of the reference, and has collapsed if it has less than a thousandth of it. Where
    the reference itself has no power, any finite estimate is "ok".

    Args:
        reference: [samples], the original clip.
        estimate: [samples], its reconstruction.
    """
    if not np.isfinite(estimate).all():
        return "diverged"
    reference_power = float(np.var(reference, dtype=np.float64))
    estimate_power = float(np.var(estimate, dtype=np.float64))
    if reference_power == 0:
        return "ok"
    if estimate_power > 1000 * reference_power:
        return "diverged"
    return "collapsed" if estimate_power < reference_power / 1000 else "ok"
