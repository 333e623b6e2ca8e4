"""A trained network on any sound: reconstruct it in one go, or encode it to weights and decode these.

A sound is cut into overlapping clips (see hsbench.audio.overlap). Each is divided by its peak before the model gets it
and multiplied by it afterwards; a silent clip stays silent and never reaches the model.

Conventions: waveforms are [samples] float32, full scale +-1, not clipped; rates are in Hz.
"""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hsbench.audio.clip import Clip, peak_normalise
from hsbench.audio.io import read_mono
from hsbench.audio.overlap import Layout
from hsbench.errors import DataError, UsageError
from hsbench.inference.ready import ready
from hsbench.models.base import FunctionOfTime, rebuild, verdict
from hsbench.models.build import descriptor_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from hsbench.audio.overlap import Span
    from hsbench.models.base import Context, Model, Reconstruction
    from hsbench.results.cell_folder import CellFolder
    from hsbench.spec import Cell, Resources

    Waveform = NDArray[np.float32]
    Weights = Mapping[str, NDArray[np.float32]]
    Progress = Callable[[float, float], None]


@dataclass(frozen=True, eq=False)
class Rebuilt:
    """A sound that a network reconstructed.

    Attributes:
        waveform: [samples].
        sample_rate: in Hz.
        clips: number of clips that it was joined from.
        complaints: what did not go well, a phrase each.
    """

    waveform: Waveform
    sample_rate: int
    clips: int
    complaints: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Encoded:
    """A sound as the weights of its clips' target networks.

    Attributes:
        weights: of each clip, name -> array; None for a silent clip.
        peaks: of each clip before it was divided by it.
        samples: length of the sound at the network's own sample rate.
    """

    weights: tuple[Weights | None, ...]
    peaks: tuple[float, ...]
    samples: int


class Network:
    """A trained network, ready for use; `hsbench.load` makes it.

    Args:
        cell: its specification.
        model: trained.
        context: in which the model works.
        facts: of the training, as the cell's fit.json holds them.
    """

    def __init__(self, cell: Cell, model: Model, context: Context, facts: Mapping[str, Any]) -> None:
        self.cell, self.facts = cell, dict(facts)
        self._model, self._context = model, context

    def __repr__(self) -> str:
        return f"<Network {self.cell.folder}: clips of {self.samples} samples at {self.sample_rate} Hz>"

    @property
    def sample_rate(self) -> int:
        """Sample rate of the clips, in Hz."""
        return self._context.sample_rate

    @property
    def samples(self) -> int:
        """Samples per clip."""
        return self._context.samples

    def reconstruct(
        self, waveform: Waveform, sample_rate: int | None = None, output_rate: int | None = None
    ) -> Waveform:
        """Reconstruct a sound; what does not go well is a Python warning.

        Args:
            waveform: [samples], of any length.
            sample_rate: of the waveform; the network's own by default.
            output_rate: of the result; the network's own by default. Another rate needs a function of time.

        Returns:
            [samples], as long as the sound resampled to the rate of the result.

        Raises:
            UsageError: the sound cannot be used, or the network cannot be evaluated at that rate.
        """
        import warnings

        rebuilt = self.rebuild(waveform, sample_rate or self.sample_rate, output_rate)
        for complaint in rebuilt.complaints:
            warnings.warn(complaint, stacklevel=2)
        return rebuilt.waveform

    def rebuild(
        self, waveform: Waveform, sample_rate: int, output_rate: int | None = None, progress: Progress | None = None
    ) -> Rebuilt:
        """Reconstruct a sound, with what must be said of the result.

        Args:
            waveform: [samples], of any length.
            sample_rate: of the waveform.
            output_rate: of the result; the network's own by default.
            progress: takes (done, total) clips.

        Raises:
            UsageError: the sound cannot be used, or the network cannot be evaluated at that rate.
        """
        own = self._at_own_rate(waveform, sample_rate)
        other = self._checked_rate(output_rate)
        total = own.size if other == self.sample_rate else -(-len(waveform) * other // sample_rate)
        layout = Layout(own.size, self.samples, self.sample_rate, total, other)
        with self._scratch() as context:
            run = _Run(self._model, context, layout, progress or (lambda _done, _total: None))
            joined = run.rebuild(own)
        complaints = run.complaints()
        if self.facts.get("status", "ok") != "ok":
            complaints.insert(0, f"the training of {self.cell.folder} is {self.facts['status']}")
        return Rebuilt(joined, other, len(run.statuses), tuple(complaints))

    def encode(self, waveform: Waveform, sample_rate: int | None = None) -> Encoded:
        """Return the weights of the target networks that stand for a sound's clips.

        Args:
            waveform: [samples], of any length.
            sample_rate: of the waveform; the network's own by default.

        Raises:
            UsageError: the sound cannot be used, or the model keeps no weights of a clip.
        """
        self._function_of_time("encode")
        own = self._at_own_rate(waveform, sample_rate or self.sample_rate)
        clips = Layout.plain(own.size, self.samples).cut(own)
        weights: list[Weights | None] = [None] * len(clips)
        with self._scratch() as context:
            for made in _reconstructions(self._model, context, clips):
                weights[_index(made)] = made.weights
        return Encoded(tuple(weights), tuple(float(np.abs(clip).max()) for clip in clips), own.size)

    def decode(self, encoded: Encoded, sample_rate: int | None = None) -> Waveform:
        """Evaluate the target networks of an encoded sound: [samples].

        Args:
            encoded: what `encode` of the same network returned.
            sample_rate: of the result; the network's own by default. A lower one aliases.

        Raises:
            UsageError: the rate is not positive, or the model is no function of time.
        """
        model = self._function_of_time("decode")
        other = self._checked_rate(sample_rate)
        total = -(-encoded.samples * other // self.sample_rate)
        layout = Layout(encoded.samples, self.samples, self.sample_rate, total, other)
        parts = [np.zeros(span.end - span.first, np.float32) for span in layout.spans]
        for index, (weights, peak) in enumerate(zip(encoded.weights, encoded.peaks, strict=True)):
            if weights is not None:
                parts[index] = peak * model.play(weights, layout.coordinates(layout.spans[index]), self._context)
        return layout.join(parts)

    def _function_of_time(self, verb: str) -> FunctionOfTime:
        if not isinstance(self._model, FunctionOfTime):
            raise UsageError(
                f"{verb} expects a model that keeps the weights of each clip, and {self.cell.model.name} keeps none; "
                "use reconstruct."
            )
        return self._model

    def _at_own_rate(self, waveform: Waveform, sample_rate: int) -> Waveform:
        """The sound at the network's own rate.

        Raises:
            UsageError: it is not one channel of finite floating-point samples, or the rate is not positive.
        """
        sound = np.asarray(waveform)
        if sound.ndim != 1 or sound.size == 0 or sound.dtype.kind != "f" or not np.isfinite(sound).all():
            raise UsageError(
                "expected a waveform [samples] of finite floating-point numbers, full scale +-1, got "
                f"{sound.dtype} {list(sound.shape)}; give one channel, and divide integers by their full scale."
            )
        if sample_rate < 1:
            raise UsageError(f"expected a sample rate that is a positive whole number of Hz, got {sample_rate}.")
        from hsbench.audio.resample import resample

        return resample(np.asarray(sound, np.float32), sample_rate, self.sample_rate)

    def _checked_rate(self, other: int | None) -> int:
        if other is None:
            return self.sample_rate
        if other < 1:
            raise UsageError(f"--sample-rate expects a positive whole number of Hz, got {other}.")
        if other != self.sample_rate and not descriptor_of(self.cell).function_of_time:
            raise UsageError(
                f"{self.cell.model.name} is no function of time and plays at its own {self.sample_rate} Hz, got "
                f"--sample-rate {other}; leave it out, and resample the output."
            )
        return other

    @contextlib.contextmanager
    def _scratch(self) -> Iterator[Context]:
        """The context with a folder for checkpoints that lasts as long as one call."""
        with tempfile.TemporaryDirectory(prefix="hsbench-") as scratch:
            yield dataclasses.replace(self._context, scratch=Path(scratch))


def load_network(folder: CellFolder, resources: Resources) -> Network:
    """Load the trained network of a cell's folder.

    Args:
        folder: of the cell.
        resources: device and threads.

    Raises:
        DataError: the cell has no finished training, or was made by another version of its model.
    """
    cell = folder.spec()
    return Network(cell, *ready(folder, cell, resources))


def read_sound(path: Path) -> tuple[Waveform, int]:
    """Read a mono audio file: waveform [samples] and its rate [Hz].

    Raises:
        DataError: it cannot be read, has several channels, no samples, or samples that are not finite.
    """
    sound, rate = read_mono(path)
    if sound.size == 0 or not np.isfinite(sound).all():
        what = "has none" if sound.size == 0 else "has some that are not finite"
        raise DataError(f"{path} should hold finite samples and {what}; give another file.")
    return sound, rate


def _reconstructions(
    model: Model, context: Context, clips: NDArray[np.float32], progress: Progress | None = None
) -> Iterator[Reconstruction]:
    """Reconstruct clips [clips, samples] that are not silent, each divided by its peak, in groups of the model's size.

    The id of a reconstruction says the index of its clip; the random numbers of a fit depend on the id.
    """
    sounding = [index for index, clip in enumerate(clips) if clip.any()]
    size = max(1, int(getattr(model, "group", 1)))
    for first in range(0, len(sounding), size):
        group = sounding[first : first + size]

        def count(done: float, of: float, first: int = first, group: list[int] = group) -> None:
            if progress is not None:
                progress(first + len(group) * done / max(of, 1), len(sounding))

        given = [Clip(f"clip-{index}", peak_normalise(clips[index]), context.sample_rate) for index in group]
        yield from rebuild(model, given, dataclasses.replace(context, progress=count)).values()


def _index(made: Reconstruction) -> int:
    """The index of a reconstruction's clip among the clips of the sound."""
    return int(made.clip_id.removeprefix("clip-"))


class _Run:
    """One sound on its way through a model."""

    def __init__(self, model: Model, context: Context, layout: Layout, progress: Progress) -> None:
        self.model, self.context, self.layout, self.progress = model, context, layout, progress
        self.statuses = ["ok"] * len(layout.starts)

    def rebuild(self, waveform: Waveform) -> Waveform:
        """Return the sound as the model rebuilds it: [samples] -> [samples at the rate of the result]."""
        clips, spans = self.layout.cut(waveform), self.layout.spans
        parts = [np.zeros(span.end - span.first, np.float32) for span in spans]
        for made in _reconstructions(self.model, self.context, clips, self.progress):
            index = _index(made)
            decoded = self._decoded(made, spans[index])
            normalised = peak_normalise(clips[index])
            self.statuses[index] = made.status if made.status != "ok" else verdict(normalised, made.waveform)
            if np.isfinite(decoded).all():
                parts[index] = decoded * np.abs(clips[index]).max()
            else:  # it stays silent, and is complained of
                self.statuses[index] = "diverged"
        return self.layout.join(parts)

    def _decoded(self, made: Reconstruction, span: Span) -> Waveform:
        """A clip as long as its span, at the rate of the result."""
        if self.layout.played == self.layout.rate:
            return made.waveform[: span.end - span.first]
        assert isinstance(self.model, FunctionOfTime)
        assert made.weights is not None
        return self.model.play(made.weights, self.layout.coordinates(span), self.context)

    def complaints(self) -> list[str]:
        """Return what to say of fits that are not ok."""
        bad = [index for index, status in enumerate(self.statuses) if status != "ok"]
        if not bad:
            return []
        counts = ", ".join(f"{count} {status}" for status, count in Counter(self.statuses).items() if status != "ok")
        seconds = self.layout.starts[bad[0]] / self.layout.rate
        left = " (silent where not finite)" if "diverged" in self.statuses else ""
        return [f"of {len(self.statuses)} clips {counts}, the first at {seconds:.2f} s{left}"]
