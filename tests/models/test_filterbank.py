"""The filter bank as a control: accuracy of the round trip, with its lag and without."""

import numpy as np
import pytest

from hsbench.audio.clip import Clip
from hsbench.models.base import rebuild
from hsbench.models.filterbank import FilterBank


@pytest.mark.parametrize("size", [32768, 30001])
def test_the_round_trip_with_and_without_its_lag(speech, bare, size):
    clip = Clip("clip", speech.waveform[:size], 22050)
    delayed, aligned = (rebuild(FilterBank(align), [clip], bare(size))["clip"] for align in (False, True))
    assert delayed.waveform.size == aligned.waveform.size == size
    np.testing.assert_array_equal(aligned.waveform[:-16], delayed.waveform[16:])
    error = np.square(aligned.waveform[512:-512] - clip.waveform[512:-512]).sum()
    assert 10 * np.log10(np.square(clip.waveform[512:-512]).sum() / error) > 50
    assert delayed.payload.numbers == -(-size // 16) * 16
