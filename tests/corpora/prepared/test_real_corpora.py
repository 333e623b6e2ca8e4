"""Parts of the real corpora, where they are available: speakers, splits and waveforms."""

import numpy as np
import pytest

from hsbench.planning import plan
from hsbench.planning.changes import parse
from hsbench.planning.request import Request
from hsbench.planning.selection import select
from hsbench.results.store import Results
from hsbench.spec import Resources


@pytest.mark.parametrize(
    ("name", "changes", "train", "validation"),
    [
        ("vctk", {}, 26, {"p360", "p361", "p363", "p364", "s5"}),
        ("ljspeech", {}, 1, {"LJ"}),
        ("librispeech", {"subset": "train-clean-100"}, 2, None),
        ("librispeech", {"subset": "test-other"}, 1, None),
    ],
)
def test_speakers_splits_and_waveforms(prepare, real_corpora, name, changes, train, validation):
    small_blocks = {"block_samples": 32768, "drop_first_samples": 0, "clip_samples": 32768}
    prepared = prepare(name, real_corpora / name, **small_blocks, **changes)
    manifests = {split: prepared.manifest(split) for split in ("train", "validation")}
    speakers = {split: {item.speaker for item in manifest.items} for split, manifest in manifests.items()}
    sources = {split: {item.source for item in manifest.items} for split, manifest in manifests.items()}
    assert len(speakers["train"]) == train
    assert validation is None or speakers["validation"] == validation
    assert sources["train"].isdisjoint(sources["validation"])
    assert {item.sex for manifest in manifests.values() for item in manifest.items} <= {"F", "M", ""}
    for item in manifests["validation"].evaluation()[:3]:
        clip = prepared.load(item)
        assert clip.waveform.size == 32768
        assert np.abs(clip.waveform).max() == pytest.approx(1)
        assert clip.waveform.std() > 0.01
    assert prepared.completeness()[0].startswith("partial corpus")


def test_real_speech_can_be_scored_after_training_on_synthetic_speech_and_the_other_way_round(
    prepare, real_corpora, tmp_path
):
    blocks = {"block_samples": 32768, "drop_first_samples": 0, "clip_samples": 32768}
    prepare("ljspeech", real_corpora / "ljspeech", **blocks)
    changes = parse([f"ljspeech.{key}={value}" for key, value in blocks.items()])
    for scored, trained in (("ljspeech", "demo"), ("demo", "ljspeech")):
        request = Request(
            ("table2b",), scored, "smoke", changes=changes, data_root=real_corpora / "ljspeech", train_corpus=trained
        )
        made = plan.make(select(request), Results(tmp_path / "results"), Resources())
        assert {
            (cell.cell.corpus.name, cell.cell.train_corpus.name) for cell in made.cells if cell.cell.train_corpus
        } == {(scored, trained)}
        assert made.views[0].group == f"{scored}--smoke--fixed-2--trained-on-{trained}"
