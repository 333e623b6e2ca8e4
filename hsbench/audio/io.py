"""Reading and writing audio files, through libsndfile.

Waveforms are float32 [samples], full scale +-1; integer files are divided by 2^(bits - 1).
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from hsbench.errors import DataError
from hsbench.files import replace_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


ENDINGS = frozenset({".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff", ".opus"})
"""What counts as an audio file where folders are searched."""


def read_mono(path: Path) -> tuple[NDArray[np.float32], int]:
    """Read a mono file: waveform [samples] and its rate [Hz].

    Raises:
        DataError: it cannot be decoded, or has more than one channel.
    """
    waveform, rate = _read(path, "float32")
    return waveform, rate


def read_pcm16(path: Path) -> tuple[NDArray[np.int16], int]:
    """Read the 16-bit samples of a mono file, as stored: [samples] int16 and the rate [Hz].

    Raises:
        DataError: it cannot be decoded, or has more than one channel.
    """
    return _read(path, "int16")


def _read(path: Path, dtype: str) -> tuple[NDArray, int]:  # type: ignore[type-arg]
    try:
        samples, rate = soundfile.read(path, dtype=dtype)
    except (soundfile.LibsndfileError, OSError, ValueError, TypeError, MemoryError) as error:
        # a header may claim more samples than memory holds, and a name may end like that of headerless audio
        raise DataError(f"cannot read the audio file {path} ({error}); restore it or leave it out.") from error
    if samples.ndim != 1:
        raise DataError(f"{path}: expected one channel, got {samples.shape[1]}; mix it down first.")
    return samples, rate


def wav_bytes(waveform: NDArray[np.float32], sample_rate: int) -> bytes:
    """A 32-bit float WAV file in memory; samples survive the round trip bit for bit, and the same make the same file.

    Args:
        waveform: [samples], float32.
        sample_rate: in Hz.
    """
    buffer = io.BytesIO()
    soundfile.write(buffer, np.asarray(waveform, np.float32), sample_rate, format="WAV", subtype="FLOAT")
    data = bytearray(buffer.getvalue())
    if (peak := data.find(b"PEAK", 0, 128)) >= 0:
        data[peak + 12 : peak + 16] = bytes(4)  # libsndfile notes the time of writing there
    return bytes(data)


def flac_bytes(waveform: NDArray[np.float32], sample_rate: int) -> bytes:
    """A 16-bit FLAC file in memory: a quarter of the size, rounded to 2^-15 and clipped to full scale.

    Args:
        waveform: [samples], float32.
        sample_rate: in Hz.
    """
    buffer = io.BytesIO()
    whole = np.clip(np.round(np.asarray(waveform, np.float64) * 32768), -32768, 32767).astype(np.int16)
    soundfile.write(buffer, whole, sample_rate, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()


def write_wav(path: Path, waveform: NDArray[np.float32], sample_rate: int) -> None:
    """Write a 32-bit float WAV file atomically."""
    replace_atomically(path, wav_bytes(waveform, sample_rate))
