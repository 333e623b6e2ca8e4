"""A clip: the stretch of audio that a model reconstructs and the metrics score.

Conventions: waveforms are one-dimensional float32 arrays [samples], mono, full scale +-1; rates are in Hz.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hsbench.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


@dataclass(frozen=True, eq=False)
class Clip:
    """One waveform with its origin.

    Attributes:
        id: identifier of the clip, such as p347_001_mic1-0. It names files, so it holds letters, digits, ".", "_" and
            "-" only.
        waveform: [samples], float32, full scale +-1.
        sample_rate: in Hz.
        speaker: name of the speaker in the corpus.
        sex: "F", "M" or "" where unknown.
        source: path, relative to the corpus, of the file that the clip was cut from.
        offset: position of the clip's first sample in that file, in samples at sample_rate.
    """

    id: str
    waveform: NDArray[np.float32]
    sample_rate: int
    speaker: str = ""
    sex: str = ""
    source: str = ""
    offset: int = 0

    def __post_init__(self) -> None:
        check_id(self.id)
        if self.waveform.ndim != 1 or self.waveform.dtype != np.float32:
            raise DataError(
                f"clip {self.id}: expected a float32 waveform [samples], "
                f"got {self.waveform.dtype} {list(self.waveform.shape)}; convert it."
            )


def check_id(clip_id: str) -> str:
    """Return a clip's identifier unchanged if it can be part of a file name on every system.

    Raises:
        DataError: the identifier holds other characters, or begins with a dot or a dash.
    """
    if not _ID.fullmatch(clip_id):
        raise DataError(
            f"a clip id holds letters, digits, '.', '_' and '-' only and no path, got {clip_id!r}; rename the file."
        )
    return clip_id


def peak_normalise(waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    """Divide a waveform [samples] by its largest absolute sample; digital silence is returned unchanged."""
    peak = np.abs(waveform).max(initial=0.0)
    return waveform if peak == 0 else (waveform / peak).astype(np.float32)
