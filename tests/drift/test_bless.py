"""`hsbench bless` and the checks after it: real runs of toy models, in a git checkout of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import hsbench
from hsbench.audio.io import read_mono
from hsbench.drift import processors
from hsbench.drift.bless import _slugs
from hsbench.files import read_jsonl

TOY = Path(__file__).parent.parent / "toys" / "toy.py"
MODELS, CLIPS = {"loud": "toy-ok", "steady": "toy-steady"}, 8
PAIRS = {(row, metric) for row in MODELS for metric in ("mse", "si_snr")}
KEPT = ("--baselines", "kept")
LIMITS = processors.limits()


class Checkout:
    """A git repository in which the package under test is committed, with the log of the toy models beside it."""

    def __init__(self, folder):
        self.root, self.log = folder / "checkout", folder / "toy.log"
        self.root.mkdir()
        (self.root / "hsbench").symlink_to(Path(hsbench.__file__).parent)
        (self.root / "notes.txt").write_text("as committed\n")
        self.git("init", "--quiet")
        self.git("add", "--all")
        self.git("-c", "user.name=toy", "-c", "user.email=toy@example.org", "commit", "--quiet", "--message", "all")

    def git(self, *arguments):
        subprocess.run(["git", "-C", self.root, *arguments], check=True, timeout=20)

    def start(self, verb, *options, **toy):
        arguments = [verb, "steadiness", *map(str, options), "--import", str(TOY)]
        toy_settings = {f"HSBENCH_TOY_{name.upper()}": str(value) for name, value in toy.items()}
        return subprocess.Popen(
            [sys.executable, "-m", "hsbench", *arguments],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": str(self.root), "HSBENCH_TOY_LOG": str(self.log), **toy_settings},
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
    """Start `hsbench bless`, kill it after the first rerun, and return the clips that had been rebuilt by then."""
    process = checkout.start("bless", "--results", results, *KEPT, "--reruns", 2, "--reason", "first", delay=0.02)
    for line in process.stdout:
        if line.startswith(f"rerun 2 of {2 + len(LIMITS)}"):
            break
    finished = checkout.rebuilt()
    process.kill()
    process.communicate(timeout=20)
    return finished


def assert_origin_and_floors(kept):
    """A baseline names its origin, and its floors are those of the reruns: 0 but for rounding where no seed counts."""
    document = json.loads((kept / "baseline.json").read_text())["blessed"]
    assert (document["reason"], document["code"]["dirty"]) == ("first", False)
    made = [(rerun["seed"], rerun["threads"], rerun["instructions"]) for rerun in document["reruns"]]
    assert made == [(0, 2, ""), (1, 1, ""), *((0, 1, name) for name in LIMITS)]
    scores = [*read_jsonl(kept / "scores.jsonl")]
    assert len(scores) == len(PAIRS) * CLIPS
    floors = {(floor["row"], floor["metric"]): floor for floor in read_jsonl(kept / "floor.jsonl")}
    assert set(floors) == PAIRS
    for (row, metric), floor in floors.items():
        mean = np.mean([score["value"] for score in scores if (score["row"], score["metric"]) == (row, metric)])
        assert floor["means"][0] == pytest.approx(mean)
        assert {floor["means"][1], *floor["means"][3:]} == {floor["means"][0]}, (
            "neither the number of threads nor the instruction set changes a toy model"
        )
        assert (len(floor["means"]), floor["floor"] > 1e-12) == (3 + len(LIMITS), row == "loud")


def assert_audio_and_its_scores(kept, results):
    """The kept audio of each row equals the rebuilt audio to 16 bits, and its scores are those of the 16-bit audio."""
    sounds = [*read_jsonl(kept / "audio.jsonl")]
    assert {(sound["row"], sound["metric"]) for sound in sounds} == PAIRS
    assert {path.name for path in (kept / "audio").iterdir()} == {
        sound[field] for sound in sounds for field in ("file", "reference")
    }
    for sound in sounds:
        (audio,) = results.glob(f"{MODELS[sound['row']]}--*/artifacts/audio/{sound['clip']}.wav")
        rebuilt, estimate, original = (
            read_mono(path)[0] for path in (audio, kept / "audio" / sound["file"], kept / "audio" / sound["reference"])
        )
        assert np.abs(estimate - np.clip(rebuilt, -1, 1 - 2**-15)).max() <= 2**-16 + 1e-7
        if sound["metric"] == "mse":
            assert sound["value"] == pytest.approx(np.mean((original.astype(float) - estimate) ** 2))


def assert_all_the_same(checkout, results):
    """Everything that was just blessed has the verdict "same", and audio that is scored again has no difference."""
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


@pytest.mark.slow
def test_blessed_results_are_the_same_until_the_code_changes(checkout, tmp_path):
    results, kept = tmp_path / "results", checkout.root / "kept" / "blessed" / "steadiness"
    checkout.run(results)
    assert len(checkout.rebuilt()) == 2 * CLIPS

    assert len(killed_in_the_second_rerun(checkout, results)) == 4 * CLIPS
    assert not (kept / "baseline.json").exists()
    code, out, err = checkout.bless(results, "--reruns", 2, "--reason", " first ")
    assert (code, err) == (0, ""), out
    assert "steadiness has no baseline below" in out
    assert out.endswith(f"wrote {kept}; commit it\n")
    assert ": started" not in out.partition("rerun 2 of")[0], "a finished rerun is not run again"
    runs = 1 + 2 + len(LIMITS)
    assert len(checkout.rebuilt()) <= 2 * CLIPS * runs + 2, "more than the group in flight was repeated"
    assert {path.name for path in (results / "reruns").iterdir()} == {"threads-1", "threads-2", *LIMITS}
    assert_origin_and_floors(kept)
    for folder in (results / "reruns").glob("threads-*/toy-*"):
        (session, *_) = json.loads((folder / "provenance.json").read_text())["sessions"]
        assert folder.parent.name == f"threads-{session['threads']}"
    assert_audio_and_its_scores(kept, results)
    assert_all_the_same(checkout, results)

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
def test_blessing_again_shows_old_and_new_scores_and_replaces_the_baseline(checkout, tmp_path):
    results, changed = tmp_path / "results", tmp_path / "changed"
    checkout.run(results)
    code, _, err = checkout.bless(results, "--reruns", 2, "--reason", "first", gain="none at all")
    assert (code, (checkout.root / "kept").exists()) == (3, False)
    assert "a complete rerun with seed 0, 2 threads, and 2 cells could not be finished (" in err
    assert checkout.bless(results, "--reruns", 2, "--reason", "first")[0] == 0
    checkout.run(changed, gain=1.1)
    _, lines = checkout.check(changed)
    stale = checkout.root / "kept" / "blessed" / "steadiness" / "audio" / "of-a-row-that-is-gone.flac"
    stale.write_bytes(b"")
    code, out, err = checkout.bless(changed, "--reruns", 2, "--reason", "second", gain=1.1)
    assert (code, err) == (0, ""), out
    assert not stale.exists()
    shown = out[: out.index("rerun 1 of")]
    assert "(first) and what replaces it" in shown
    (line,) = [line for line in shown.splitlines() if "| steady" in line and "SI-SNR" in line]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    old, new = (lines["refit", "steady", "si_snr"][side] for side in ("a", "b"))
    assert [*cells[4:6], cells[-1]] == [f"{old:.2f}", f"{new:.2f}", "drifted-worse"]
    assert_all_the_same(checkout, changed)
    code, lines = checkout.check(results)
    assert (code, verdicts(lines)["steady", "mse"]) == (1, "drifted-better"), "the old scores are drift now"


def test_a_file_that_differs_from_the_commit_is_not_blessed(checkout, tmp_path):
    (checkout.root / "notes.txt").write_text("changed\n")
    code, _, err = checkout.bless(tmp_path / "results", "--reason", "none")
    assert code == 2
    assert "bless expects a clean tree" in err
    checkout.git("checkout", "--quiet", "notes.txt")
    code, _, err = checkout.bless(tmp_path / "results", "--reason", "none")
    assert code == 3
    assert "holds nothing of steadiness to bless; run it first." in err


def test_rows_with_similar_names_have_different_file_names():
    assert _slugs(["HyperSound FMLP", "+6 dB", "-6 dB", "***"]) == {
        "HyperSound FMLP": "hypersound-fmlp",
        "+6 dB": "6-db-2",
        "-6 dB": "6-db-3",
        "***": "row",
    }
