"""Invalid settings, folders and requests are refused with one sentence."""

import pytest

from hsbench.errors import DataError, UsageError


@pytest.mark.parametrize(
    ("name", "changes", "sentence"),
    [
        ("vctk", {"mics": "3"}, "vctk.mics expects both, 1 or 2"),
        ("librispeech", {"subset": "train-clean-36"}, "LibriSpeech has no subset 'train-clean-36'"),
        ("folder", {"block_samples": 0}, "block_samples expects a whole number from 1, got 0"),
        ("folder", {"clip_samples": 9999999}, "clip_samples not above block_samples"),
        ("folder", {"drop_first_samples": -1}, "must not be negative"),
    ],
)
def test_invalid_settings_are_refused(corpus, vctk, name, changes, sentence):
    (vctk / "LibriSpeech").mkdir()
    with pytest.raises(UsageError, match=sentence):
        corpus(name, vctk, **changes).listing()


def test_a_folder_without_audio_or_without_a_block_is_refused(prepare, write, tone, tmp_path):
    (tmp_path / "in").mkdir()
    with pytest.raises(DataError, match="no audio file is below"):
        prepare("folder", tmp_path / "in")
    write(tmp_path / "in" / "a.wav", tone(0.01))
    with pytest.raises(DataError, match="no file of the train split is long enough for one block"):
        prepare("folder", tmp_path / "in").manifest("train")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("info", "vctk"), "vctk needs the folder that holds VCTK 0.92; give it with --data-root"),
        (("prepare", "vctk", "--data-root", "/nowhere"), "--data-root expects a folder, and /nowhere is none"),
        (("info", "vktc"), "unknown corpus 'vktc'; did you mean 'vctk'?"),
        (("info", "vctk", "--set", "vctk.mic=1"), "unknown setting of vctk 'mic'; did you mean 'mics'?"),
        (("download", "demo", "--data-root", "x"), "demo cannot be downloaded"),
        (("download", "vctk"), "expects a folder to put the corpus into"),
    ],
)
def test_invalid_corpus_commands_are_refused(hsbench_here, arguments, sentence):
    code, _, err = hsbench_here("corpus", *arguments)
    assert code == 2
    assert sentence in err
