import errno
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsbench import files
from hsbench.errors import DataError, storage_error


def test_a_torn_last_line_is_passed_over_and_cut_off_by_the_next_append(tmp_path):
    path = tmp_path / "rows.jsonl"
    files.append_jsonl(path, [{"a": 1}, {"a": 2}])
    with path.open("ab") as file:
        file.write(b'{"a": 3, "b": "to')
    assert [row["a"] for row in files.read_jsonl(path)] == [1, 2]
    files.append_jsonl(path, [{"a": 4}])
    assert [row["a"] for row in files.read_jsonl(path)] == [1, 2, 4]
    assert path.read_bytes() == b'{"a":1}\n{"a":2}\n{"a":4}\n'


def test_a_garbled_line_in_the_middle_is_named(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": 1}\nnonsense\n{"a": 2}\n')
    with pytest.raises(DataError, match=r"rows.jsonl, line 2: expected a JSON object"):
        list(files.read_jsonl(path))


@pytest.mark.parametrize("text", ['{"a": 1},{"b": 2}\n', '{"a": 1\n"b": 2}\n', '{"a": 1}\n\n{"b": 2}\n'])
def test_lines_that_only_make_sense_together_are_refused(tmp_path, text):
    path = tmp_path / "rows.jsonl"
    path.write_text(text)
    with pytest.raises(DataError, match="expected a JSON object"):
        list(files.read_jsonl(path))


@pytest.mark.parametrize("line", ["[1]", "3", '"text"', "null"])
def test_a_line_that_is_no_object_is_named(tmp_path, line):
    path = tmp_path / "rows.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(DataError, match="line 1"):
        list(files.read_jsonl(path))


@given(tail=st.binary(max_size=300).filter(lambda b: b"\n" not in b), count=st.integers(0, 5))
def test_any_tail_without_a_newline_is_cut_off(tmp_path_factory, tail, count):
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    rows = [{"n": n} for n in range(count)]
    files.append_jsonl(path, rows)
    with path.open("ab") as file:
        file.write(tail)
    files.append_jsonl(path, [{"n": "last"}])
    assert list(files.read_jsonl(path)) == [*rows, {"n": "last"}]
    assert path.read_bytes().endswith(b'{"n":"last"}\n')


def test_nan_is_refused_rather_than_written(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        files.append_jsonl(tmp_path / "rows.jsonl", [{"value": float("nan")}])
    assert not (tmp_path / "rows.jsonl").exists()


def test_a_full_disk_in_the_middle_of_an_append_leaves_the_file_as_it_was(tmp_path, monkeypatch):
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


def test_replacing_leaves_the_old_file_when_it_fails(tmp_path, monkeypatch):
    path = tmp_path / "status.json"
    files.write_json(path, {"status": "done"})

    def fail(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        files.write_json(path, {"status": "failed"})
    assert files.read_json(path) == {"status": "done"}
    assert [p.name for p in tmp_path.iterdir()] == ["status.json"]


def test_canonical_json_knows_one_spelling():
    assert files.canonical_json({"b": 1, "a": [1.0, None, "ü"]}) == '{"a":[1.0,null,"ü"],"b":1}'
    with pytest.raises(ValueError, match="JSON"):
        files.canonical_json(float("inf"))


def test_a_document_that_is_no_json_is_named(tmp_path):
    path = tmp_path / "spec.json"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match=r"spec.json should be a JSON document"):
        files.read_json(path)


def test_an_ordinary_os_error_has_no_storage_sentence():
    assert storage_error(OSError(errno.ECHILD, "no child"), "x") is None


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_a_sentence(number):
    sentence = str(storage_error(OSError(number, "no"), "results/cell/lock"))
    assert "results/cell/lock: its file system keeps no locks, which hold two runs apart" in sentence
