"""Findings about files hold as long as the file does not change."""

import os

from hsbench.files import read_jsonl
from hsbench.metrics.base import info
from hsbench.results import cell_folder
from hsbench.results.cell_folder import CellFolder
from hsbench.results.remembered import Remembered, state


def looks(path):
    """Return a function that says what is in the file, and the list of the texts that it read."""
    findings, read = Remembered(), []

    def find():
        before = state(path)
        read.append(path.read_text() if path.exists() else None)
        findings.keep(path, before, read[-1])
        return read[-1]

    return lambda: findings.known(path, find), read


def test_a_file_is_read_once_until_it_changes(tmp_path):
    path = tmp_path / "rows.jsonl"
    look, read = looks(path)
    assert look() is look() is None
    path.write_text("one")
    assert [look(), look()] == ["one", "one"]
    path.write_text("longer")
    assert [look(), look()] == ["longer", "longer"]
    path.unlink()
    assert look() is None
    assert read == [None, "one", "longer", None]


def test_a_replaced_file_of_the_same_size_and_time_is_read_again(tmp_path):
    path, other = tmp_path / "rows.jsonl", tmp_path / "other"
    path.write_text("one")
    look, _ = looks(path)
    assert look() == "one"
    other.write_text("two")
    facts = path.stat()
    os.utime(other, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    other.replace(path)
    assert look() == "two"


def test_a_file_that_is_written_to_while_it_is_read_is_read_again(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text("one")
    findings = Remembered()
    findings.keep(path, state(path), "one")
    path.write_text("one and two")
    assert findings.known(path, lambda: "read again") == "read again"


def test_rows_that_were_read_are_not_read_again_for_their_problems(tmp_path, monkeypatch):
    folder, names = CellFolder(tmp_path / "cell"), []
    score = {"clip": "c", "metric": "mse", "version": info("mse").version, "status": "ok", "seconds": 0.1}
    folder.append_scores([{**score, "value": -1.0}])
    monkeypatch.setattr(cell_folder, "read_jsonl", lambda path: names.append(path.name) or read_jsonl(path))
    assert folder.scores() == {}
    assert folder.reconstructions() == {}
    first = folder.problems()
    assert "mse -1 for c" in first[0]
    assert CellFolder(folder.path).problems() == first
    assert names == ["scores.jsonl", "reconstructions.jsonl"]
    folder.append_scores([{**score, "value": 0.5}])
    assert folder.problems() == ()
