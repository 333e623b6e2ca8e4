"""Audio files in memory, through libsndfile. No interrupt comes while it calls Python for each access to the file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import soundfile

from hsbench.interrupts import deferred

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def encode(waveform: NDArray[Any], sample_rate: int, **form: Any) -> bytes:
    """Return the bytes of an audio file.

    Args:
        waveform: [samples] or [samples, channels], float32 or int16.
        sample_rate: in Hz.
        **form: format of the file, such as format="WAV" and subtype="FLOAT"; see soundfile.write.
    """
    buffer = io.BytesIO()
    with deferred():
        soundfile.write(buffer, waveform, sample_rate, **form)
    return buffer.getvalue()


def decode(file: bytes) -> NDArray[np.float32]:
    """Return the samples of an audio file: [samples] or [samples, channels], full scale +-1."""
    with deferred():
        samples: NDArray[np.float32] = soundfile.read(io.BytesIO(file), dtype="float32")[0]
    return samples
