"""`hsbench run` and `hsbench plan` as users call them: results of successful runs, and statuses of failures."""

import json
import re

import numpy as np
import pytest
import soundfile

from hsbench.files import read_jsonl


def rows(cell, name="scores.jsonl"):
    return list(read_jsonl(cell / name))


def test_a_run_ends_with_the_table_and_exit_zero(hsbench_at, tmp_path):
    hsbench = hsbench_at(tmp_path)
    result = hsbench("run", "toys", "--budget", "smoke")
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(r"missing  toys/loud .* toy-ok--demo--smoke--s0--", result.stdout)
    assert "| loud [smoke]  |" in result.stdout
    assert "corpus demo (synthetic speech; fingerprint " in result.stdout
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
    result = hsbench("run", "toys", "--budget", "smoke")
    assert result.returncode == 0
    assert "nothing is missing" in result.stdout
    assert before == {path: path.stat().st_mtime_ns for cell in hsbench.cells() for path in cell.rglob("*")}
    assert len(hsbench.rebuilt()) == 8


def test_a_limit_grows_and_only_the_new_clips_are_rebuilt(hsbench):
    hsbench("run", "toys", "--limit", 3, "-k", "row~loud")
    assert len(hsbench.rebuilt()) == 3
    hsbench("run", "toys", "--limit", 8, "-k", "row~loud")
    assert len(hsbench.rebuilt()) == len(set(hsbench.rebuilt())) == 8


def test_the_same_seed_gives_the_same_numbers_and_another_seed_does_not(hsbench, tmp_path):
    def values(folder, *arguments):
        hsbench.results = folder
        assert hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud", *arguments).returncode == 0
        scores = {}
        for cell in hsbench.cells():
            scores |= {(cell.name, row["clip"], row["metric"]): row["value"] for row in rows(cell)}
        return scores

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


@pytest.mark.slow
def test_failing_cells_leave_a_status_and_a_log_and_the_others_finish(hsbench):
    result = hsbench("run", "moods", "--budget", "smoke", "--timeout", 6, "--jobs", 2)
    assert result.returncode == 3, result.stdout + result.stderr
    statuses = {}
    for cell in hsbench.cells():
        statuses[cell.name.split("--")[0].removeprefix("toy-")] = json.loads((cell / "status.json").read_text())
    assert {mood: status["status"] for mood, status in statuses.items()} == {
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
    assert "6 of 9 cells are incomplete; run the same command again" in result.stderr
    assert "| ok [smoke] " in result.stdout
    page = (hsbench.results / "README.md").read_text()
    for outcome in ("3 done", "2 failed", "1 unavailable", "2 crashed", "1 timeout"):
        assert outcome in page, "the page is written after a bad run too"
    assert "| ok [smoke] " in page


def test_collapsed_fits_have_no_score_under_fixed_1_and_a_score_under_the_other_protocols(hsbench):
    def values(protocol):
        result = hsbench("run", "moods", "--budget", "smoke", "--protocol", protocol, "-k", "row~silent")
        assert result.returncode == 0, result.stderr
        (cell,) = [c for c in hsbench.cells() if protocol in (c / "spec.json").read_text()]
        return {(row["metric"], row["value"] is not None, row["status"]) for row in rows(cell)}, result.stdout

    first, table = values("fixed-1")
    assert first == {("mse", False, "collapsed"), ("si_snr", False, "collapsed")}
    assert "(0/4)" in table
    assert "4 reconstructions collapsed" in table
    for protocol in ("fixed-2", "reference"):
        scored, table = values(protocol)
        assert scored == {("mse", True, "ok"), ("si_snr", False, "estimate_silent")}
        assert "4 reconstructions collapsed" in table


def test_a_fit_that_is_not_finite_never_becomes_a_number(hsbench):
    result = hsbench("run", "moods", "--budget", "smoke", "--protocol", "reference", "-k", "row~nan")
    assert result.returncode == 0
    (cell,) = hsbench.cells()
    assert {(row["value"], row["status"]) for row in rows(cell)} == {(None, "non_finite_estimate")}


def test_the_exit_code_is_4_when_only_a_back_end_is_missing(hsbench):
    result = hsbench("run", "moods", "--budget", "smoke", "-k", "row~backend")
    assert result.returncode == 4
    assert "the toy lacks a package" in result.stderr


def test_a_metric_without_its_package_is_named_and_the_others_are_scored(hsbench):
    result = hsbench("run", "lacking", "--budget", "smoke")
    assert result.returncode == 4, result.stdout + result.stderr
    assert "everything else is scored, but toy-lacking: metric 'toy-lacking' needs no_such_module" in result.stderr
    (cell,) = hsbench.cells()
    assert {(row["metric"], row["status"]) for row in rows(cell)} == {("mse", "ok"), ("toy-lacking", "unavailable")}
    assert hsbench("run", "lacking", "--budget", "smoke").returncode == 4
    assert len(hsbench.rebuilt()) == 2


def test_rerun_never_leaves_failed_cells_alone(hsbench):
    assert hsbench("run", "moods", "--budget", "smoke", "-k", "row~raise").returncode == 3
    result = hsbench("run", "moods", "--budget", "smoke", "-k", "row~raise", "--rerun", "never")
    assert result.returncode == 3
    assert "started" not in result.stdout
    assert re.search(r"failed  moods/raise .* toy-raise--", result.stdout)
    assert len(hsbench.rebuilt()) == 1


def test_rerun_all_moves_the_old_cell_to_superseded(hsbench):
    hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud")
    assert hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud", "--rerun", "all").returncode == 0
    assert len(hsbench.rebuilt()) == 8
    assert len(hsbench.cells("superseded/*")) == 1
    assert len(rows(hsbench.cells("superseded/*")[0])) == 8


def test_a_cell_of_another_version_is_stale_and_can_be_computed_again(hsbench):
    hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud")
    (cell,) = hsbench.cells()
    provenance = (cell / "provenance.json").read_text()
    (cell / "provenance.json").write_text(provenance.replace('"hsbench": "', '"hsbench": "0.0.'))
    planned = hsbench("plan", "toys", "--budget", "smoke", "-k", "row~loud").stdout
    assert re.search(r"stale  toys/loud .* toy-ok--", planned)
    hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud")
    assert len(hsbench.rebuilt()) == 4
    hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud", "--rerun", "stale")
    assert len(hsbench.rebuilt()) == 8


def test_the_commands_of_a_plan_compute_its_cells(hsbench):
    """`plan --format json` computes and writes nothing; a scheduler can run its commands."""
    import subprocess
    from pathlib import Path

    result = hsbench("plan", "toys", "--budget", "smoke", "--format", "json")
    plan = json.loads(result.stdout)
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
def test_invalid_requests_are_refused_in_one_sentence(hsbench, arguments, code, sentence):
    result = hsbench(*arguments)
    assert sentence in result.stderr
    assert result.stderr.startswith("hsbench: ")
    assert "Traceback" not in result.stderr
    assert result.returncode == code
    assert hsbench.cells() == []


def test_a_results_folder_that_is_a_file_is_refused_in_one_sentence(hsbench):
    hsbench.results.write_text("not a folder")
    result = hsbench("run", "toys", "--budget", "smoke")
    assert result.returncode == 2
    assert "results should be a folder and is a file; remove it" in result.stderr
    assert "Traceback" not in result.stderr
    assert hsbench.results.read_text() == "not a folder"


def test_changed_settings_are_part_of_the_key_and_stand_below_the_table(hsbench):
    result = hsbench("run", "toys", "--budget", "smoke", "--set", "toy-ok.noise=1", "-k", "row~loud")
    assert "| loud [smoke] |" in result.stdout
    assert "- loud: settings changed: noise=1" in result.stdout
    again = hsbench("run", "toys", "--budget", "smoke", "--set", "toy-ok.noise=1.0", "-k", "row~loud")
    assert "nothing is missing" in again.stdout
    hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud")
    assert len(hsbench.cells()) == 2


def test_reports_go_to_standard_output_or_to_files(hsbench, tmp_path):
    hsbench("run", "toys", "--budget", "smoke")
    summary = hsbench("report", "toys", "--format", "csv").stdout.splitlines()
    assert summary[0].startswith("experiment,row,metric,mean,")
    assert len(summary) == 1 + 2 * 2
    long = hsbench("report", "--format", "csv", "--per-clip").stdout.splitlines()
    assert long[0] == "experiment,row,corpus,budget,protocol,seed,clip,speaker,sex,metric,version,value,status"
    assert len(long) == 1 + 2 * 4 * 2
    assert ",k09,M," in "\n".join(long)
    for target, written in ((tmp_path / "out", "out/summary.csv"), (tmp_path / "mine.csv", "mine.csv")):
        result = hsbench("report", "toys", "--format", "csv", "--output", target)
        assert f"wrote {tmp_path / written}" in result.stdout
        assert (tmp_path / written).read_text().splitlines() == summary
    assert "\\begin{tabular}" in hsbench("report", "--format", "latex").stdout


@pytest.mark.slow
def test_a_folder_of_the_users_files_is_prepared_by_the_run(hsbench, tmp_path):
    for number in range(4):
        folder = tmp_path / "mine" / f"voice{number % 2}"
        folder.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / f"{number}.wav", np.sin(np.arange(40000) * 0.01 * (number + 1)), 22050)
    options = ("--corpus", "folder", "--data-root", tmp_path / "mine", "--budget", "smoke", "-k", "row~loud")
    unprepared = hsbench("plan", "toys", *options)
    assert unprepared.returncode == 2
    assert "hsbench corpus prepare folder --data-root" in unprepared.stderr
    result = hsbench("run", "toys", *options, "--set", "folder.peak_normalise=false")
    assert result.returncode == 0, result.stderr
    assert "preparing folder" in result.stdout
    assert "corpus folder (a folder of the user's; fingerprint " in result.stdout
    assert {row.split()[-1] for row in hsbench.rebuilt()} == {"voice1_1-1", "voice1_3-1"}
    (cell,) = hsbench.cells("*--folder--*")
    assert len(rows(cell)) == 4
    again = hsbench("run", "toys", *options)
    assert "preparing folder" in again.stdout, "other settings are another preparation"
    assert len(hsbench.cells("*--folder--*")) == 2
    assert "unknown setting of folder 'blocks'" in hsbench("run", "toys", *options, "--set", "folder.blocks=3").stderr


def test_results_of_two_budgets_are_separate_tables_and_can_be_selected(hsbench):
    hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud")
    hsbench("run", "toys", "--budget", "quick", "-k", "row~loud")
    assert hsbench("report", "toys").stdout.count("### Toys") == 2
    selected = hsbench("report", "toys", "--budget", "smoke").stdout
    assert selected.count("### Toys") == 1
    assert "budget smoke" in selected
    assert hsbench("report", "toys", "--budget", "paper").returncode == 3


def test_experiments_share_cells(hsbench):
    hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud")
    result = hsbench("run", "moods", "--budget", "smoke", "-k", "row~ok")
    assert "nothing is missing" in result.stdout
    assert len(hsbench.rebuilt()) == 4


def test_list_shows_origin_and_availability(hsbench):
    command = hsbench.command("list", "models")[:-2]
    import subprocess

    result = subprocess.run(command, capture_output=True, text=True, env=hsbench.environment(), check=True)
    assert "inr-siren" in result.stdout
    (line,) = [line for line in result.stdout.splitlines() if "toy-ok" in line]
    assert line.split()[:4] == ["toy-ok", "v1", "tests", "available"]


def test_another_split_is_another_table_of_the_same_cell(hsbench):
    hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud")
    result = hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud", "--split", "train")
    assert result.returncode == 0, result.stderr
    (cell,) = hsbench.cells()
    assert len(rows(cell)) == 16
    report = hsbench("report", "toys").stdout
    assert report.count("### Toys") == 2
    assert "split train, budget smoke" in report
    assert "split validation, budget smoke" in report
