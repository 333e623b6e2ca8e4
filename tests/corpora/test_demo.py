"""The demo corpus: its voices, clips, fingerprints, passages and malformed manifests; the evaluation order."""

import csv
import dataclasses
import shutil

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hsbench.audio.clip import check_id
from hsbench.corpora import base
from hsbench.corpora.demo import DATA, DemoCorpus
from hsbench.errors import DataError, UnknownNameError, UsageError


@pytest.mark.parametrize("count", [0, 1, 2, 3, 46, 512, 513, 29999])
@pytest.mark.parametrize("seed", [0, 1, 12345])
def test_the_evaluation_order_is_torchs_permutation(count, seed):
    expected = torch.randperm(count, generator=torch.Generator().manual_seed(seed)).tolist()
    assert base.permutation(count, seed) == expected


def test_six_voices_are_for_training_and_four_for_validation():
    corpus = DemoCorpus()
    voices = {split: {item.speaker for item in corpus.manifest(split).items} for split in base.SPLITS}
    assert voices["validation"] == {"k03", "k04", "k08", "k09"}
    assert voices["train"] == {"k01", "k02", "k05", "k06", "k07", "k10"}
    assert sum(len(corpus.manifest(split).items) for split in base.SPLITS) == 116


def test_blocks_start_at_sample_zero_and_the_remainder_is_dropped():
    manifest = DemoCorpus().manifest("validation")
    ids = [item.id for item in manifest.items]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids) == 46
    with (DATA / "manifest.csv").open(newline="") as file:
        lengths = {row["file"]: int(row["samples"]) for row in csv.DictReader(file)}
    for item in manifest.items:
        assert item.offset == int(item.id.rpartition("-")[2]) * 32768
        assert item.offset + item.samples <= lengths[item.source]
    assert manifest.samples == 32768


def test_every_clip_loads_and_has_peak_one():
    corpus = DemoCorpus()
    for split in base.SPLITS:
        for item in corpus.manifest(split).items:
            clip = corpus.load(item)
            assert clip.waveform.shape == (32768,)
            assert clip.sample_rate == 22050
            assert np.abs(clip.waveform).max() == 1
            assert (clip.speaker, clip.sex) == (item.speaker, item.sex)
            assert clip.sex == ("F" if item.speaker in {"k01", "k02", "k03", "k04", "k05"} else "M")


def test_clips_load_by_index_and_by_slice():
    corpus = DemoCorpus()
    clips = base.Clips(corpus, corpus.manifest("train").items)
    assert len(clips) == 70
    assert clips[3].id == clips.items[3].id
    assert [clip.id for clip in clips[1:3]] == [item.id for item in clips.items[1:3]]


def test_the_fingerprint_of_a_manifest_depends_on_content_split_and_preparation():
    manifest = DemoCorpus().manifest("validation")
    assert manifest.fingerprint == DemoCorpus().manifest("validation").fingerprint
    assert manifest.fingerprint != DemoCorpus().manifest("train").fingerprint
    first, *rest = manifest.items
    other = base.Item(first.id, first.speaker, first.sex, first.source, first.offset, first.samples, "0" * 64)
    for changed in (
        {"items": (other, *rest)},
        {"items": tuple(rest)},
        {"preparation": (("clip_samples", 16384),)},
        {"sample_rate": 24000},
    ):
        facts = {**manifest.__dict__, **changed}
        facts.pop("fingerprint", None)
        assert base.Manifest(**facts).fingerprint != manifest.fingerprint


def test_a_file_or_manifest_that_is_exchanged_malformed_or_missing_is_an_error(tmp_path):
    shutil.copytree(DATA, tmp_path / "demo")
    corpus = DemoCorpus(data=tmp_path / "demo")
    item = corpus.manifest("validation").items[0]
    shutil.copy(DATA / "k01" / "k01_001.flac", tmp_path / "demo" / item.source)
    with pytest.raises(DataError, match="SHA-256 differs"):
        corpus.load(item)
    (tmp_path / "demo" / "manifest.csv").write_text("file,speaker\n")
    with pytest.raises(DataError, match="should have the columns"):
        corpus.manifest("validation")
    (tmp_path / "demo" / "manifest.csv").unlink()
    with pytest.raises(DataError, match="lacks its manifest"):
        corpus.manifest("validation")


def test_the_shipped_files_equal_the_rendered_ones(real_corpora):
    rendered = real_corpora / "demo"
    for path in [*rendered.rglob("*.flac"), rendered / "manifest.csv", rendered / "NOTICE.md"]:
        assert (DATA / path.relative_to(rendered)).read_bytes() == path.read_bytes(), path.name


def test_the_error_of_an_unknown_split_suggests_a_known_one():
    with pytest.raises(UnknownNameError, match="did you mean 'validation'"):
        DemoCorpus().manifest("valid")


def test_passages_are_whole_utterances():
    corpus = DemoCorpus()
    passages = corpus.passages("train")
    assert len(passages) == 36
    assert passages.lengths.min() >= 32768
    assert passages.lengths.sum() == passages.samples.size
    assert set(passages.lengths.tolist()) != {32768}


def test_passages_of_selected_clips_are_the_clips_themselves():
    clips = base.Clips.of(DemoCorpus(), "train")
    passages = clips.first(3).passages()
    assert passages.lengths.tolist() == [32768] * 3
    for number in range(3):
        cut = passages.samples[passages.starts[number] :][:32768]
        assert np.abs(cut / 32767 - clips[number].waveform).max() < 1e-4
    assert len(clips.passages()) == 36


def test_the_fingerprint_of_the_corpus_depends_on_every_split(monkeypatch):
    corpus = DemoCorpus()
    whole = base.fingerprint(corpus)
    assert whole == base.fingerprint(DemoCorpus())
    original = corpus.manifest
    for changed in ("train", "validation"):

        def other(split, changed=changed):
            manifest = original(split)
            return dataclasses.replace(manifest, items=manifest.items[1:]) if split == changed else manifest

        monkeypatch.setattr(corpus, "manifest", other)
        assert base.fingerprint(corpus) != whole


def test_clips_can_be_shorter_than_blocks():
    short = DemoCorpus(base.Source(None, (("clip_samples", 16384),)))
    manifest = short.manifest("train")
    assert manifest.samples == 16384
    assert len(manifest.items) == len(DemoCorpus().manifest("train").items)
    clip, whole = short.load(manifest.items[3]), DemoCorpus().load(DemoCorpus().manifest("train").items[3])
    assert clip.waveform.size == 16384
    assert np.abs(clip.waveform).max() == 1
    ratio = clip.waveform[1000] / whole.waveform[1000]
    assert clip.waveform == pytest.approx(whole.waveform[:16384] * ratio, abs=1e-5)
    assert base.fingerprint(short) != base.fingerprint(DemoCorpus())
    with pytest.raises(UsageError, match="expects 1 to 131072 samples, got 200000"):
        DemoCorpus(base.Source(None, (("clip_samples", 200000),)))


def test_clips_longer_than_a_block_are_cut_one_after_the_other():
    long = DemoCorpus(base.Source(None, (("clip_samples", 57344),)))
    items = long.manifest("validation").items
    assert {item.offset % 57344 for item in items} == {0}
    assert {item.speaker for item in items} == {"k03", "k04", "k08", "k09"}
    clip, beginning = long.load(items[0]), DemoCorpus().load(DemoCorpus().manifest("validation").items[0])
    assert clip.waveform.size == 57344
    ratio = clip.waveform[1000] / beginning.waveform[1000]
    assert clip.waveform[:32768] == pytest.approx(beginning.waveform * ratio, abs=1e-5)


ROWS = (DATA / "manifest.csv").read_bytes()[:2000]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(data=st.data())
def test_a_damaged_manifest_is_read_safely_or_is_an_error(tmp_path, data):
    position = st.integers(0, len(ROWS))
    start, end = sorted((data.draw(position), data.draw(position)))
    middle = data.draw(
        st.binary(max_size=20) | st.sampled_from([b'"', b"\x00", b"\n", b"," * 40, b"../../", b"x" * 150_000])
    )
    (tmp_path / "manifest.csv").write_bytes(ROWS[:start] + middle + ROWS[end:])
    try:
        items = DemoCorpus(data=tmp_path).manifest("train").items
    except DataError as error:
        message = str(error)
    else:
        message = "reinstall hsbench"
        assert all(".." not in item.source and item.source[0] != "/" and check_id(item.id) for item in items)
    assert "reinstall hsbench" in message


@pytest.mark.parametrize(
    ("column", "value"),
    [(0, "../../secret.flac"), (0, "/etc/secret.flac"), (4, "-5"), (4, "9" * 30), (5, "abc"), (2, "X")],
)
def test_the_error_names_the_line_of_an_invalid_value_in_the_manifest(tmp_path, column, value):
    lines = [next(csv.reader([line])) for line in ROWS.decode().splitlines()[:3]]
    lines[2][column] = value
    with (tmp_path / "manifest.csv").open("w", newline="") as file:
        csv.writer(file).writerows(lines)
    with pytest.raises(DataError, match=r"manifest.csv, line 3: \w+ is"):
        DemoCorpus(data=tmp_path).manifest("train")


@pytest.mark.parametrize("samples", [8192, 32768, 65536])
def test_clips_that_are_cut_are_those_of_the_corpus_with_shorter_clips(samples):
    cut = base.Clips.of(DemoCorpus(), "train", samples).first(3)
    length = min(samples, 32768)
    shorter = DemoCorpus(base.Source(None, (("clip_samples", length),)))
    for clip, expected in zip(cut, base.Clips.of(shorter, "train").first(3), strict=True):
        assert (clip.id, clip.offset) == (expected.id, expected.offset)
        np.testing.assert_allclose(clip.waveform, expected.waveform, rtol=0, atol=2e-7)
