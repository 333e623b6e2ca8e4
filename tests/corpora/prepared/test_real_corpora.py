"""Real corpora, where they are at hand: their speakers, splits and sound."""

import numpy as np
import pytest


@pytest.mark.parametrize(
    ("name", "changes", "train", "validation"),
    [
        ("vctk", {}, 26, {"p360", "p361", "p363", "p364", "s5"}),
        ("ljspeech", {}, 1, {"LJ"}),
        ("librispeech", {"subset": "train-clean-100"}, 2, None),
        ("librispeech", {"subset": "test-other"}, 1, None),
    ],
)
def test_real_corpora(prepare, real_corpora, name, changes, train, validation):
    rule = {"block_samples": 32768, "drop_first_samples": 0, "clip_samples": 32768}
    made = prepare(name, real_corpora / name, **rule, **changes)
    parts = {split: made.manifest(split) for split in ("train", "validation")}
    speakers = {split: {item.speaker for item in part.items} for split, part in parts.items()}
    assert len(speakers["train"]) == train
    assert validation is None or speakers["validation"] == validation
    assert {item.source for item in parts["train"].items}.isdisjoint(item.source for item in parts["validation"].items)
    assert {item.sex for part in parts.values() for item in part.items} <= {"F", "M", ""}
    for item in parts["validation"].evaluation()[:3]:
        clip = made.load(item)
        assert clip.waveform.size == 32768
        assert np.abs(clip.waveform).max() == pytest.approx(1)
        assert clip.waveform.std() > 0.01
    assert made.completeness()[0].startswith("partial corpus")
