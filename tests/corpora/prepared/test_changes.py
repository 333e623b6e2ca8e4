"""A prepared corpus is used only for the settings and the files that it was prepared from."""

import shutil

import pytest

from hsbench.errors import DataError


def test_the_fingerprint_depends_on_settings_and_content_but_not_on_the_location(prepare, write, tone, vctk, tmp_path):
    first = prepare("vctk", vctk).manifest("validation").fingerprint
    shutil.copytree(vctk, tmp_path / "elsewhere")
    assert prepare("vctk", tmp_path / "elsewhere").manifest("validation").fingerprint == first
    assert prepare("vctk", vctk, clip_samples=1024).manifest("validation").fingerprint != first
    assert prepare("vctk", vctk, mics="1").manifest("validation").fingerprint != first
    write(
        tmp_path / "elsewhere" / "VCTK-Corpus-0.92" / "wav48_silence_trimmed" / "s5" / "s5_001_mic1.flac",
        tone(1, 48000, 9),
        48000,
    )
    assert prepare("vctk", tmp_path / "elsewhere").manifest("validation").fingerprint != first


def test_changed_and_new_files_are_prepared_again(corpus, prepare, write, tone, content, tmp_path):
    path = write(tmp_path / "in" / "a" / "1.wav", tone(seed=1))
    write(tmp_path / "in" / "b" / "2.wav", tone(seed=2))
    first = content(prepare("folder", tmp_path / "in"))[1]
    assert corpus("folder", tmp_path / "in").prepared()
    write(path, tone(seed=3))
    assert not corpus("folder", tmp_path / "in").prepared()
    assert content(prepare("folder", tmp_path / "in"))[1] != first
    write(tmp_path / "in" / "c" / "3.wav", tone(seed=4))
    assert not corpus("folder", tmp_path / "in").prepared()
    assert len(prepare("folder", tmp_path / "in")._store.rows()) == 3


def test_a_cache_with_other_settings_is_refused(corpus, prepare, write, tmp_path):
    write(tmp_path / "in" / "a" / "1.wav")
    prepared = prepare("folder", tmp_path / "in")
    settings = prepared._store.path / "settings.json"
    settings.write_text(settings.read_text().replace("4096", "8192"))
    with pytest.raises(DataError, match="was prepared with other settings"):
        corpus("folder", tmp_path / "in").manifest("train")


def test_missing_blocks_are_an_error(prepare, write, tmp_path):
    write(tmp_path / "in" / "a" / "1.wav")
    prepared = prepare("folder", tmp_path / "in")
    (prepared._store.path / "complete.json").unlink()
    (prepared._store.path / "blocks.i16").write_bytes(b"")
    with pytest.raises(DataError, match="is shorter than its rows say"):
        prepare("folder", tmp_path / "in")
