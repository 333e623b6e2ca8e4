"""Packed files of hostile origin: nothing leaves the folder, nothing grows without limit, and each gets a sentence."""

import json
import os
import stat
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hsbench.api import packs
from hsbench.errors import DataError, HsbenchError, UsageError
from hsbench.packing import archive

EXAMPLES = int(os.environ.get("HSBENCH_HOSTILE_EXAMPLES", "60"))


@pytest.mark.parametrize(
    "name",
    [
        "../outside.json",
        "results/../outside.json",
        "/etc/outside",
        "results/views/../../x.json",
        "results/cell/../spec.json",
        "results/cell/artifacts/model/network.safetensors",
        "results/cell/lock",
        "results/views/a\x00.json",
        "results\\views\\a.json",
    ],
)
def test_a_name_that_no_results_folder_has_is_refused_before_anything_is_unpacked(packed, change, tmp_path, name):
    hostile = change(packed, {name: b"x"}, listed=True)
    with pytest.raises(DataError, match="which no packed results folder holds; nothing was unpacked"):
        packs.verify(hostile, keep=tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_a_file_that_is_not_listed_is_named_and_not_read(packed, change, tmp_path):
    hostile = change(packed, {"results/views/extra.json": b"{}"}, listed=False)
    (finding,) = packs.verify(hostile, keep=tmp_path / "kept").wrong
    assert "is in the file and not in its table; it was not read" in finding.detail
    assert not (tmp_path / "kept" / "views" / "extra.json").exists()


def test_a_listed_file_that_is_missing_is_named(packed, change):
    hostile = change(packed, {"results/references/clips.jsonl": None}, listed=False)
    assert "references/clips.jsonl is listed and is missing" in packs.verify(hostile).wrong[0].detail


def test_a_link_is_not_followed(packed, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    hostile = tmp_path / "link.hsr"
    with zipfile.ZipFile(packed) as source, zipfile.ZipFile(hostile, "w") as target:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name)
            data = source.read(name)
            if name.endswith("status.json"):
                entry.external_attr, data = (stat.S_IFLNK | 0o777) << 16, str(secret).encode()
            target.writestr(entry, data)
    verification = packs.verify(hostile, keep=tmp_path / "kept")
    assert "is a link, and a packed file holds none" in verification.wrong[0].detail
    assert not any(path.is_symlink() for path in (tmp_path / "kept").rglob("*"))


def test_an_entry_is_read_no_further_than_it_is_listed(packed, tmp_path, monkeypatch):
    bomb = tmp_path / "bomb.hsr"
    with zipfile.ZipFile(packed) as source, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            data = bytes(50_000_000) if name.endswith("status.json") else source.read(name)
            target.writestr(name, data)
    taken = []
    plain = zipfile.ZipExtFile.read
    monkeypatch.setattr(zipfile.ZipExtFile, "read", lambda self, n=-1: taken.append(n) or plain(self, n))
    assert "status.json was altered" in packs.verify(bomb).wrong[0].detail
    assert min(taken) >= 0
    assert max(taken) <= archive.LARGEST_FILE + 1
    sizes = json.loads(zipfile.ZipFile(packed).read("pack.json"))["files"]
    (listed,) = (one["bytes"] for name, one in sizes.items() if name.endswith("status.json"))
    assert listed + 1 in taken


def test_sizes_have_limits(packed, monkeypatch):
    monkeypatch.setattr(archive, "LARGEST", 1000)
    with pytest.raises(DataError, match="would unpack to .* GB, and at most"):
        packs.verify(packed)
    table = len(zipfile.ZipFile(packed).read("pack.json"))
    monkeypatch.setattr(archive, "LARGEST_FILE", table)
    with pytest.raises(DataError, match="lists .* MB at most; nothing was unpacked"):
        packs.verify(packed)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (b"{", "pack.json of .* is damaged"),
        (b"[]", "pack.json of .* is damaged"),
        (b'{"schema": 2}', "has schema 2 and this hsbench reads schema 1; update hsbench"),
        (b'{"schema": 1, "files": {"a": {"bytes": "x"}}}', "is damaged"),
    ],
)
def test_a_damaged_table_is_refused_in_one_sentence(packed, change, table, sentence):
    with pytest.raises(DataError, match=sentence):
        packs.verify(change(packed, {"pack.json": table}, listed=False))


def test_what_is_no_packed_file_is_refused_in_one_sentence(tmp_path):
    (tmp_path / "text").write_text("text")
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    os.mkfifo(tmp_path / "pipe")
    for name, sentence in [
        ("text", "cannot be read as such"),
        ("empty.zip", "expected one pack.json"),
        ("pipe", "expected a file of packed results"),
        ("none", "expected a file of packed results"),
        (".", "expected a file of packed results"),
    ]:
        with pytest.raises(DataError, match=sentence):
            packs.verify(tmp_path / name)
    with pytest.raises(UsageError, match="refit expects a number of clips from 0"):
        packs.verify(tmp_path / "text", refit=-1)


def test_a_folder_to_keep_that_holds_files_is_not_changed(packed, tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "mine").write_text("mine")
    with pytest.raises(UsageError, match="--keep expects a new or empty folder"):
        packs.verify(packed, keep=tmp_path / "kept")


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.floats(0, 1, exclude_max=True), cut=st.booleans(), value=st.integers(0, 255))
def test_a_damaged_file_gives_a_sentence_or_a_finding(packed, tmp_path, where, cut, value):
    data = bytearray(packed.read_bytes())
    position = int(where * len(data))
    if cut:
        del data[position:]
    else:
        data[position] = value
    damaged = tmp_path / "damaged.hsr"
    damaged.write_bytes(bytes(data))
    try:
        verification = packs.verify(damaged)
    except HsbenchError:
        return
    assert verification.wrong or contents(damaged) == contents(packed)


def contents(path):
    """Return name -> content of an archive."""
    with zipfile.ZipFile(path) as zipped:
        return {name: zipped.read(name) for name in zipped.namelist()}
