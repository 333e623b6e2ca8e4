"""Files survive crashes and full disks; canonical JSON is unique; the cache folder is where it always was."""

import errno
import math
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsbench import files
from hsbench.errors import DataError, storage_error


def test_an_incomplete_last_line_is_ignored_and_removed_by_the_next_append(tmp_path):
    path = tmp_path / "rows.jsonl"
    files.append_jsonl(path, [{"a": 1}, {"a": 2}])
    with path.open("ab") as file:
        file.write(b'{"a": 3, "b": "to')
    assert [row["a"] for row in files.read_jsonl(path)] == [1, 2]
    files.append_jsonl(path, [{"a": 4}])
    assert [row["a"] for row in files.read_jsonl(path)] == [1, 2, 4]
    assert path.read_bytes() == b'{"a":1}\n{"a":2}\n{"a":4}\n'


def test_the_error_names_a_malformed_line(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": 1}\nnonsense\n{"a": 2}\n')
    with pytest.raises(DataError, match=r"rows.jsonl, line 2: expected a JSON object"):
        list(files.read_jsonl(path))


@pytest.mark.parametrize("text", ['{"a": 1},{"b": 2}\n', '{"a": 1\n"b": 2}\n', '{"a": 1}\n\n{"b": 2}\n'])
def test_lines_that_are_valid_only_when_joined_are_refused(tmp_path, text):
    path = tmp_path / "rows.jsonl"
    path.write_text(text)
    with pytest.raises(DataError, match="expected a JSON object"):
        list(files.read_jsonl(path))


@pytest.mark.parametrize("line", ["[1]", "3", '"text"', "null"])
def test_the_error_names_a_line_that_is_not_an_object(tmp_path, line):
    path = tmp_path / "rows.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(DataError, match="line 1"):
        list(files.read_jsonl(path))


@given(tail=st.binary(max_size=300).filter(lambda b: b"\n" not in b), count=st.integers(0, 5))
def test_every_incomplete_last_line_is_removed(tmp_path_factory, tail, count):
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    rows = [{"n": n} for n in range(count)]
    files.append_jsonl(path, rows)
    with path.open("ab") as file:
        file.write(tail)
    files.append_jsonl(path, [{"n": "last"}])
    assert list(files.read_jsonl(path)) == [*rows, {"n": "last"}]
    assert path.read_bytes().endswith(b'{"n":"last"}\n')


def test_nan_is_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        files.append_jsonl(tmp_path / "rows.jsonl", [{"value": float("nan")}])
    assert not (tmp_path / "rows.jsonl").exists()


def test_a_disk_that_fills_up_during_an_append_does_not_change_the_file(tmp_path, monkeypatch):
    path = tmp_path / "rows.jsonl"
    files.append_jsonl(path, [{"a": 1}])
    before, write = path.read_bytes(), os.write

    def full(descriptor, data):
        if len(data) > 4:
            return write(descriptor, data[:4])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space left") as caught:
        files.append_jsonl(path, [{"a": "a value longer than four bytes"}])
    assert path.read_bytes() == before
    sentence = str(storage_error(caught.value, path))
    assert "the disk is full" in sentence
    assert "run the same command again" in sentence


def test_a_replacement_that_fails_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "status.json"
    files.write_json(path, {"status": "done"})

    def fail(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        files.write_json(path, {"status": "failed"})
    assert files.read_json(path) == {"status": "done"}
    assert [p.name for p in tmp_path.iterdir()] == ["status.json"]


def test_canonical_json_sorts_names_and_has_no_spaces():
    assert files.canonical_json({"b": 1, "a": [1.0, None, "ü"]}) == '{"a":[1.0,null,"ü"],"b":1}'
    with pytest.raises(ValueError, match="JSON"):
        files.canonical_json(float("inf"))


@pytest.mark.parametrize(
    ("first", "second"), [(1, 1.0), (0.1, math.nextafter(0.1, 1)), (0.0, -0.0), (True, 1), ("1", 1)]
)
def test_different_values_have_different_canonical_json(first, second):
    assert files.canonical_json(first) != files.canonical_json(second)


@given(number=st.floats(allow_nan=False, allow_infinity=False))
def test_canonical_json_keeps_every_bit_of_a_number(number):
    text = files.canonical_json({"number": number})
    assert files.parsed(text.encode())["number"].hex() == number.hex()


def test_the_error_names_a_file_that_is_not_json(tmp_path):
    path = tmp_path / "spec.json"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match=r"spec.json should be a JSON document"):
        files.read_json(path)


def test_an_error_that_does_not_concern_storage_gets_no_storage_error():
    assert storage_error(OSError(errno.ECHILD, "no child"), "x") is None


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_the_error_names_a_file_system_without_locks(number):
    sentence = str(storage_error(OSError(number, "no"), "results/cell/lock"))
    assert "results/cell/lock: its file system keeps no locks, which hold two runs apart" in sentence


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({}, "/home/me/.cache/hsbench"),
        ({"XDG_CACHE_HOME": ""}, "/home/me/.cache/hsbench"),
        ({"XDG_CACHE_HOME": "/scratch/cache"}, "/scratch/cache/hsbench"),
        ({"XDG_CACHE_HOME": "/scratch/cache", "HSBENCH_CACHE": "/mine"}, "/mine"),
        ({"HSBENCH_CACHE": ""}, "/home/me/.cache/hsbench"),
    ],
)
def test_the_cache_folder_stays_where_prepared_corpora_lie(monkeypatch, environment, folder):
    for name in ("XDG_CACHE_HOME", "HSBENCH_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/me")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert files.cache_folder() == Path(folder)
