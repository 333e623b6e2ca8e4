"""A whole `hsbench bless` and the checks after it: real runs of toys, in a clean git checkout of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import hsbench
from hsbench.audio.io import read_mono
from hsbench.drift.bless import _slugs
from hsbench.files import read_jsonl

TOY = Path(__file__).parent.parent / "toys" / "toy.py"
MODELS, CLIPS = {"loud": "toy-ok", "steady": "toy-steady"}, 8
PAIRS = {(row, metric) for row in MODELS for metric in ("mse", "si_snr")}
KEPT = ("--baselines", "kept")


class Checkout:
    """A git repository that holds this very package, committed, and the results and toy log beside it."""

    def __init__(self, folder):
        self.root, self.log = folder / "checkout", folder / "toy.log"
        self.root.mkdir()
        (self.root / "hsbench").symlink_to(Path(hsbench.__file__).parent)
        (self.root / "notes.txt").write_text("as committed\n")
        self.git("init", "--quiet")
        self.git("add", "--all")
        self.git("-c", "user.name=toy", "-c", "user.email=toy@example.org", "commit", "--quiet", "--message", "all")

    def git(self, *words):
        subprocess.run(["git", "-C", self.root, *words], check=True, timeout=20)

    def start(self, verb, *options, **toy):
        words = [verb, "steadiness", *map(str, options), "--import", str(TOY)]
        named = {f"HSBENCH_TOY_{name.upper()}": str(value) for name, value in toy.items()}
        return subprocess.Popen(
            [sys.executable, "-m", "hsbench", *words],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": str(self.root), "HSBENCH_TOY_LOG": str(self.log), **named},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, verb, *options, **toy):
        process = self.start(verb, *options, **toy)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def run(self, results, **toy):
        code, out, err = self("run", "--budget", "smoke", "--results", results, **toy)
        assert code == 0, out + err

    def bless(self, results, *options, **toy):
        return self("bless", "--results", results, "--baselines", self.root / "kept", *options, **toy)

    def check(self, results):
        code, out, err = self("check", "--results", results, *KEPT, "--format", "json")
        document = json.loads(out)
        assert document["exit_code"] == code, err
        return code, {(line["tier"], line["row"], line["metric"]): line for line in document["lines"]}

    def rebuilt(self):
        return self.log.read_text().splitlines()


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path)


def killed_in_the_second_rerun(checkout, results):
    """Bless, and pull the plug when the first rerun is done; what had been rebuilt by then."""
    process = checkout.start("bless", "--results", results, *KEPT, "--reruns", 3, "--reason", "first", delay=0.02)
    for line in process.stdout:
        if line.startswith("rerun 2 of 3"):
            break
    finished = checkout.rebuilt()
    process.kill()
    process.communicate(timeout=20)
    return finished


def weigh(kept):
    """What was written names its origin, and its floors are those of the reruns: 0 where no seed moves a score."""
    document = json.loads((kept / "baseline.json").read_text())["blessed"]
    assert (document["reason"], document["code"]["dirty"]) == ("first", False)
    assert [(one["seed"], one["threads"]) for one in document["reruns"]] == [(0, 2), (1, 1), (2, 2)]
    scores = [*read_jsonl(kept / "scores.jsonl")]
    assert len(scores) == len(PAIRS) * CLIPS
    floors = {(one["row"], one["metric"]): one for one in read_jsonl(kept / "floor.jsonl")}
    assert set(floors) == PAIRS
    for (row, metric), one in floors.items():
        mean = np.mean([score["value"] for score in scores if (score["row"], score["metric"]) == (row, metric)])
        assert one["means"][0] == pytest.approx(mean)
        assert one["means"][1] == one["means"][0], "two threads move no toy"
        assert (len(one["means"]), one["floor"] > 0) == (4, row == "loud")


def hear(kept, results):
    """What is kept of each row is what was rebuilt, to 16 bits, and its score is the score of just that."""
    sounds = [*read_jsonl(kept / "audio.jsonl")]
    assert {(one["row"], one["metric"]) for one in sounds} == PAIRS
    assert {path.name for path in (kept / "audio").iterdir()} == {
        one[k] for one in sounds for k in ("file", "reference")
    }
    for one in sounds:
        (built,) = results.glob(f"{MODELS[one['row']]}--*/artifacts/audio/{one['clip']}.wav")
        whole, ours, original = (
            read_mono(path)[0] for path in (built, kept / "audio" / one["file"], kept / "audio" / one["reference"])
        )
        assert np.abs(ours - np.clip(whole, -1, 1 - 2**-15)).max() <= 2**-16 + 1e-7
        if one["metric"] == "mse":
            assert one["value"] == pytest.approx(np.mean((original.astype(float) - ours) ** 2))


def judge(checkout, results):
    """What was just blessed is the same: everything, and to the last bit where audio is scored again."""
    code, lines = checkout.check(results)
    assert code == 0
    assert {line["verdict"] for line in lines.values()} == {"same"}
    assert set(verdicts(lines)) == PAIRS | {(row, "numbers") for row in MODELS}
    for tier, clips in (("blessed audio", 1), ("rescored", 2)):
        assert set(verdicts(lines, tier)) == PAIRS
        exact = [line for (where, *_), line in lines.items() if where == tier]
        assert {(line["clips"], line["difference"]) for line in exact} == {(clips, 0.0)}


def verdicts(lines, tier="refit"):
    return {(row, metric): line["verdict"] for (where, row, metric), line in lines.items() if where == tier}


def test_what_is_blessed_is_the_same_until_the_code_changes(checkout, tmp_path):
    results, kept = tmp_path / "results", checkout.root / "kept" / "blessed" / "steadiness"
    checkout.run(results)
    assert len(checkout.rebuilt()) == 2 * CLIPS

    assert len(killed_in_the_second_rerun(checkout, results)) == 4 * CLIPS
    assert not (kept / "baseline.json").exists()
    code, out, err = checkout.bless(results, "--reruns", 3, "--reason", " first ")
    assert (code, err) == (0, ""), out
    assert "steadiness has no baseline below" in out
    assert out.endswith(f"wrote {kept}; commit it\n")
    assert ": started" not in out.partition("rerun 2 of 3")[0], "a finished rerun is not run again"
    assert len(checkout.rebuilt()) <= 8 * CLIPS + 2, "more than the group in flight was repeated"
    weigh(kept)
    for folder in (results / "reruns").glob("threads-*/toy-*"):
        (session, *_) = json.loads((folder / "provenance.json").read_text())["sessions"]
        assert folder.parent.name == f"threads-{session['threads']}"
    hear(kept, results)
    judge(checkout, results)

    changed = tmp_path / "changed"
    checkout.run(changed, gain=1.001)
    code, lines = checkout.check(changed)
    assert code == 1
    assert {key: found for key, found in verdicts(lines).items() if key in PAIRS} == {
        ("loud", "mse"): "noisy",
        ("loud", "si_snr"): "noisy",
        ("steady", "mse"): "drifted-worse",
        ("steady", "si_snr"): "drifted-worse",
    }


@pytest.mark.slow
def test_blessing_again_shows_old_and_new_and_takes_its_place(checkout, tmp_path):
    results, changed = tmp_path / "results", tmp_path / "changed"
    checkout.run(results)
    code, _, err = checkout.bless(results, "--reruns", 2, "--reason", "first", gain="none at all")
    assert (code, (checkout.root / "kept").exists()) == (3, False)
    assert "2 cells of the rerun with seed 0 are incomplete (" in err
    assert checkout.bless(results, "--reruns", 2, "--reason", "first")[0] == 0
    checkout.run(changed, gain=1.1)
    _, lines = checkout.check(changed)
    stale = checkout.root / "kept" / "blessed" / "steadiness" / "audio" / "of-a-row-that-is-gone.flac"
    stale.write_bytes(b"")
    code, out, err = checkout.bless(changed, "--reruns", 2, "--reason", "second", gain=1.1)
    assert (code, err) == (0, ""), out
    assert not stale.exists()
    shown = out[: out.index("rerun 1 of 2")]
    assert "(first) and what replaces it" in shown
    (line,) = [line for line in shown.splitlines() if "| steady" in line and "SI-SNR" in line]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    old, new = (lines["refit", "steady", "si_snr"][side] for side in ("a", "b"))
    assert [*cells[4:6], cells[-1]] == [f"{old:.2f}", f"{new:.2f}", "drifted-worse"]
    judge(checkout, changed)
    code, lines = checkout.check(results)
    assert (code, verdicts(lines)["steady", "mse"]) == (1, "drifted-better"), "the old numbers are drift now"


def test_a_file_that_differs_from_the_commit_is_not_blessed(checkout, tmp_path):
    (checkout.root / "notes.txt").write_text("changed\n")
    code, _, err = checkout.bless(tmp_path / "results", "--reason", "none")
    assert code == 2
    assert "bless expects a clean tree" in err
    checkout.git("checkout", "--quiet", "notes.txt")
    code, _, err = checkout.bless(tmp_path / "results", "--reason", "none")
    assert code == 3
    assert "holds nothing of steadiness to bless; run it first." in err


def test_rows_of_like_names_keep_files_of_their_own():
    assert _slugs(["HyperSound FMLP", "+6 dB", "-6 dB", "***"]) == {
        "HyperSound FMLP": "hypersound-fmlp",
        "+6 dB": "6-db-2",
        "-6 dB": "6-db-3",
        "***": "row",
    }
