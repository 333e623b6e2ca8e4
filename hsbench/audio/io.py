"""Read and write audio files through libsndfile.

Conventions: waveforms are [samples] float32, full scale +-1; the samples of integer files are divided by 2^(bits - 1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import soundfile

from hsbench.audio.memory import encode
from hsbench.audio.scorable import unusable_rate
from hsbench.errors import DataError
from hsbench.files import replace_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


ENDINGS = frozenset({".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff", ".opus"})
"""File name endings, in lower case, of the audio files that a search of a folder finds."""


def resampling_problem(rate: int, target: int) -> str:
    """Return why a file cannot be resampled, as a phrase that starts with "has", or "" if it can.

    Args:
        rate: sample rate of the file in Hz.
        target: sample rate that is needed, in Hz.
    """
    # A header with a wrong rate, such as 1 Hz, would turn seconds of sound into hours. Rates without a large common
    # divisor, such as 22051 and 22050 Hz or 1 GHz and 22050 Hz, would need gigabytes for the filter's coefficients.
    if rate == target or unusable_rate(rate, [target]) is None:
        return ""
    return (
        f"has a sample rate of {rate} Hz, which cannot be resampled to {target} Hz in memory; correct the rate, or "
        "convert the file to a usual one such as 48000 Hz"
    )


def read_mono(path: Path) -> tuple[NDArray[np.float32], int]:
    """Read a mono file and return its waveform [samples] and its sample rate in Hz.

    Raises:
        DataError: the file cannot be decoded, or has more than one channel.
    """
    waveform, rate = _read(path, "float32")
    return waveform, rate


def read_channels(path: Path) -> tuple[list[NDArray[np.float32]], int]:
    """Read a file of one or more channels and return the waveform [samples] of each, and the sample rate in Hz.

    Raises:
        DataError: the file cannot be decoded.
    """
    samples, rate = _decoded(path, "float32")
    return [np.ascontiguousarray(channel) for channel in np.atleast_2d(samples.T)], rate


def read_pcm16(path: Path) -> tuple[NDArray[np.int16], int]:
    """Read the 16-bit samples of a mono file as they are stored: [samples] int16, and the sample rate in Hz.

    Raises:
        DataError: the file cannot be decoded, or has more than one channel.
    """
    return _read(path, "int16")


def _read(path: Path, dtype: str) -> tuple[NDArray, int]:  # type: ignore[type-arg]
    samples, rate = _decoded(path, dtype)
    if samples.ndim != 1:
        raise DataError(f"{path}: expected one channel, got {samples.shape[1]}; mix it down first.")
    return samples, rate


def _decoded(path: Path, dtype: str) -> tuple[NDArray, int]:  # type: ignore[type-arg]
    """Return the samples of a file, [samples] or [samples, channels], and its sample rate in Hz."""
    if path.exists() and not path.is_file():  # opening a pipe would wait for a program that writes into it
        raise DataError(f"cannot read the audio file {path} (it is no regular file); give another path.")
    try:
        samples, rate = soundfile.read(path, dtype=dtype)
    except (soundfile.LibsndfileError, OSError, ValueError, TypeError, MemoryError) as error:
        # MemoryError: the header claims more samples than memory holds. TypeError: the name ends in .raw, and
        # libsndfile then expects the format as arguments.
        raise DataError(f"cannot read the audio file {path} ({error}); restore it or leave it out.") from error
    return samples, rate


def wav_bytes(waveform: NDArray[np.float32], sample_rate: int) -> bytes:
    """Return the bytes of a 32-bit float WAV file.

    Samples are kept bit for bit, and equal waveforms give equal bytes.

    Args:
        waveform: [samples] or [samples, channels], float32.
        sample_rate: in Hz.
    """
    data = bytearray(encode(np.asarray(waveform, np.float32), sample_rate, format="WAV", subtype="FLOAT"))
    if (peak := data.find(b"PEAK", 0, 128)) >= 0:
        data[peak + 12 : peak + 16] = bytes(4)  # libsndfile writes the current time there
    return bytes(data)


def flac_bytes(waveform: NDArray[np.float32], sample_rate: int) -> bytes:
    """Return the bytes of a 16-bit FLAC file, about a quarter of the size of `wav_bytes`.

    Samples are rounded to multiples of 2^-15 and clipped to full scale.

    Args:
        waveform: [samples], float32.
        sample_rate: in Hz.
    """
    integers = np.clip(np.round(np.asarray(waveform, np.float64) * 32768), -32768, 32767).astype(np.int16)
    return encode(integers, sample_rate, format="FLAC", subtype="PCM_16")


def write_wav(path: Path, waveform: NDArray[np.float32], sample_rate: int) -> None:
    """Write a waveform [samples] or [samples, channels] to a 32-bit float WAV file, whole or not at all."""
    replace_atomically(path, wav_bytes(waveform, sample_rate))
