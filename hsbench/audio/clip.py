"""A clip: the unit that is rebuilt and scored.

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
    """One waveform and where it comes from.

    Attributes:
        id: letters, digits, ".", "_" and "-" only, such as p347_001_mic1-0; it names files.
        waveform: [samples], float32, full scale +-1.
        sample_rate: in Hz.
        speaker: the corpus's name of the speaker.
        sex: "F", "M" or "" where unknown.
        source: the file it was cut from, relative to the corpus.
        offset: first sample inside the source, at sample_rate.
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
                f"got {self.waveform.dtype} {list(self.waveform.shape)}."
            )


def check_id(clip_id: str) -> str:
    """Give a clip id back if it can name a file anywhere.

    Raises:
        DataError: it holds other characters, or begins with a dot or dash.
    """
    if not _ID.fullmatch(clip_id):
        raise DataError(
            f"a clip id holds letters, digits, '.', '_' and '-' only and no path, got {clip_id!r}; rename the file."
        )
    return clip_id


def peak_normalise(waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    """Divide by the largest absolute sample; digital silence comes back as it is. [samples] -> [samples]."""
    peak = np.abs(waveform).max(initial=0.0)
    return waveform if peak == 0 else (waveform / peak).astype(np.float32)
