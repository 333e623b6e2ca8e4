import math

import numpy as np
import pytest
import torch

from hsbench.audio import pqmf
from hsbench.audio.lag import advanced, best_match
from hsbench.errors import UsageError


def ratio_db(wanted, got):
    return 10 * math.log10(np.square(wanted).sum() / np.square(wanted - got).sum())


def test_the_prototype_has_the_published_length_and_stop_band():
    low_pass = pqmf.prototype()
    assert low_pass.size == 377
    np.testing.assert_allclose(low_pass, low_pass[::-1], atol=1e-15)
    assert low_pass.sum() == pytest.approx(1, abs=1e-3), "a constant passes"
    spectrum = np.abs(np.fft.rfft(low_pass, 1 << 14))
    stop = spectrum[int(1.1 * (1 << 14) / (2 * pqmf.BANDS)) :]
    assert 20 * math.log10(stop.max()) < -95
    assert pqmf.bank(torch.device("cpu"), torch.float32).shape == (16, 512)


def test_the_round_trip_is_one_sub_band_sample_late_and_otherwise_nearly_exact(golden_speech):
    noise = torch.randn(1, 32768, generator=torch.Generator().manual_seed(0))
    for waveform, least in ((noise, 59), (golden_speech[:1], 50)):
        given = waveform[0].numpy()
        late = pqmf.synthesise(pqmf.analyse(waveform))[0].numpy()
        assert late.shape == given.shape
        assert best_match(given, late) == (16, pytest.approx(1, abs=1e-3))
        assert ratio_db(given, late) < 0, "with the lag, the error is larger than the waveform"
        assert ratio_db(given[512:-512], advanced(late, pqmf.LAG)[512:-512]) > least


def test_a_tone_appears_in_the_band_of_its_frequency():
    time = np.arange(8192)
    for band in (0, 3, 10, 15):
        tone = torch.from_numpy(np.sin(math.pi * (band + 0.5) / 16 * time)).float()[None]
        power = pqmf.analyse(tone).square().mean((0, 2))
        assert int(power.argmax()) == band
        assert power[band] > 1e3 * power.sum() - 1e3 * power[band], "the other bands are 30 dB lower"


def test_a_length_that_is_not_a_multiple_of_the_bands_is_refused():
    with pytest.raises(UsageError, match="multiple of 16 samples, got 1000"):
        pqmf.analyse(torch.zeros(1, 1000))
