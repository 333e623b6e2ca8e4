"""Several packed files in one report: which rows share a table, what each row says of itself, and what is refused."""

import json
import shutil

import pytest

from .conftest import content


@pytest.fixture
def theirs(packed, tmp_path):
    """Return a copy of the packed file with another name."""
    return shutil.copy(packed, tmp_path / "theirs.hsr")


def test_equal_conditions_share_a_table_and_each_row_names_its_submission(packed, theirs, hsbench_here):
    code, out, err = hsbench_here("report", packed, theirs, "--format", "csv")
    assert code == 0, err
    lines = out.splitlines()
    rows = {line.split(",")[lines[0].split(",").index("row")] for line in lines[1:]}
    assert rows == {"random phase (mine)", "random phase (theirs)"}
    code, out, _ = hsbench_here("report", packed, theirs, "--format", "markdown")
    assert code == 0
    assert out.count("### ") == 1
    assert "submission mine: self-reported" in out
    assert "submission theirs: self-reported" in out


def test_rescored_submissions_say_so(packed, hsbench_here):
    code, out, _ = hsbench_here("report", packed, "--rescore", "--format", "markdown")
    assert code == 0
    assert "submission mine: rescored" in out


def test_other_clips_are_another_table(packed, change, hsbench_here):
    name, data = content(packed, "views/sanity.json")
    document = json.loads(data)
    for group in document["groups"].values():
        for corpus in group["corpora"].values():
            corpus["clips"] = corpus["clips"][:1]
    fewer = change(packed, {name: json.dumps(document).encode()}, listed=True)
    code, out, _ = hsbench_here("report", packed, fewer, "--format", "markdown")
    assert code == 0
    assert out.count("### ") == 2


def test_a_report_has_the_sound_of_every_submission(packed, theirs, hsbench_here, tmp_path):
    code, _, err = hsbench_here("report", packed, theirs, "--format", "html", "--output", tmp_path / "pages")
    assert code == 0, err
    page = "".join(path.read_text() for path in (tmp_path / "pages").rglob("*.html"))
    assert "random phase (mine)" in page
    assert "random phase (theirs)" in page
    sounds = len(list((tmp_path / "pages").rglob("*.wav")))
    assert sounds == 4, "two originals and two estimates, since equal sound is kept once"


def test_a_file_that_was_tampered_with_is_not_reported(packed, change, hsbench_here):
    name, data = content(packed, "scores.jsonl")
    tampered = change(packed, {name: data + b"\n"}, listed=False)
    code, out, err = hsbench_here("report", packed, tampered, "--format", "markdown")
    assert (code, out) == (1, "")
    assert "changed.hsr is not what it claims to be: files: " in err


def test_rescore_without_a_packed_file_is_refused(hsbench_here):
    code, _, err = hsbench_here("report", "--rescore")
    assert code == 2
    assert "--rescore belongs to files FILE.hsr" in err


def test_equal_names_of_files_are_told_apart(packed, tmp_path, hsbench_here):
    (tmp_path / "other").mkdir()
    other = shutil.copy(packed, tmp_path / "other" / "mine.hsr")
    code, out, _ = hsbench_here("report", packed, other, "--format", "markdown")
    assert code == 0
    assert "random phase (mine-1)" in out
    assert "random phase (mine-2)" in out
