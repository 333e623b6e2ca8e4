"""What a clip, a passage and the truth at a higher rate sound like, held against the source."""

import numpy as np
import pytest
import soundfile

from hsbench.audio.clip import peak_normalise
from hsbench.audio.resample import resample


def test_a_clip_is_the_resampled_file_without_its_beginning(prepare, vctk):
    made = prepare("vctk", vctk)
    item = next(item for item in made.manifest("validation").items if item.id == "s5_001_mic1-1")
    assert item.offset == 1000 + 4096
    clip = made.load(item)
    assert clip.offset == item.offset
    samples, rate = soundfile.read(vctk / "VCTK-Corpus-0.92" / item.source, dtype="float32")
    by_hand = resample(samples, rate, 22050)[1000 + 4096 :][:2048]
    assert clip.waveform.shape == (2048,)
    assert np.abs(clip.waveform - peak_normalise(by_hand)).max() < 2e-4
    assert np.abs(clip.waveform).max() == 1
    assert clip.source == item.source


def test_passages_are_the_whole_blocks_of_the_split_in_the_store(prepare, vctk):
    made = prepare("vctk", vctk)
    passages, items = made.passages("train"), made.manifest("train").items
    assert len(passages) == len(items)
    assert set(passages.lengths.tolist()) == {4096}
    for number, item in enumerate(items):
        block = passages.samples[passages.starts[number] :][: passages.lengths[number]]
        assert np.array_equal(peak_normalise(block[:2048].astype(np.float32) / 32768), made.load(item).waveform)
    assert np.may_share_memory(passages.samples, made._blocks)


@pytest.mark.parametrize("rate", [44100, 48000])
def test_the_truth_at_a_higher_rate_lies_on_the_clip(prepare, vctk, rate):
    """A slow tone read between the clip's samples says what the source says there."""
    made = prepare("vctk", vctk)
    for item in made.manifest("validation").items[:4]:
        truth, clip = made.load_at(item, rate), made.load(item).waveform.astype(np.float64)
        assert 0 <= truth.seconds[0] < 1 / rate
        assert truth.seconds[-1] <= 2047 / 22050 < truth.seconds[-1] + 1 / rate
        assert np.diff(truth.seconds) == pytest.approx(1 / rate)
        smooth = np.interp(truth.seconds, np.arange(2048) / 22050, clip)
        inner = slice(50, -50)
        error = np.square(smooth - truth.waveform)[inner].mean() / np.square(truth.waveform)[inner].mean()
        assert error < 2e-2
        shifted = np.square(smooth[:-3] - truth.waveform[3:])[inner].mean() / np.square(truth.waveform)[inner].mean()
        assert shifted > 1.2 * error


def test_there_is_no_truth_above_the_sources_rate(prepare, write, tmp_path):
    write(tmp_path / "data" / "a" / "1.wav", rate=22050)
    write(tmp_path / "data" / "b" / "1.wav", rate=22050)
    made = prepare("folder", tmp_path / "data")
    assert made.load_at(made.manifest("validation").items[0], 44100) is None
