"""A clock that is set back or stands still loses no data."""

import os
import time

from hsbench.results.store import Results


def test_files_dated_in_the_future_change_nothing(hsbench, monkeypatch):
    """Rows are ordered by their lines, never by times."""
    assert hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud", "--limit", 2).returncode == 0
    (cell,) = hsbench.cells()
    future = time.time() + 10 * 86400
    for path in cell.rglob("*"):
        os.utime(path, (future, future))
    provenance = (cell / "provenance.json").read_text()
    year = time.strftime("%Y-")
    (cell / "provenance.json").write_text(provenance.replace(f'"started": "{year}', '"started": "2999-'))
    assert "2999-" in (cell / "provenance.json").read_text()
    before = (cell / "scores.jsonl").read_bytes()
    assert hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud", "--limit", 2).returncode == 0
    assert (cell / "scores.jsonl").read_bytes() == before
    assert len(hsbench.rebuilt()) == 2
    assert hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud", "--limit", 4).returncode == 0
    assert len(hsbench.rebuilt()) == 4
    assert (cell / "scores.jsonl").read_bytes().startswith(before)
    results = Results(hsbench.results)
    monkeypatch.setattr("time.time_ns", lambda: 5)
    results.set_aside(results.folder(cell.name).spec())
    assert [folder.path.name for folder in results.superseded()] == [f"{cell.name}--5"]


def test_two_cells_set_aside_at_the_same_time_are_both_kept(documents, cell, tmp_path, monkeypatch):
    monkeypatch.setattr("time.time_ns", lambda: 5)
    results = Results(tmp_path)
    for level in (1.0, 2.0):
        results.cell(cell).write_spec(cell)
        results.cell(cell).append_scores([{**documents.score, "value": level}])
        results.set_aside(cell)
    kept = [next(iter(folder.scores().values()))["value"] for folder in results.superseded()]
    assert sorted(kept) == [1.0, 2.0]
