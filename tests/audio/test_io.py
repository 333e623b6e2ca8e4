"""Reading audio: any content of a file gives samples or an error of one sentence."""

import io
import struct
import time

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hsbench.audio.io import read_mono, read_pcm16, wav_bytes, write_wav
from hsbench.errors import DataError

ANYWHERE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)


def encoded(kind):
    buffer = io.BytesIO()
    soundfile.write(buffer, np.sin(np.arange(400) / 9), 8000, format=kind)
    return buffer.getvalue()


FILES = {"wav": encoded("WAV"), "flac": encoded("FLAC"), "ogg": encoded("OGG"), "float": wav_bytes(np.ones(50), 8000)}


@st.composite
def audio(draw):
    """An audio file that was cut off or in which bytes were changed, or bytes that were never an audio file."""
    data = bytearray(draw(st.sampled_from(sorted(FILES.values()))))
    for _ in range(draw(st.integers(0, 6))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    data = data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data
    return draw(st.just(bytes(data)) | st.binary(max_size=100))


@ANYWHERE
@given(data=audio(), name=st.sampled_from(["a.wav", "a.flac", "a.ogg", "a.mp3", "a.raw", "a"]))
def test_any_content_gives_samples_or_an_error_that_names_the_file(tmp_path, data, name):
    path = tmp_path / name
    path.write_bytes(data)
    for read, kind in ((read_mono, np.float32), (read_pcm16, np.int16)):
        try:
            samples, rate = read(path)
        except DataError as error:
            sentence = str(error)
        else:
            sentence = str(path)
            assert (samples.ndim, samples.dtype, rate > 0) == (1, kind, True)
        assert str(path) in sentence


def test_a_header_that_claims_more_samples_than_memory_holds_is_refused(tmp_path):
    flac = bytearray(FILES["flac"])
    total = flac.index(struct.pack(">I", 400)[2:], 18) - 2
    flac[total - 1] |= 0x0F
    flac[total : total + 4] = b"\xff\xff\xff\xff"
    (tmp_path / "a.flac").write_bytes(bytes(flac))
    assert soundfile.info(tmp_path / "a.flac").frames > 2**35
    with pytest.raises(DataError, match="cannot read the audio file"):
        read_mono(tmp_path / "a.flac")


def test_a_folder_and_a_missing_file_are_refused(tmp_path):
    (tmp_path / "a.wav").mkdir()
    for name in ("a.wav", "b.wav"):
        with pytest.raises(DataError, match="cannot read the audio file"):
            read_mono(tmp_path / name)


def test_two_channels_are_refused(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros((5, 2)), 8000)
    with pytest.raises(DataError, match="expected one channel, got 2; mix it down first"):
        read_mono(tmp_path / "a.wav")


def test_equal_samples_give_equal_files_at_any_time():
    sound = np.linspace(-1, 1, 100, dtype=np.float32)
    first = wav_bytes(sound, 22050)
    time.sleep(1.1)  # the format can hold a time in whole seconds
    assert wav_bytes(sound, 22050) == first


def test_writing_and_reading_keeps_every_bit(tmp_path):
    samples = np.random.default_rng(0).standard_normal(100).astype(np.float32) * 3
    write_wav(tmp_path / "a.wav", samples, 22050)
    again, rate = read_mono(tmp_path / "a.wav")
    assert (rate, again.tobytes()) == (22050, samples.tobytes())
