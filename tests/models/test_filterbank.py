import numpy as np
import pytest

from hsbench.audio.clip import Clip
from hsbench.models.base import rebuild
from hsbench.models.filterbank import FilterBank


@pytest.mark.parametrize("size", [32768, 30001])
def test_the_round_trip_with_and_without_its_lag(speech, bare, size):
    clip = Clip("clip", speech.waveform[:size], 22050)
    late, aligned = (rebuild(FilterBank(one), [clip], bare(size))["clip"] for one in (False, True))
    assert late.waveform.size == aligned.waveform.size == size
    np.testing.assert_array_equal(aligned.waveform[:-16], late.waveform[16:])
    error = np.square(aligned.waveform[512:-512] - clip.waveform[512:-512]).sum()
    assert 10 * np.log10(np.square(clip.waveform[512:-512]).sum() / error) > 50
    assert late.payload.numbers == -(-size // 16) * 16
