"""Apply a trained network to any sound: reconstruct the sound, or encode it as weights and decode these.

A sound is cut into overlapping clips (see hsbench.audio.overlap). Each clip is divided by its peak before the model
processes it, and multiplied by the peak afterwards. A silent clip stays silent, and the model does not process it.

Conventions: waveforms are [samples] float32, full scale +-1, not clipped; sample rates are in Hz.
"""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hsbench.audio.io import read_mono
from hsbench.audio.overlap import Layout
from hsbench.errors import DataError, UsageError
from hsbench.inference.clipwise import SoundReconstruction, clip_index, reconstructions
from hsbench.inference.ready import ready
from hsbench.models.base import FunctionOfTime, Streaming
from hsbench.models.build import descriptor_of
from hsbench.models.coding import container
from hsbench.results.stream_header import header_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from hsbench.models.base import Context, Model
    from hsbench.models.coding.container import Header
    from hsbench.results.cell_folder import CellFolder
    from hsbench.spec import Cell, Resources

    Waveform = NDArray[np.float32]
    Weights = Mapping[str, NDArray[np.float32]]
    Progress = Callable[[float, float], None]


@dataclass(frozen=True, eq=False)
class Rebuilt:
    """A sound that a network reconstructed.

    Attributes:
        waveform: the reconstruction, [samples].
        sample_rate: sample rate of the reconstruction, in Hz.
        clips: number of clips that were joined.
        complaints: a phrase for each thing that went wrong, such as the number of fits that diverged.
    """

    waveform: Waveform
    sample_rate: int
    clips: int
    complaints: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Encoded:
    """A sound as the weights of its clips' target networks.

    Attributes:
        weights: for each clip, name of a tensor -> array; None for a silent clip.
        peaks: for each clip, its largest absolute sample, by which it was divided.
        samples: length of the sound at the network's own sample rate, in samples.
        header: what a decoder has to know; None for a model that writes no streams.
        payloads: the weights of each clip as bytes; None for a silent clip.
    """

    weights: tuple[Weights | None, ...]
    peaks: tuple[float, ...]
    samples: int
    header: Header | None = None
    payloads: tuple[bytes | None, ...] = ()

    @property
    def bits(self) -> int:
        """Number of bits of all payloads, without the header."""
        return 8 * sum(len(payload) for payload in self.payloads if payload is not None)

    def to_bytes(self) -> bytes:
        """Return the sound as a stream, which `hsbench decode` and `hsbench.decode` read.

        The weights are written in the number format of the network's cell (`weight_format`, `latent_format`); `weights`
        already holds what is decoded from it.

        Raises:
            UsageError: the model writes no streams.
        """
        if self.header is None:
            raise UsageError("to_bytes expects a model that writes streams, and this one writes none; use its weights.")
        clips = [container.CodedClip(*clip) for clip in zip(self.peaks, self.payloads, strict=True)]
        return container.write(self.header, clips)


class Network:
    """A trained network, ready for use; `hsbench.load` makes it.

    Args:
        cell: specification of the cell that trained the network.
        model: the trained model.
        context: context in which the model works.
        facts: facts of the training, as in the cell's fit.json.
    """

    def __init__(self, cell: Cell, model: Model, context: Context, facts: Mapping[str, Any]) -> None:
        self.cell, self.facts = cell, dict(facts)
        self._model, self._context = model, context

    def __repr__(self) -> str:
        return f"<Network {self.cell.folder}: clips of {self.samples} samples at {self.sample_rate} Hz>"

    @property
    def sample_rate(self) -> int:
        """Sample rate of the network's clips, in Hz."""
        return self._context.sample_rate

    @property
    def samples(self) -> int:
        """Number of samples per clip."""
        return self._context.samples

    def reconstruct(
        self, waveform: Waveform, sample_rate: int | None = None, output_rate: int | None = None
    ) -> Waveform:
        """Reconstruct a sound; a fit that went wrong is reported as a Python warning.

        Args:
            waveform: the sound, [samples] of any length.
            sample_rate: sample rate of the waveform, in Hz; the network's own by default.
            output_rate: sample rate of the result, in Hz; the network's own by default. Another rate needs a model that
                is a function of time.

        Returns:
            The reconstruction, [samples], as long as the sound resampled to the rate of the result.

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
        """Reconstruct a sound, and return the result together with everything that went wrong.

        Args:
            waveform: the sound, [samples] of any length.
            sample_rate: sample rate of the waveform, in Hz.
            output_rate: sample rate of the result, in Hz; the network's own by default.
            progress: function that receives the progress as (done, total), counted in clips.

        Raises:
            UsageError: the sound cannot be used, or the network cannot be evaluated at that rate.
        """
        sound = self._at_own_rate(waveform, sample_rate)
        result_rate = self._checked_rate(output_rate)
        total = sound.size if result_rate == self.sample_rate else -(-len(waveform) * result_rate // sample_rate)
        layout = Layout(sound.size, self.samples, self.sample_rate, total, result_rate)
        with self._scratch() as context:
            reconstruction = SoundReconstruction(self._model, context, layout, progress or (lambda _done, _total: None))
            joined = reconstruction.rebuild(sound)
        complaints = reconstruction.complaints()
        if self.facts.get("status", "ok") != "ok":
            complaints.insert(0, f"the training of {self.cell.folder} is {self.facts['status']}")
        return Rebuilt(joined, result_rate, len(reconstruction.statuses), tuple(complaints))

    def encode(self, waveform: Waveform, sample_rate: int | None = None, progress: Progress | None = None) -> Encoded:
        """Encode a sound as the weights of the target networks of its clips.

        Args:
            waveform: the sound, [samples] of any length.
            sample_rate: sample rate of the waveform, in Hz; the network's own by default.
            progress: function that receives the progress as (done, total), counted in clips.

        Raises:
            UsageError: the sound cannot be used, or the model does not represent clips by weights.
        """
        self._function_of_time("encode")
        sound = self._at_own_rate(waveform, sample_rate or self.sample_rate)
        clips = Layout.plain(sound.size, self.samples).cut(sound)
        weights: list[Weights | None] = [None] * len(clips)
        payloads: list[bytes | None] = [None] * len(clips)
        with self._scratch() as context:
            for reconstruction in reconstructions(self._model, context, clips, progress):
                index = clip_index(reconstruction)
                weights[index], payloads[index] = reconstruction.weights, reconstruction.stream
                if isinstance(self._model, Streaming) and reconstruction.stream is None:
                    payloads[index] = self._model.pack(reconstruction.weights or {})
        header = None
        if isinstance(self._model, Streaming):
            header = header_of(self.cell, next((each for each in weights if each is not None), None), sound.size)
        peaks = tuple(float(np.abs(clip).max()) for clip in clips)
        return Encoded(tuple(weights), peaks, sound.size, header, tuple(payloads))

    def decode(self, encoded: Encoded, sample_rate: int | None = None) -> Waveform:
        """Evaluate the target networks of an encoded sound: [samples].

        Args:
            encoded: a sound that `encode` of the same network returned.
            sample_rate: sample rate of the result, in Hz; the network's own by default. A lower one aliases.

        Raises:
            UsageError: the rate is not positive, or the model is no function of time.
        """
        model = self._function_of_time("decode")
        result_rate = self._checked_rate(sample_rate)
        total = -(-encoded.samples * result_rate // self.sample_rate)
        layout = Layout(encoded.samples, self.samples, self.sample_rate, total, result_rate)
        parts = [np.zeros(span.end - span.first, np.float32) for span in layout.spans]
        for index, (weights, peak) in enumerate(zip(encoded.weights, encoded.peaks, strict=True)):
            if weights is not None:
                parts[index] = peak * model.play(weights, layout.coordinates(layout.spans[index]), self._context)
        return layout.join(parts)

    def _function_of_time(self, verb: str) -> FunctionOfTime:
        """Return the model, which must be a function of time.

        Args:
            verb: name of the calling method, for the message.

        Raises:
            UsageError: the model is no function of time.
        """
        if not isinstance(self._model, FunctionOfTime):
            raise UsageError(
                f"{verb} expects a model that keeps the weights of each clip, and {self.cell.model.name} keeps none; "
                "use reconstruct."
            )
        return self._model

    def _at_own_rate(self, waveform: Waveform, sample_rate: int) -> Waveform:
        """Return a sound resampled to the network's own sample rate.

        Raises:
            UsageError: the sound is not one channel of finite floating-point samples, or its rate is not positive.
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

    def _checked_rate(self, rate: int | None) -> int:
        """Return the sample rate of a result in Hz; None is the network's own.

        Raises:
            UsageError: the rate is not positive, or the model cannot be evaluated at that rate.
        """
        if rate is None:
            return self.sample_rate
        if rate < 1:
            raise UsageError(f"--sample-rate expects a positive whole number of Hz, got {rate}.")
        if rate != self.sample_rate and not descriptor_of(self.cell).function_of_time:
            raise UsageError(
                f"{self.cell.model.name} is no function of time and decodes at its own {self.sample_rate} Hz only, got "
                f"--sample-rate {rate}; leave it out, and resample the output."
            )
        return rate

    @contextlib.contextmanager
    def _scratch(self) -> Iterator[Context]:
        """Give the context a temporary folder for checkpoints, which is deleted at the end of the call."""
        with tempfile.TemporaryDirectory(prefix="hsbench-") as scratch:
            yield dataclasses.replace(self._context, scratch=Path(scratch))


def load_network(folder: CellFolder, resources: Resources) -> Network:
    """Load the trained network of a cell's folder.

    Args:
        folder: folder of the cell.
        resources: device and number of threads.

    Raises:
        DataError: the training of the cell is not finished, or another version of the model made the cell.
    """
    cell = folder.spec()
    return Network(cell, *ready(folder, cell, resources))


def read_sound(path: Path) -> tuple[Waveform, int]:
    """Read a mono audio file, and return its waveform [samples] and its sample rate [Hz].

    Raises:
        DataError: the file cannot be read, or has several channels, no samples, or samples that are not finite.
    """
    sound, rate = read_mono(path)
    return checked_sound(sound, path), rate


def checked_sound(sound: Waveform, path: Path) -> Waveform:
    """Return the samples of a file unchanged.

    Raises:
        DataError: there are none, or some are not finite.
    """
    if sound.size == 0 or not np.isfinite(sound).all():
        content = "has none" if sound.size == 0 else "has some that are not finite"
        raise DataError(f"{path} should hold finite samples and {content}; give another file.")
    return sound
