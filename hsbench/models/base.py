"""What a model is asked for, and what it gives back.

Conventions: waveforms are [samples] float32, full scale +-1; a payload counts what must be stored for one clip alone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from hsbench.audio.clip import Clip


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
    """

    clip_id: str
    waveform: NDArray[np.float32]
    payload: Payload
    seconds: float
    status: str = "ok"
    steps: int = 0
    weights: Mapping[str, NDArray[np.float32]] | None = None


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
        record: takes a row of the learning curve.
        progress: takes (done, total) of the current group, in clip-steps or clips.
    """

    seed: int
    sample_rate: int
    samples: int
    switches: Mapping[str, Any]
    training: Mapping[str, Any]
    device: str
    threads: int
    scratch: Path
    record: Callable[[Mapping[str, Any]], None] = field(repr=False)
    progress: Callable[[float, float], None] = field(repr=False)

    def key(self, *words: object) -> int:
        """A 63-bit seed from the cell's seed and a purpose, such as ("init", clip id) or ("coordinates", step)."""
        text = "/".join(str(word) for word in (self.seed, *words))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


class Model(Protocol):
    """What an object registered as a model must do. It is made from its settings as keyword arguments."""

    name: str
    version: int
    group: int
    """How many clips it takes at once; a group is the unit that a stopped run repeats."""

    def fit(self, train: Sequence[Clip], context: Context) -> None:
        """Learn what is shared between clips; may do nothing."""
        ...

    def reconstruct(self, clips: Sequence[Clip], context: Context) -> Iterator[Reconstruction]:
        """Rebuild a group of clips, in any order."""
        ...
