"""Waveforms of clips, of passages and of references at a higher sample rate, compared with the source file."""

import numpy as np
import pytest
import soundfile

from hsbench.audio.clip import peak_normalise
from hsbench.audio.resample import resample


def test_a_clip_is_the_resampled_file_without_its_beginning(prepare, vctk):
    prepared = prepare("vctk", vctk)
    item = next(item for item in prepared.manifest("validation").items if item.id == "s5_001_mic1-2")
    assert item.offset == 1000 + 4096
    clip = prepared.load(item)
    assert clip.offset == item.offset
    samples, rate = soundfile.read(vctk / "VCTK-Corpus-0.92" / item.source, dtype="float32")
    expected = resample(samples, rate, 22050)[1000 + 4096 :][:2048]
    assert clip.waveform.shape == (2048,)
    assert np.abs(clip.waveform - peak_normalise(expected)).max() < 2e-4
    assert np.abs(clip.waveform).max() == 1
    assert clip.source == item.source


def test_passages_are_the_whole_blocks_of_the_split_in_the_store(prepare, vctk):
    prepared = prepare("vctk", vctk)
    passages, items = prepared.passages("train"), prepared.manifest("train").items
    assert len(passages) == len(items)
    assert set(passages.lengths.tolist()) == {4096}
    for number, item in enumerate(items):
        block = passages.samples[passages.starts[number] :][: passages.lengths[number]]
        assert np.array_equal(peak_normalise(block[:2048].astype(np.float32) / 32768), prepared.load(item).waveform)
    assert np.may_share_memory(passages.samples, prepared._blocks)


@pytest.mark.parametrize("rate", [44100, 48000])
def test_the_reference_at_a_higher_rate_is_aligned_with_the_clip(prepare, vctk, rate):
    """For a tone of low frequency, linear interpolation of the clip gives the samples of the source in between."""
    prepared = prepare("vctk", vctk)
    for item in prepared.manifest("validation").items[:4]:
        reference, clip = prepared.load_at(item, rate), prepared.load(item).waveform.astype(np.float64)
        assert 0 <= reference.seconds[0] < 1 / rate
        assert reference.seconds[-1] <= 2047 / 22050 < reference.seconds[-1] + 1 / rate
        assert np.diff(reference.seconds) == pytest.approx(1 / rate)
        interpolated = np.interp(reference.seconds, np.arange(2048) / 22050, clip)
        inner = slice(50, -50)
        power = np.square(reference.waveform)[inner].mean()
        error = np.square(interpolated - reference.waveform)[inner].mean() / power
        assert error < 2e-2
        shifted = np.square(interpolated[:-3] - reference.waveform[3:])[inner].mean() / power
        assert shifted > 1.2 * error


def test_there_is_no_reference_above_the_rate_of_the_source(prepare, write, tmp_path):
    write(tmp_path / "data" / "a" / "1.wav", rate=22050)
    write(tmp_path / "data" / "b" / "1.wav", rate=22050)
    prepared = prepare("folder", tmp_path / "data")
    assert prepared.load_at(prepared.manifest("validation").items[0], 44100) is None
