"""Many scores are read fast, and an error names the line that is no score."""

import json
import time

import pytest

from hsbench.errors import DataError


def test_a_hundred_thousand_scores_are_read_fast_and_a_torn_line_in_the_middle_is_named(documents, folder):
    rows = [{**documents.score, "clip": f"c{number}", "value": number / 7} for number in range(100_000)]
    folder.append_scores(rows)
    start = time.process_time()
    scores = folder.scores()
    assert time.process_time() - start < 5
    assert len(scores) == 100_000
    assert scores["c99999", "mse", 1]["value"] == 99_999 / 7
    folder.append_scores([{**documents.score, "clip": "c99999", "value": 3.0}])
    assert folder.scores()["c99999", "mse", 1]["value"] == 3.0, "the later row counts"
    path = folder.path / "scores.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[50_000] = lines[50_000][:20] + b"\n"
    path.write_bytes(b"".join(lines))
    with pytest.raises(DataError, match=r"scores\.jsonl, line 50001: .* remove that line and run again"):
        folder.scores()
    path.write_bytes(b"".join([*lines[:50_000], *lines[50_001:]]))
    assert len(folder.scores()) == 99_999


def test_plan_and_run_name_a_torn_line_in_the_middle_and_removing_it_is_enough(hsbench):
    assert hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud").returncode == 0
    (cell,) = hsbench.cells()
    lines = (cell / "scores.jsonl").read_bytes().splitlines(keepends=True)
    (cell / "scores.jsonl").write_bytes(b"".join([lines[0], lines[1][:9] + b"\n", *lines[2:]]))
    for verb in (("plan", "toys"), ("run", "toys")):
        process = hsbench(*verb, "--budget", "smoke", "-k", "row~loud")
        assert process.returncode == 2
        assert "scores.jsonl, line 2: expected a JSON object" in process.stderr
        assert "Traceback" not in process.stderr
    (cell / "scores.jsonl").write_bytes(b"".join([lines[0], *lines[2:]]))
    assert hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud").returncode == 0
    assert len((cell / "scores.jsonl").read_bytes().splitlines()) == len(lines)
    assert len(hsbench.rebuilt()) == 4, "the audio exists, so only the score was computed again"


@pytest.mark.parametrize("value", ["1e999", "-1e999", "9" * 400, "true", '"0.5"', "[0.5]", "{}"])
def test_a_score_that_is_no_number_is_refused(documents, folder, value):
    folder.path.mkdir(parents=True)
    (folder.path / "scores.jsonl").write_text(json.dumps(documents.score).replace("0.5", value) + "\n")
    with pytest.raises(DataError, match=r"scores\.jsonl, line 1: .* is no row of such a file"):
        folder.scores()
