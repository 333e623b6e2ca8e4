"""A file that cannot be used is skipped with a reason, and none stops a preparation."""

import os

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hsbench.corpora import store


def test_every_odd_file_is_read_or_skipped_with_a_reason(prepare, write, tone, vctk):
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
    made = prepare("vctk", vctk)
    reasons = {path.rpartition("/")[2]: reason for path, reason in made.skipped()}
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
    kept = {item.id.rpartition("-")[0] for item in made.manifest("train").items}
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


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.binary(max_size=400),
    head=st.sampled_from([b"", b"RIFF", b"fLaC", b"OggS", b"FORM", b"RIFF\x24\0\0\0WAVEfmt "]),
)
def test_no_bytes_make_the_reader_raise(small, tmp_path, data, head):
    path = tmp_path / "any.wav"
    path.write_bytes(head + data)
    blocks, reason = store.cut(str(path), {**small, "sample_rate": 22050})
    assert isinstance(blocks, bytes)
    assert bool(blocks) != bool(reason)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 4000), junk=st.binary(min_size=1, max_size=40))
def test_no_damage_to_a_good_file_makes_the_reader_raise(write, small, tmp_path, place, junk):
    path = tmp_path / "good.flac"
    if not path.exists():
        write(path)
    data = bytearray(path.read_bytes())
    data[place : place + len(junk)] = junk
    damaged = tmp_path / "damaged.flac"
    damaged.write_bytes(bytes(data))
    blocks, reason = store.cut(str(damaged), {**small, "sample_rate": 22050})
    assert bool(blocks) != bool(reason)
