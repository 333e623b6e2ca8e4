import numpy as np
import pytest

from hsbench.audio import io
from hsbench.audio.clip import Clip, check_id, peak_normalise
from hsbench.audio.frames import lsd_frame, silent_share
from hsbench.errors import DataError


@pytest.mark.parametrize("good", ["p347_001_mic1-0", "a", "A.b-c_1", "s5_003"])
def test_ids_that_can_name_files_are_accepted(good):
    assert check_id(good) == good


@pytest.mark.parametrize("bad", ["", "../up", "a/b", ".hidden", "-flag", "a b", "ü", "a\n", "<b>"])
def test_ids_that_cannot_name_files_are_refused(bad):
    with pytest.raises(DataError, match="a clip id holds letters"):
        check_id(bad)


def test_a_clip_has_one_float32_channel():
    with pytest.raises(DataError, match=r"expected a float32 waveform \[samples\], got float64 \[4\]"):
        Clip("a", np.zeros(4), 22050)
    with pytest.raises(DataError, match=r"got float32 \[2, 2\]"):
        Clip("a", np.zeros((2, 2), np.float32), 22050)


def test_peak_normalisation_scales_the_peak_to_one_and_leaves_silence_unchanged():
    x = np.array([0.1, -0.5, 0.25], np.float32)
    assert np.abs(peak_normalise(x)).max() == 1
    assert peak_normalise(peak_normalise(x)) == pytest.approx(peak_normalise(x))
    assert (peak_normalise(np.zeros(3, np.float32)) == 0).all()


def test_a_float_wav_file_keeps_every_bit(tmp_path):
    x = np.random.default_rng(0).standard_normal(1000).astype(np.float32) * 3
    io.write_wav(tmp_path / "a.wav", x, 22050)
    y, rate = io.read_mono(tmp_path / "a.wav")
    assert rate == 22050
    assert y.dtype == np.float32
    assert (x == y).all()


def test_unreadable_and_stereo_files_are_named_in_the_error(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"RIFF nonsense")
    with pytest.raises(DataError, match=r"cannot read the audio file .*a.wav"):
        io.read_mono(tmp_path / "a.wav")
    with pytest.raises(DataError, match=r"cannot read the audio file .*none.wav"):
        io.read_mono(tmp_path / "none.wav")
    import soundfile

    soundfile.write(tmp_path / "b.wav", np.zeros((10, 2)), 22050)
    with pytest.raises(DataError, match="expected one channel, got 2"):
        io.read_pcm16(tmp_path / "b.wav")


def test_silent_share_is_the_share_of_frames_of_zeros():
    assert lsd_frame(22050) == (1024, 220)
    x = np.ones(22000, np.float32)
    assert silent_share(x, 22050) == 0
    assert silent_share(np.zeros(22000, np.float32), 22050) == 1
    x[11000:] = 0
    frames = 1 + 22000 // 220
    silent = sum(1 for centre in range(0, 22001, 220) if centre - 512 >= 11000)
    assert silent_share(x, 22050) == pytest.approx(silent / frames)
