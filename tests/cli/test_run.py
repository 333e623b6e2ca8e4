"""What `run` promises when nothing goes wrong, and what it says when something does."""

import json

import numpy as np
import pytest
import soundfile

from hsbench.files import read_jsonl


def rows(cell, name="scores.jsonl"):
    return list(read_jsonl(cell / name))


def test_a_run_ends_with_the_table_and_exit_zero(hsbench):
    done = hsbench("run", "toys", "--budget", "smoke")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "missing  toy-ok--demo--smoke--s0--" in done.stdout
    assert "| loud [smoke]  |" in done.stdout
    assert "corpus demo (synthetic speech; fingerprint " in done.stdout
    assert len(hsbench.cells()) == 2
    for cell in hsbench.cells():
        assert len(rows(cell)) == 8
        assert {row["status"] for row in rows(cell)} == {"ok"}
        assert json.loads((cell / "status.json").read_text())["status"] == "done"
        assert "the toy is fitted on 70 clips" in (cell / "log.txt").read_text()
        assert not (cell / "artifacts" / "scratch").exists()
        (session,) = json.loads((cell / "provenance.json").read_text())["sessions"]
        assert {"code", "python", "packages", "cpu", "threads", "device", "seed", "fingerprint", "command"} <= set(
            session
        )


def test_the_second_run_computes_nothing(hsbench):
    hsbench("run", "toys", "--budget", "smoke")
    before = {path: path.stat().st_mtime_ns for cell in hsbench.cells() for path in cell.rglob("*")}
    done = hsbench("run", "toys", "--budget", "smoke")
    assert done.returncode == 0
    assert "nothing is missing" in done.stdout
    assert before == {path: path.stat().st_mtime_ns for cell in hsbench.cells() for path in cell.rglob("*")}
    assert len(hsbench.rebuilt()) == 8


def test_a_limit_grows_and_only_the_new_clips_are_rebuilt(hsbench):
    hsbench("run", "toys", "--limit", 3, "-k", "row~loud")
    assert len(hsbench.rebuilt()) == 3
    hsbench("run", "toys", "--limit", 8, "-k", "row~loud")
    assert len(hsbench.rebuilt()) == len(set(hsbench.rebuilt())) == 8


def test_the_same_seed_gives_the_same_numbers_and_another_does_not(hsbench_at, tmp_path):
    def values(folder, *arguments):
        folder.mkdir()
        line = hsbench_at(folder)
        assert line("run", "toys", "--budget", "smoke", "-k", "row~loud", *arguments).returncode == 0
        found = {}
        for cell in line.cells():
            found |= {(cell.name, row["clip"], row["metric"]): row["value"] for row in rows(cell)}
        return found

    first, second = values(tmp_path / "a"), values(tmp_path / "b")
    assert first == second
    more = values(tmp_path / "c", "--seeds", 2)
    assert first.items() < more.items()
    assert len(set(more.values())) == 2 * len(first)


def test_a_new_metric_is_scored_from_kept_audio(hsbench):
    hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud")
    (cell,) = hsbench.cells()
    kept = [row for row in rows(cell) if row["metric"] != "si_snr"]
    (cell / "scores.jsonl").write_text("".join(json.dumps(row) + "\n" for row in kept))
    assert hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud").returncode == 0
    assert len(rows(cell)) == 8
    assert len(hsbench.rebuilt()) == 4


def test_audio_that_was_removed_is_rebuilt_only_where_a_score_needs_it(hsbench):
    hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud")
    (cell,) = hsbench.cells()
    for path in (cell / "artifacts" / "audio").iterdir():
        path.unlink()
    assert hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud").returncode == 0
    assert len(hsbench.rebuilt()) == 4
    scores = rows(cell)
    (cell / "scores.jsonl").write_text("".join(json.dumps(row) + "\n" for row in scores[2:]))
    assert hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud").returncode == 0
    assert len(hsbench.rebuilt()) == 5
    key = ("clip", "metric")
    assert {tuple(r[k] for k in key): r["value"] for r in rows(cell)} == {
        tuple(r[k] for k in key): r["value"] for r in scores
    }


def test_bad_cells_leave_status_and_log_and_the_others_finish(hsbench):
    done = hsbench("run", "moods", "--budget", "smoke", "--timeout", 6, "--jobs", 2)
    assert done.returncode == 3, done.stdout + done.stderr
    statuses = {}
    for cell in hsbench.cells():
        statuses[cell.name.split("--")[0].removeprefix("toy-")] = json.loads((cell / "status.json").read_text())
    assert {mood: one["status"] for mood, one in statuses.items()} == {
        "ok": "done",
        "silent": "done",
        "nan": "done",
        "raise": "failed",
        "liar": "failed",
        "backend": "unavailable",
        "segfault": "crashed",
        "exit": "crashed",
        "hang": "timeout",
    }
    assert "the toy raises, as asked" in statuses["raise"]["message"]
    assert "SIGSEGV" in statuses["segfault"]["message"]
    assert "exit code 7" in statuses["exit"]["message"]
    assert "stopped after 6 s" in statuses["hang"]["message"]
    assert "gave back []; it must rebuild each once" in statuses["liar"]["message"]
    logs = {cell.name.split("--")[0]: (cell / "log.txt").read_text() for cell in hsbench.cells()}
    assert "RuntimeError: the toy raises" in logs["toy-raise"]
    assert "Segmentation fault" in logs["toy-segfault"]
    assert "6 of 9 cells are incomplete; run the same command again" in done.stderr
    assert "| ok [smoke] " in done.stdout
    page = (hsbench.results / "README.md").read_text()
    for outcome in ("3 done", "2 failed", "1 unavailable", "2 crashed", "1 timeout"):
        assert outcome in page, "the page is written after a bad run too"
    assert "| ok [smoke] " in page


def test_bad_fits_are_statuses_under_fixed_and_scores_under_reference(hsbench):
    def values(protocol):
        done = hsbench("run", "moods", "--budget", "smoke", "--protocol", protocol, "-k", "row~silent")
        assert done.returncode == 0, done.stderr
        (cell,) = [c for c in hsbench.cells() if protocol in (c / "spec.json").read_text()]
        return {(row["metric"], row["value"] is not None, row["status"]) for row in rows(cell)}, done.stdout

    fixed, table = values("fixed")
    assert fixed == {("mse", False, "collapsed"), ("si_snr", False, "collapsed")}
    assert "(0/4)" in table
    assert "fits collapsed 4" in table
    reference, _ = values("reference")
    assert reference == {("mse", True, "ok"), ("si_snr", False, "estimate_silent")}


def test_a_fit_that_is_not_finite_never_becomes_a_number(hsbench):
    done = hsbench("run", "moods", "--budget", "smoke", "--protocol", "reference", "-k", "row~nan")
    assert done.returncode == 0
    (cell,) = hsbench.cells()
    assert {(row["value"], row["status"]) for row in rows(cell)} == {(None, "non_finite_estimate")}


def test_a_missing_backend_alone_exits_with_four(hsbench):
    done = hsbench("run", "moods", "--budget", "smoke", "-k", "row~backend")
    assert done.returncode == 4
    assert "the toy lacks a package" in done.stderr


def test_a_metric_without_its_package_is_said_and_the_rest_is_scored(hsbench):
    done = hsbench("run", "lacking", "--budget", "smoke")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "everything else is scored, but toy-lacking: metric 'toy-lacking' needs no_such_module" in done.stderr
    (cell,) = hsbench.cells()
    assert {(row["metric"], row["status"]) for row in rows(cell)} == {("mse", "ok"), ("toy-lacking", "unavailable")}
    assert hsbench("run", "lacking", "--budget", "smoke").returncode == 4
    assert len(hsbench.rebuilt()) == 2


def test_failed_cells_are_left_alone_when_asked(hsbench):
    assert hsbench("run", "moods", "--budget", "smoke", "-k", "row~raise").returncode == 3
    done = hsbench("run", "moods", "--budget", "smoke", "-k", "row~raise", "--rerun", "never")
    assert done.returncode == 3
    assert "started" not in done.stdout
    assert "failed  toy-raise" in done.stdout
    assert len(hsbench.rebuilt()) == 1


def test_rerunning_all_sets_the_old_cell_aside(hsbench):
    hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud")
    assert hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud", "--rerun", "all").returncode == 0
    assert len(hsbench.rebuilt()) == 8
    assert len(hsbench.cells("superseded/*")) == 1
    assert len(rows(hsbench.cells("superseded/*")[0])) == 8


def test_what_another_version_made_is_stale_and_can_be_made_anew(hsbench):
    hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud")
    (cell,) = hsbench.cells()
    provenance = (cell / "provenance.json").read_text()
    (cell / "provenance.json").write_text(provenance.replace('"hsbench": "', '"hsbench": "0.0.'))
    assert "stale  toy-ok" in hsbench("plan", "toys", "--budget", "smoke", "-k", "row~loud").stdout
    hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud")
    assert len(hsbench.rebuilt()) == 4
    hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud", "--rerun", "stale")
    assert len(hsbench.rebuilt()) == 8


def test_another_tolerance_of_the_plan_is_a_schedulers_job(hsbench):
    """`plan --format json` computes and writes nothing, and its commands do the work."""
    import subprocess
    from pathlib import Path

    done = hsbench("plan", "toys", "--budget", "smoke", "--format", "json")
    plan = json.loads(done.stdout)
    assert not hsbench.results.exists()
    for cell in plan["cells"]:
        path = Path(cell["job_file"])
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(cell["job"]))
        subprocess.run(
            cell["command"], check=True, env=hsbench.environment(), capture_output=True, stdin=subprocess.DEVNULL
        )
    assert len(hsbench.rebuilt()) == 8
    assert "nothing is missing" in hsbench("run", "toys", "--budget", "smoke").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["run", "toyz"], 2, "unknown experiment 'toyz'; did you mean 'toys'? See: hsbench list experiments"),
        (["run", "toys", "--corpus", "demos"], 2, "unknown corpus 'demos'; did you mean 'demo'?"),
        (["run", "toys", "--budget", "smok"], 2, "unknown budget 'smok'; did you mean 'smoke'?"),
        (["run", "toys", "--protocol", "papr"], 2, "unknown protocol 'papr'; did you mean 'paper'?"),
        (["run", "toys", "--split", "validate"], 2, "unknown split 'validate'; did you mean 'validation'?"),
        (["run", "toys", "--device", "gpu"], 2, "unknown device 'gpu'; did you mean 'cpu'?"),
        (["run", "toys", "--rerun", "fail"], 2, "unknown rerun rule 'fail'; did you mean 'failed'?"),
        (["run", "toys", "--limit", "0"], 2, "--limit expects a number of clips from 1, got 0"),
        (["run", "toys", "--seeds", "0"], 2, "--seeds expects a number of seeds from 1, got 0"),
        (["run", "toys", "--jobs", "0"], 2, "--jobs expects a number of cells from 1, got 0"),
        (["run", "toys", "--timeout", "-1"], 2, "--timeout expects seconds above 0"),
        (["run", "toys", "--set", "noise=1"], 2, "--set expects model.key=value"),
        (["run", "toys", "--set", "toy-ok.nois=1"], 2, "unknown setting of toy-ok 'nois'; did you mean 'noise'?"),
        (
            ["run", "toys", "--set", "toy-ok.noise=much"],
            2,
            "--set toy-ok.noise expects a float such as 0.1, got 'much'",
        ),
        (["run", "toys", "--set", "inr-siren.width=3"], 2, "--set inr-siren: no row of toys uses it; it uses toy-ok"),
        (["run", "toys", "-k", "loud"], 2, "-k expects model~text or row~text, got 'loud'"),
        (["run", "toys", "-k", "row~nothing"], 2, "no row of toys matches -k row~nothing; its rows are loud, quiet"),
        (["report", "toys"], 3, "holds nothing to report on for toys; run it first"),
        (["report", "--format", "pdf"], 2, "unknown format 'pdf'"),
        (["report", "toys", "--per-clip"], 2, "--per-clip goes with --format csv"),
        (["plan", "toys", "--format", "yaml"], 2, "unknown format 'yaml'"),
    ],
)
def test_bad_requests_are_one_sentence(hsbench, arguments, code, sentence):
    done = hsbench(*arguments)
    assert sentence in done.stderr
    assert done.stderr.startswith("hsbench: ")
    assert "Traceback" not in done.stderr
    assert done.returncode == code
    assert hsbench.cells() == []


def test_a_results_folder_that_is_a_file_is_a_sentence(hsbench):
    hsbench.results.write_text("not a folder")
    done = hsbench("run", "toys", "--budget", "smoke")
    assert done.returncode == 3
    assert "cannot write" in done.stderr
    assert "Traceback" not in done.stderr
    assert hsbench.results.read_text() == "not a folder"


def test_settings_enter_the_key_and_the_row(hsbench):
    done = hsbench("run", "toys", "--budget", "smoke", "--set", "toy-ok.noise=1", "-k", "row~loud")
    assert "| loud noise=1 [smoke] |" in done.stdout
    again = hsbench("run", "toys", "--budget", "smoke", "--set", "toy-ok.noise=1.0", "-k", "row~loud")
    assert "nothing is missing" in again.stdout
    hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud")
    assert len(hsbench.cells()) == 2


def test_reports_are_pure_on_stdout_and_files_elsewhere(hsbench, tmp_path):
    hsbench("run", "toys", "--budget", "smoke")
    summary = hsbench("report", "toys", "--format", "csv").stdout.splitlines()
    assert summary[0].startswith("experiment,row,metric,mean,")
    assert len(summary) == 1 + 2 * 2
    long = hsbench("report", "--format", "csv", "--per-clip").stdout.splitlines()
    assert long[0] == "experiment,row,corpus,budget,protocol,seed,clip,speaker,sex,metric,version,value,status"
    assert len(long) == 1 + 2 * 4 * 2
    assert ",k09,M," in "\n".join(long)
    for target, written in ((tmp_path / "out", "out/summary.csv"), (tmp_path / "mine.csv", "mine.csv")):
        done = hsbench("report", "toys", "--format", "csv", "--output", target)
        assert f"wrote {tmp_path / written}" in done.stdout
        assert (tmp_path / written).read_text().splitlines() == summary
    assert "\\begin{tabular}" in hsbench("report", "--format", "latex").stdout


def test_a_corpus_of_ones_own_is_prepared_by_the_run_and_its_settings_are_in_the_row(hsbench, tmp_path):
    for number in range(4):
        folder = tmp_path / "mine" / f"voice{number % 2}"
        folder.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / f"{number}.wav", np.sin(np.arange(40000) * 0.01 * (number + 1)), 22050)
    where = ("--corpus", "folder", "--data-root", tmp_path / "mine", "--budget", "smoke", "-k", "row~loud")
    unprepared = hsbench("plan", "toys", *where)
    assert unprepared.returncode == 2
    assert "hsbench corpus prepare folder --data-root" in unprepared.stderr
    done = hsbench("run", "toys", *where, "--set", "folder.peak_normalise=false")
    assert done.returncode == 0, done.stderr
    assert "preparing folder" in done.stdout
    assert "corpus folder (a folder of the user's; fingerprint " in done.stdout
    assert {row.split()[-1] for row in hsbench.rebuilt()} == {"voice1_1-0", "voice1_3-0"}
    (cell,) = hsbench.cells("*--folder--*")
    assert len(rows(cell)) == 4
    again = hsbench("run", "toys", *where)
    assert "preparing folder" in again.stdout, "other settings are another preparation"
    assert len(hsbench.cells("*--folder--*")) == 2
    assert "unknown setting of folder 'blocks'" in hsbench("run", "toys", *where, "--set", "folder.blocks=3").stderr


def test_groups_stand_apart_and_can_be_chosen(hsbench):
    hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud")
    hsbench("run", "toys", "--budget", "quick", "-k", "row~loud")
    assert hsbench("report", "toys").stdout.count("### Toys") == 2
    chosen = hsbench("report", "toys", "--budget", "smoke").stdout
    assert chosen.count("### Toys") == 1
    assert "budget smoke" in chosen
    assert hsbench("report", "toys", "--budget", "paper").returncode == 3


def test_experiments_share_cells(hsbench):
    hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud")
    done = hsbench("run", "moods", "--budget", "smoke", "-k", "row~ok")
    assert "nothing is missing" in done.stdout
    assert len(hsbench.rebuilt()) == 4


def test_listing_shows_origin_and_what_is_missing(hsbench):
    listed = hsbench.command("list", "models")[:-2]
    import subprocess

    done = subprocess.run(listed, capture_output=True, text=True, env=hsbench.environment(), check=True)
    assert "inr-siren" in done.stdout
    (line,) = [line for line in done.stdout.splitlines() if "toy-ok" in line]
    assert line.split()[:4] == ["toy-ok", "v1", "tests", "available"]


def test_another_split_is_another_table_of_the_same_cell(hsbench):
    hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud")
    done = hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud", "--split", "train")
    assert done.returncode == 0, done.stderr
    (cell,) = hsbench.cells()
    assert len(rows(cell)) == 16
    shown = hsbench("report", "toys").stdout
    assert shown.count("### Toys") == 2
    assert "split train, budget smoke" in shown
    assert "split validation, budget smoke" in shown
