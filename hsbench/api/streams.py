"""Streams: encode a sound into a file of bits, and decode it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hsbench.audio.io import resampling_problem
from hsbench.errors import DataError, UsageError, storage_error
from hsbench.files import replace_atomically
from hsbench.inference import streams
from hsbench.inference.network import load_network, read_sound
from hsbench.inference.opened import opened
from hsbench.planning.resources import choose
from hsbench.results.store import Results

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from hsbench.inference.network import Encoded
    from hsbench.inference.streams import Decoded

LARGEST_FILE = 1 << 31
"""Largest file that is read as a stream, in bytes."""


def decode(
    stream: bytes | str | Path,
    network: str | Path | None = None,
    *,
    sample_rate: int | None = None,
    results: str | Path = "results",
    device: str = "auto",
) -> tuple[NDArray[np.float32], int]:
    """Decode a stream that `hsbench encode` or `Network.encode(...).to_bytes()` wrote.

    Args:
        stream: the bytes, or the path of a file (.hsb) that holds them.
        network: folder of the cell that encoded the sound, its name below the results folder, or a file written by
            `hsbench export`; None for individual INRs, which share no network.
        sample_rate: sample rate of the result [Hz]; that of the clips by default. Another rate needs a model that is a
            function of time.
        results: results folder in which the name of a cell is looked up.
        device: device for the network: "auto", "cpu" or "cuda".

    Returns:
        The waveform, [samples] float32 at full scale +-1, and its sample rate [Hz].

    Raises:
        DataError: the stream is damaged, of another kind, or of another network.
        UsageError: a network is needed and not given, or the rate is impossible.

    Example:
        >>> import numpy as np, hsbench
        >>> tone = 0.5 * np.sin(2 * np.pi * 220 * np.arange(2048) / 22050)
        >>> settings = {"steps": 20, "width": 8, "layers": 2, "weight_format": "int8-rows"}
        >>> inr = hsbench.fit_inr("inr-siren", tone, 22050, budget="smoke", **settings)
        >>> stream = inr.to_bytes()
        >>> waveform, sample_rate = hsbench.decode(stream)
        >>> bool(np.allclose(waveform, inr.waveform, atol=1e-4)), sample_rate, len(stream) < 4 * tone.size
        (True, 22050, True)
    """
    data, name = (stream, "the stream") if isinstance(stream, bytes) else (_read(Path(stream)), str(stream))
    decoded = decode_stream(data, name, network, sample_rate, Path(results), device)
    return decoded.waveform, decoded.sample_rate


def decode_file(network: str | None, file: Path, sample_rate: int | None, results: Path, device: str) -> Decoded:
    """Decode a file; arguments and errors as those of `decode`."""
    return decode_stream(_read(file), str(file), network, sample_rate, results, device)


def decode_stream(
    data: bytes, name: str, network: str | Path | None, sample_rate: int | None, results: Path, device: str
) -> Decoded:
    """Decode bytes; arguments and errors as those of `decode`."""
    if network is None:
        return streams.decode(data, name, None, choose(device), sample_rate)
    with opened(str(network), Results(results)) as folder:
        return streams.decode(data, name, folder, choose(device), sample_rate)


def encode_file(
    network: str, audio: Path, results: Path, device: str, progress: Callable[[float, float], None]
) -> tuple[Encoded, float]:
    """Encode an audio file.

    Args:
        network: folder of a cell, name of that folder below the results folder, or file written by `hsbench export`.
        audio: mono audio file of any length and sample rate.
        results: results folder in which the name of a cell is looked up.
        device: device for the network: "auto", "cpu" or "cuda".
        progress: called with (done, total) clips.

    Returns:
        The encoded sound, and its duration [s].

    Raises:
        UnknownNameError: there is no such cell.
        DataError: a file is damaged or is not mono audio, or the training of the cell is not finished.
        UsageError: the model keeps no weights of a clip.
    """
    with opened(network, Results(results)) as folder:
        loaded = load_network(folder, choose(device))
        waveform, rate = read_sound(audio)
        if problem := resampling_problem(rate, loaded.sample_rate):
            raise DataError(f"{audio} {problem}.")
        return loaded.encode(waveform, rate, progress), len(waveform) / rate


def write_stream(output: Path, data: bytes) -> None:
    """Write a stream; missing folders above the file are created.

    Raises:
        UsageError: the file cannot be written there.
        StorageError: the file system refused the write.
    """
    try:
        replace_atomically(output, data)
    except OSError as error:
        raise storage_error(error, output) or UsageError(
            f"-o expects a file that can be written, got {output} ({error.strerror}); name another."
        ) from error


def _read(file: Path) -> bytes:
    """Return the content of a file.

    Raises:
        DataError: it cannot be read, or is too large for a stream.
    """
    try:
        if not file.is_file():
            raise DataError(f"expected a file that hsbench encode wrote, and {file} is no file; check its path.")
        if file.stat().st_size > LARGEST_FILE:
            raise DataError(f"expected a stream of hsbench, and {file} is larger than any; name another file.")
        return file.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {file} ({error.strerror}); check its path and its permissions.") from error
