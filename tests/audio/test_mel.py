import warnings

import numpy as np
import pytest

from hsbench.audio.mel import filter_bank, hertz, mel


@pytest.mark.parametrize(("n_fft", "empty"), [(2048, 0), (1024, 0), (512, 0), (256, 20), (128, 46)])
def test_the_bank_agrees_with_torchaudio_and_has_as_many_empty_bands_as_the_reference(n_fft, empty):
    from torchaudio.functional import melscale_fbanks

    ours = filter_bank(22050, n_fft, 128)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = melscale_fbanks(n_fft // 2 + 1, 0.0, 11025.0, 128, 22050, norm="slaney", mel_scale="slaney").T.numpy()
    assert ours.shape == (128, n_fft // 2 + 1)
    assert np.abs(ours - theirs).max() < 1e-3 * ours.max()
    assert int((ours.sum(axis=1) == 0).sum()) == empty


def test_each_band_has_unit_area():
    areas = filter_bank(22050, 32768, 128).sum(axis=1) * 22050 / 32768
    assert areas == pytest.approx(np.ones(128), rel=1e-2)


def test_hertz_inverts_mel_and_the_scale_is_linear_below_a_kilohertz():
    frequencies = np.array([0.0, 100.0, 999.0, 1000.0, 1001.0, 6400.0, 11025.0])
    assert hertz(mel(frequencies)) == pytest.approx(frequencies)
    assert mel(np.array([200.0]))[0] == pytest.approx(3.0)
    assert mel(np.array([6400.0]))[0] == pytest.approx(15 + 27)
