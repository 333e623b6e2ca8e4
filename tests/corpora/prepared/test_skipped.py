"""Files that cannot be used are skipped with a reason, and never stop a preparation."""

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hsbench.corpora import store
from hsbench.errors import UsageError
from hsbench.planning.corpus_view import open_corpus


def test_every_unusual_file_is_read_or_skipped_with_a_reason(prepare, write, tone, vctk):
    speaker = vctk / "VCTK-Corpus-0.92" / "wav48_silence_trimmed" / "p226"
    good = (speaker / "p226_001_mic1.flac").read_bytes()
    (speaker / "p226_010_mic1.flac").write_bytes(b"fLaC" + os.urandom(400))
    (speaker / "p226_011_mic1.flac").write_bytes(good[: len(good) // 2])
    (speaker / "p226_012_mic1.flac").write_bytes(b"")
    write(speaker / "p226_013_mic1.wav", np.stack([tone(), tone()], 1))
    write(speaker / "p226_014_mic1.wav", np.zeros(0))
    write(speaker / "p226_015_mic1.wav", tone(0.1))
    write(speaker / "p226_016_mic1.wav", np.where(np.arange(22050) == 7, np.nan, tone()), subtype="FLOAT")
    (speaker / "p226_017_mic1.flac").symlink_to("nowhere.flac")
    write(speaker / "p226-18-mic1.flac")
    write(speaker / "p225_019_mic1.flac")
    (speaker / "p226_020_mic1.flac").mkdir()
    write(speaker / "p226_030_mic1.wav", tone(), subtype="FLOAT")
    write(speaker / "p226_031_mic1.wav", tone(), subtype="PCM_U8")
    write(speaker / "p226_032_mic1.wav", tone(1, 96000), 96000, subtype="PCM_24")
    (speaker / "notes.txt").write_text("not audio")
    prepared = prepare("vctk", vctk)
    reasons = {path.rpartition("/")[2]: reason for path, reason in prepared.skipped()}
    expected = {
        "p226_010_mic1.flac": "cannot be read",
        "p226_012_mic1.flac": "cannot be read",
        "p226_013_mic1.wav": "has 2 channels instead of one",
        "p226_014_mic1.wav": "holds no samples",
        "p226_015_mic1.wav": "is shorter than one block (2205 of 5096 samples)",
        "p226_016_mic1.wav": "holds samples that are not finite",
        "p226_017_mic1.flac": "is a link to nothing",
        "p226-18-mic1.flac": "is not named <speaker>/",
        "p225_019_mic1.flac": "is not named <speaker>/",
    }
    for name, reason in expected.items():
        assert reasons[name].startswith(reason), (name, reasons[name])
    kept = {item.id.rpartition("-")[0] for item in prepared.manifest("train").items}
    assert {"p226_030_mic1", "p226_031_mic1", "p226_032_mic1"} <= kept
    assert ("p226_011_mic1.flac" in reasons) != ("p226_011_mic1" in kept)


def test_a_folder_that_cannot_be_opened_is_skipped_with_a_reason(corpus, vctk, monkeypatch):
    scandir = os.scandir

    def refusing(path):
        if str(path).endswith("p226"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    listing = corpus("vctk", vctk).listing()
    assert listing.skipped == [("wav48_silence_trimmed/p226", "cannot be opened (Permission denied)")]
    assert len(listing.files) == 6


def rename(path, name):
    """Rename a file or folder to a name of any bytes; skip the test where the file system accepts UTF-8 only."""
    try:
        path.rename(path.with_name(os.fsdecode(name)))
    except OSError:
        pytest.skip("the file system accepts UTF-8 names only")


def test_names_that_are_not_utf8_are_skipped_with_a_reason(prepare, write, tmp_path):
    for speaker in ("a", "b", "c"):
        write(tmp_path / "in" / speaker / "1.wav")
    rename(write(tmp_path / "in" / "a" / "2.wav"), b"caf\xe9.wav")
    rename(tmp_path / "in" / "c", b"\xff\xfe")
    prepared = prepare("folder", tmp_path / "in")
    reason = "has a name that is not UTF-8; rename it"
    assert prepared.skipped() == [("a/caf\\xe9.wav", reason), ("\\xff\\xfe/1.wav", reason)]
    assert [row["path"] for row in prepared.rows] == ["a/1.wav", "b/1.wav"]
    assert prepared.prepared()


def test_a_data_root_that_is_not_utf8_is_refused(write, tmp_path):
    write(tmp_path / "in" / "a" / "1.wav")
    rename(tmp_path / "in", b"in\xff")
    root = tmp_path / os.fsdecode(b"in\xff")
    with pytest.raises(UsageError, match=r"^--data-root expects a path that is UTF-8, got .*/in\\xff; rename it\.$"):
        open_corpus("folder", root, {})


@pytest.mark.parametrize("rate", [1, 999, 22051, 1_000_003, 1_000_000_000])
def test_a_file_whose_rate_cannot_be_resampled_in_memory_is_skipped(prepare, write, tone, tmp_path, rate):
    for speaker in ("a", "b"):
        write(tmp_path / "in" / speaker / "1.wav", tone(), 44100 if speaker == "a" else 1000)
    write(tmp_path / "in" / "b" / "odd.wav", tone(), rate)
    prepared = prepare("folder", tmp_path / "in")
    ((path, reason),) = prepared.skipped()
    assert path == "b/odd.wav"
    assert reason == (
        f"has a sample rate of {rate} Hz, which cannot be resampled to 22050 Hz in memory; correct the rate, or "
        "convert the file to a usual one such as 48000 Hz"
    )
    assert {row["path"] for row in prepared.rows if row["blocks"]} == {"a/1.wav", "b/1.wav"}


def test_a_file_of_any_rate_is_read_where_nothing_is_resampled(prepare, write, tmp_path, tone):
    for speaker in ("a", "b"):
        write(tmp_path / "in" / speaker / "1.wav", tone(), 500)
    prepared = prepare("folder", tmp_path / "in", sample_rate=500)
    assert prepared.skipped() == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.binary(max_size=400),
    head=st.sampled_from([b"", b"RIFF", b"fLaC", b"OggS", b"FORM", b"RIFF\x24\0\0\0WAVEfmt "]),
)
def test_no_file_content_makes_the_reader_raise(small, tmp_path, data, head):
    path = tmp_path / "any.wav"
    path.write_bytes(head + data)
    blocks, reason = store.cut(str(path), {**small, "sample_rate": 22050})
    assert isinstance(blocks, bytes)
    assert bool(blocks) != bool(reason)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(0, 4000), garbage=st.binary(min_size=1, max_size=40))
def test_no_damage_to_a_valid_file_makes_the_reader_raise(write, small, tmp_path, position, garbage):
    path = tmp_path / "valid.flac"
    if not path.exists():
        write(path)
    data = bytearray(path.read_bytes())
    data[position : position + len(garbage)] = garbage
    damaged = tmp_path / "damaged.flac"
    damaged.write_bytes(bytes(data))
    blocks, reason = store.cut(str(damaged), {**small, "sample_rate": 22050})
    assert bool(blocks) != bool(reason)
