"""What a model is asked for, and what it gives back.

Conventions: waveforms are [samples] float32, full scale +-1; a payload counts what must be stored for one clip alone.
A model that is a function of time also plays between the samples of a clip (FunctionOfTime).
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
"""The file below Context.kept where `fit` keeps all that it learned, as hsbench.fit.checkpoint writes it."""
CHECKPOINT = "training.safetensors"
"""The file beside it from which an unfinished `fit` goes on."""


@dataclass(frozen=True)
class Payload:
    """What one clip costs to store.

    Attributes:
        numbers: real numbers per clip; samples / numbers is the compression ratio. Shared weights do not count.
        bits: bits per clip, where known.
    """

    numbers: int
    bits: int | None = None


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """A rebuilt clip.

    Attributes:
        clip_id: whose.
        waveform: [samples] float32, not clipped.
        payload: what it cost to store.
        seconds: time that this clip took (a batch's time is shared out evenly).
        status: "ok", or what went wrong with the fit: "diverged" or "collapsed".
        steps: optimisation steps, 0 for a model that does not optimise per clip.
        weights: the clip's own parameters by name, where it has some.
        facts: what else is worth keeping of it, JSON scalars by name.
    """

    clip_id: str
    waveform: NDArray[np.float32]
    payload: Payload
    seconds: float
    status: str = "ok"
    steps: int = 0
    weights: Mapping[str, NDArray[np.float32]] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Context:
    """What a model may know of the run around it.

    Attributes:
        seed: of the cell.
        sample_rate: in Hz.
        samples: per clip.
        switches: protocol switches that the model declared.
        training: the training part of the budget.
        device: "cpu" or "cuda".
        threads: CPU threads.
        scratch: a folder for checkpoints, emptied once a group of clips is recorded.
        kept: a folder for what `fit` learned, which lasts as long as the cell.
        fitted: clip id -> the clip's parameters as another cell fitted them, for a cell that only plays them in another
            way; None for a cell that fits.
        record: takes a row of the learning curve.
        progress: takes (done, total): training steps in `fit`, clip-steps or clips of the group in `reconstruct`.
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

    def key(self, *words: object) -> int:
        """A 63-bit seed from the cell's seed and a purpose, such as ("init", clip id) or ("coordinates", step)."""
        text = "/".join(str(word) for word in (self.seed, *words))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


class Training(Protocol):
    """The clips of the training split, in the order in which they would be scored; loaded when asked for."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> Clip: ...
    def __iter__(self) -> Iterator[Clip]: ...

    def first(self, count: int) -> Training:
        """The first clips of it."""
        ...

    def passages(self) -> Passages:
        """The sound that training crops are cut from."""
        ...


class Model(Protocol):
    """What an object registered as a model must do. It is made from its settings as keyword arguments."""

    name: str
    version: int
    group: int
    """How many clips it takes at once; a group is the unit that a stopped run repeats."""

    def fit(self, train: Training, context: Context) -> Mapping[str, Any] | None:
        """Learn what is shared between clips, or nothing; called before the first reconstruction of every session.

        What was learned goes to context.kept, so that a later call finds it there. Gives facts as JSON scalars for
        the report, such as generated, total, steps, clips_seen, seconds and status ("ok", or what went wrong).
        """
        ...

    def reconstruct(self, clips: Sequence[Clip], context: Context) -> Iterator[Reconstruction]:
        """Rebuild a group of clips, in any order."""
        ...


@runtime_checkable
class FunctionOfTime(Protocol):
    """What a model may also do: play a clip at any times."""

    def play(
        self, weights: Mapping[str, NDArray[np.float32]], coordinates: NDArray[np.float64], context: Context
    ) -> NDArray[np.float32]:
        """A clip from the parameters that its reconstruction has.

        Args:
            weights: {name: array}.
            coordinates: [time] in [-1, 1]; the clip's first sample lies at -1 and its last at 1.
            context: that it was fitted in.

        Returns:
            [time].
        """
        ...


def rebuild(model: Model, clips: Sequence[Clip], context: Context) -> dict[str, Reconstruction]:
    """Clip id -> reconstruction of a group of clips.

    Raises:
        DataError: the model did not give back each clip once.
    """
    made = list(model.reconstruct(clips, context))
    found = {one.clip_id: one for one in made}
    if len(made) != len(found) or set(found) != {clip.id for clip in clips}:
        raise DataError(
            f"model {model.name!r} was given {len(clips)} clips and gave back {sorted(one.clip_id for one in made)}; "
            "it must rebuild each once."
        )
    return found


def verdict(reference: NDArray[np.float32], estimate: NDArray[np.float32]) -> str:
    """Status of a rebuilt clip, both [samples]: "ok", "diverged" or "collapsed".

    Diverged: not finite, or more than 1000 times the clip's power; collapsed: less than a thousandth of it.
    """
    if not np.isfinite(estimate).all():
        return "diverged"
    wanted, got = float(np.var(reference, dtype=np.float64)), float(np.var(estimate, dtype=np.float64))
    if wanted == 0:
        return "ok"
    if got > 1000 * wanted:
        return "diverged"
    return "collapsed" if got < wanted / 1000 else "ok"
