"""Decode a stream (.hsb): with the network that encoded it, or alone where clips share no network.

Conventions: waveforms are [samples] float32, full scale +-1, not clipped; sample rates are in Hz.
"""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hsbench import registry
from hsbench.audio.overlap import Layout
from hsbench.errors import DataError, UsageError
from hsbench.inference.ready import ready
from hsbench.models.base import FunctionOfTime, Streaming
from hsbench.models.build import build_model, context_of, descriptor_of
from hsbench.models.coding import container
from hsbench.results.stream_header import network_key
from hsbench.spec import Cell, Part, freeze

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hsbench.models.base import Context, Model
    from hsbench.models.coding.container import CodedClip, Header
    from hsbench.results.cell_folder import CellFolder
    from hsbench.spec import Resources

    Waveform = NDArray[np.float32]


@dataclasses.dataclass(frozen=True, eq=False)
class Decoded:
    """A sound that was decoded from a stream.

    Attributes:
        waveform: the sound, [samples].
        sample_rate: its sample rate, in Hz.
        clips: number of clips that were joined.
    """

    waveform: Waveform
    sample_rate: int
    clips: int


def decode(
    data: bytes, name: str, folder: CellFolder | None, resources: Resources, sample_rate: int | None = None
) -> Decoded:
    """Decode a stream.

    Args:
        data: the stream.
        name: of the stream, for messages.
        folder: folder of the cell that encoded it, or of another cell with the same network; None where the clips share
            no network.
        resources: device and number of threads.
        sample_rate: sample rate of the result, in Hz; that of the clips by default.

    Raises:
        DataError: the stream is damaged, or of another network.
        UsageError: a network is needed and not given, or the rate is impossible.
    """
    header, clips = container.read(data, name)
    cell = _cell(header, name)
    if folder is None:
        _require_none(header, name)
        with tempfile.TemporaryDirectory(prefix="hsbench-") as scratch:
            place = Path(scratch)
            context = context_of(cell, device=resources.device, threads=resources.threads, scratch=place, kept=place)
        model = _built(cell, name)
    else:
        _built(cell, name)
        model, context = _trained(folder, cell, header, name, resources)
    layout = _layout(header, clips, sample_rate, name)
    parts = [_clip(model, context, header, clip, layout, index, name) for index, clip in enumerate(clips)]
    return Decoded(layout.join(parts), layout.played, len(clips))


def _cell(header: Header, name: str) -> Cell:
    """Return a cell with the model and the clips of a header.

    Raises:
        DataError: this version has no such model, or another version of it.
    """
    if header.model not in registry.names("models"):
        raise DataError(
            f"{name} is a stream of the model {header.model!r}, which is not registered; --import its file."
        )
    content = {"fingerprint": "", "sample_rate": header.sample_rate, "samples": header.samples}
    cell = Cell(
        model=Part(header.model, header.version, freeze(header.settings)),
        corpus=Part("own-sound", 1, freeze(content)),
        budget=Part("quick", 1),
        protocol=Part("fixed", 1),
        seed=0,
    )
    descriptor_of(cell)
    return cell


def _built(cell: Cell, name: str) -> Model:
    """Return the untrained model of a header, whose settings may be anything.

    Raises:
        DataError: the model does not accept the settings, or it reads other files than its network.
    """
    if registry.model(cell.model.name).places:
        raise DataError(f"{name} is a stream of {cell.model.name}, which writes none; encode the sound again.")
    try:
        return build_model(cell, {})
    except UsageError as error:
        raise DataError(f"{name} has settings that {cell.model.name} does not take: {error}") from error
    except (ValueError, AttributeError, ArithmeticError, LookupError) as error:
        raise DataError(
            f"{name} has settings that {cell.model.name} does not take ({error}); encode the sound again."
        ) from error


def _require_none(header: Header, name: str) -> None:
    """Refuse a stream that cannot be decoded without a network."""
    if header.network is not None or registry.model(header.model).trains:
        raise UsageError(
            f"{name} was encoded by a trained network of {header.model}, which is needed to decode it; name that "
            "network: hsbench decode NETWORK FILE.hsb -o WAV"
        )


def _trained(folder: CellFolder, cell: Cell, header: Header, name: str, resources: Resources) -> tuple[Model, Context]:
    """Return the model of a cell's folder with the settings of a header, and its context.

    Raises:
        DataError: the stream was encoded by another network.
    """
    own = folder.spec()
    with_settings = dataclasses.replace(own, model=cell.model)
    keys = (network_key(own), network_key(with_settings))
    if own.model.name != cell.model.name or keys != (header.network, header.network):
        raise DataError(
            f"{name} was encoded by the network {header.model} {(header.network or '')[:12]}, and {own.folder} is "
            "another one; name the network that encoded it."
        )
    model, context, _ = ready(folder, with_settings, resources)
    return model, context


def _layout(header: Header, clips: Sequence[CodedClip], sample_rate: int | None, name: str) -> Layout:
    """Return how the clips of a stream are joined.

    Raises:
        DataError: the stream has another number of clips than its sound needs.
        UsageError: the rate is not positive, or the model has a rate of its own only.
    """
    rate = header.sample_rate if sample_rate is None else sample_rate
    if rate < 1:
        raise UsageError(f"--sample-rate expects a positive whole number of Hz, got {rate}.")
    if rate != header.sample_rate and not registry.model(header.model).function_of_time:
        raise UsageError(
            f"{header.model} is no function of time and decodes at its own {header.sample_rate} Hz only, got "
            f"--sample-rate {rate}; leave it out, and resample the output."
        )
    total = -(-header.total * rate // header.sample_rate)
    step = max(1, header.samples - -(-header.samples // 16))  # before the starts are listed, which may be many
    expected = 1 + -(-max(0, header.total - header.samples) // step)
    if expected != len(clips):
        raise DataError(f"{name} should hold {expected} clips and holds {len(clips)}; encode the sound again.")
    return Layout(header.total, header.samples, header.sample_rate, total, rate)


def _clip(
    model: Model, context: Context, header: Header, clip: CodedClip, layout: Layout, index: int, name: str
) -> Waveform:
    """Return one decoded clip, as long as its span.

    Raises:
        DataError: the model writes no streams, or the payload does not have the shapes that the header states.
    """
    span = layout.spans[index]
    if clip.payload is None:
        return np.zeros(span.end - span.first, np.float32)
    if not isinstance(model, Streaming):
        raise DataError(f"{name} is a stream of {header.model}, which decodes none; install the version that wrote it.")
    weights = model.unpack(clip.payload, header.samples)
    if header.shapes and {key: list(value.shape) for key, value in weights.items()} != dict(header.shapes):
        raise DataError(f"{name} states other shapes than its network has; encode the sound again.")
    if isinstance(model, FunctionOfTime):
        decoded = model.play(weights, layout.coordinates(span), context)
    else:
        decoded = model.waveform(weights, header.samples)[: span.end - span.first]  # type: ignore[attr-defined]
    waveform: Waveform = np.float32(clip.peak) * decoded
    return waveform
