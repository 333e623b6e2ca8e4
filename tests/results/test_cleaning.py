"""`hsbench clean` frees disk space, and removes nothing but what it names."""

import json
import os
import signal
import time

import pytest

from hsbench.files import read_jsonl
from hsbench.results import lock
from hsbench.results.cleaning import Wish, remove, survey
from hsbench.results.store import Results
from hsbench.spec import Cell, Part

KEPT = {"spec.json", "scores.jsonl", "reconstructions.jsonl", "fit.jsonl", "provenance.json", "status.json", "log.txt"}


def cell_of(model="toy", seed=0):
    return Cell(Part(model, 1), Part("demo", 1), Part("smoke", 1), Part("fixed", 1), seed)


def write(path, size=10):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    return path


@pytest.fixture
def results(tmp_path):
    """Two cells with an artifact of each kind, and one cell that was set aside."""
    results = Results(tmp_path / "results")
    for model in ("toy", "other"):
        folder = results.cell(cell_of(model))
        folder.write_spec(cell_of(model))
        folder.set_status("done")
        folder.append_scores([{"clip": "a", "metric": "mse", "version": 1, "value": 1.0, "status": "ok"}])
        write(folder.audio("a"), 1000)
        write(folder.weights("a"), 200)
        write(folder.kept / "network.safetensors", 3000)
        write(folder.kept / "training.safetensors", 40)
        write(folder.scratch / "group.safetensors", 5)
    old = results.cell(cell_of("old"))
    old.write_spec(cell_of("old"))
    write(old.audio("a"), 7)
    results.set_aside(cell_of("old"))
    return results


def sizes(results, *rules, **wish):
    """(rule, model) -> bytes that the rule would remove of the model's cell."""
    removals = survey(results, rules, Wish(**wish)).removals
    return {(removal.rule, removal.folder.path.name.split("--")[0]): removal.size for removal in removals}


@pytest.mark.parametrize(("rule", "size"), [("audio", 1000), ("weights", 200), ("networks", 3000), ("checkpoints", 40)])
def test_each_rule_removes_its_own_files_and_no_record(results, rule, size):
    folder = results.cell(cell_of())
    before = {path for path in folder.path.rglob("*") if path.is_file()}
    removals = survey(results, [rule], Wish(model="toy")).removals
    assert sum(removal.size for removal in removals) == size + (5 if rule == "checkpoints" else 0)
    assert all(remove(removal) for removal in removals)
    gone = before - {path for path in folder.path.rglob("*") if path.is_file()}
    assert sum(path.suffix in (".wav", ".safetensors") for path in gone) == len(gone) == len(removals)
    assert survey(results, [rule], Wish(model="toy")).removals == ()
    assert results.cell(cell_of("other")).audio("a").exists()
    assert folder.spec() == cell_of()
    assert len(folder.scores()) == 1


def test_superseded_cells_are_removed_whole_and_other_cells_stay(results):
    (removal,) = survey(results, ["superseded"], Wish()).removals
    assert (removal.files, removal.size > 7) == (2, True)
    assert remove(removal)
    assert results.superseded() == []
    assert len(results.cells()) == 2


def test_a_survey_writes_nothing(results):
    before = {path: path.stat().st_mtime_ns for path in results.root.rglob("*")}
    assert len(survey(results, ["audio", "weights", "networks", "checkpoints", "superseded"], Wish()).removals) == 11
    assert {path: path.stat().st_mtime_ns for path in results.root.rglob("*")} == before


def test_model_corpus_and_names_narrow_the_choice_of_cells(results):
    assert sizes(results, "audio") == {("audio", "toy"): 1000, ("audio", "other"): 1000}
    assert sizes(results, "audio", model="toy") == {("audio", "toy"): 1000}
    assert sizes(results, "audio", corpus="vctk") == {}
    assert sizes(results, "audio", names={cell_of("other").folder}) == {("audio", "other"): 1000}
    assert sizes(results, "superseded", model="old") != {}
    assert sizes(results, "superseded", names={cell_of("toy").folder}) == {}


def test_age_counts_from_the_latest_record_and_a_record_of_the_future_is_new(results):
    assert sizes(results, "audio", older_than=3600.0) == {}
    for path in results.cell(cell_of()).path.glob("*.json*"):
        os.utime(path, (time.time() - 7200,) * 2)
    assert sizes(results, "audio", older_than=3600.0) == {("audio", "toy"): 1000}
    scores = results.cell(cell_of()).path / "scores.jsonl"
    os.utime(scores, (time.time() + 7200,) * 2)
    assert sizes(results, "audio", older_than=3600.0) == {}


def test_a_cell_that_a_process_holds_is_skipped(results):
    folder = results.cell(cell_of())
    (removal,) = survey(results, ["audio"], Wish(model="toy")).removals
    with folder.locked():
        later = survey(results, ["audio"], Wish(model="toy"))
        assert (later.removals, later.running) == ((), (folder.path.name,))
        assert not remove(removal), "a process took the cell after the first survey"
    assert folder.audio("a").exists()
    assert not lock.held(folder.path / "lock")
    assert remove(removal)


def test_nothing_outside_the_results_folder_is_touched(results, tmp_path):
    """A results folder from elsewhere may hold symbolic links."""
    outside = write(tmp_path / "home" / "audio" / "precious.wav")
    folder = results.cell(cell_of("evil"))
    folder.write_spec(cell_of("evil"))
    (folder.path / "artifacts").symlink_to(tmp_path / "home")
    evil = survey(results, ["audio"], Wish(model="evil"))
    assert (evil.removals, evil.linked) == ((), (folder.all_audio,))
    assert outside.exists()


def test_the_command_only_shows_until_yes_is_given_and_the_table_stays(hsbench):
    request = ("toys", "--budget", "smoke")
    assert hsbench("run", *request).returncode == 0
    table = hsbench("report", "toys").stdout

    def clean(*arguments):
        process = hsbench.clean(*arguments)
        assert "Traceback" not in process.stderr
        return process.returncode, process.stdout + process.stderr

    code, output = clean()
    assert code == 0
    assert "rebuilt clips: 8 files of 2 cells. Later: a metric that is not yet scored needs its clips rebuilt" in output
    assert "Nothing was removed; name " in output
    code, output = clean("toys", "--audio", "--model", "toy-ok")
    assert code == 0
    assert "Nothing was removed; add --yes" in output
    assert len(list(hsbench.results.glob("*/artifacts/audio/*.wav"))) == 8
    code, output = clean("toys", "--audio", "--yes")
    assert code == 0
    assert "Freed 1.0 MB." in output
    assert not list(hsbench.results.glob("*/artifacts/audio/*.wav"))
    assert {path.name for path in hsbench.cells()[0].iterdir()} >= KEPT
    assert hsbench("report", "toys").stdout == table
    assert clean("--audio", "--yes") == (0, "There is nothing to remove.\n")
    assert hsbench("run", *request).returncode == 0
    assert len(hsbench.rebuilt()) == 8, "a clip with all its scores is not rebuilt"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--yes"], "clean --yes expects what to remove: --audio, --weights, --networks"),
        (["toyz"], "unknown experiment in"),
        (["--model", "toy-okk"], "did you mean 'toy-ok'?"),
        (["--corpus", "demos"], "did you mean 'demo'?"),
        (["--older-than", "0"], "--older-than expects days above 0, got 0"),
        (["--older-than", "nan"], "--older-than expects days above 0, got nan"),
    ],
)
def test_bad_requests_are_one_sentence(hsbench_here, tmp_path, arguments, sentence):
    Results(tmp_path).cell(cell_of("toy-ok")).write_spec(cell_of("toy-ok"))
    code, _, err = hsbench_here("clean", *arguments, "--results", tmp_path)
    assert (code, sentence in err) == (2, True), err


def test_the_command_names_a_cell_that_a_process_holds(hsbench):
    process = hsbench.start("run", "moods", "-k", "row~hang")
    end = time.monotonic() + 30
    while not hsbench.rebuilt() and time.monotonic() < end:
        time.sleep(0.01)
    (cell,) = hsbench.cells()
    write(cell / "artifacts" / "scratch" / "group.safetensors")
    cleaning = hsbench.clean("--checkpoints", "--yes")
    holder = json.loads((cell / "lock").read_text())["pid"]
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert f"{cell.name} is being worked on and left alone." in cleaning.stdout
    assert (cell / "artifacts" / "scratch" / "group.safetensors").exists()
    assert holder != process.pid
    assert not list(read_jsonl(cell / "scores.jsonl"))
