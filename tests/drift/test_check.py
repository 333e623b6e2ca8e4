"""`hsbench bless` and `hsbench check` on made-up results: refusals, round trip, formats, exit codes."""

import dataclasses
import json
import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from hsbench.audio.io import wav_bytes
from hsbench.drift import baseline, first_steps, noise, prerequisites
from hsbench.drift.rescoring import kept
from hsbench.drift.snapshot import scores_of, snapshot
from hsbench.files import sha256_bytes
from hsbench.results import provenance
from hsbench.results.store import Results
from hsbench.results.view import View, ViewCorpus, ViewRow

CLIPS = [f"clip-{number}" for number in range(12)]
GROUP = "demo--smoke--fixed-1"


def made(root, values, *, shift=0.0, losses=(3.0, 2.0, 1.0, 0.5, 0.4)):
    """A results folder of one row, its audio, scores and curve; `shift` moves the recorded scores of stored audio."""
    from hsbench.metrics.waveform import mse
    from hsbench.spec import Cell, Part

    part = Part("identity", 1)
    cell = Cell(part, Part("demo", 1, (("fingerprint", "f" * 64),)), Part("smoke", 1), Part("fixed-1", 1), 0)
    store = Results(root)
    folder = store.cell(cell)
    folder.write_spec(cell)
    rng = np.random.default_rng(0)
    for clip, value in zip(CLIPS, values, strict=True):
        sound = rng.normal(0, 0.1, 2000).astype(np.float32)
        guess = (sound + np.float32(value)).astype(np.float32)
        audio = f"{sha256_bytes(sound.tobytes())}.wav"
        row = {"fingerprint": "f" * 64, "clip": clip, "speaker": "s", "sex": "F", "audio": audio}
        store.add_references([(row, wav_bytes(sound, 22050))])
        folder.audio(clip).parent.mkdir(parents=True, exist_ok=True)
        folder.audio(clip).write_bytes(wav_bytes(guess, 22050))
        score = mse(sound.astype(np.float64), guess.astype(np.float64), 22050) + shift
        row = {"clip": clip, "metric": "mse", "version": 1, "value": score, "status": "ok", "seconds": 0}
        folder.append_scores([row])
        built = {"clip": clip, "status": "ok", "numbers": 10, "bits": None, "seconds": 0, "clipped": 0}
        folder.append_reconstructions([built])
    folder.add_provenance(
        {
            "started": "2026-01-02T00:00:00Z",
            "device": "cpu",
            "code": {"hsbench": "0", "commit": "c0ffee", "dirty": False},
            "cpu": "a",
            "packages": {},
        }
    )
    for step, loss in enumerate(losses):
        folder.append_curve({"step": step, "loss": loss, "lr": 1e-3, "seconds": 0.1})
    folder.set_status("done")
    view = View(
        group=GROUP,
        experiment="smoke",
        title="",
        table=None,
        source=None,
        corpora={"demo": ViewCorpus(fingerprint="f" * 64, clips=tuple(CLIPS))},
        absent={},
        budget="smoke",
        protocol="fixed-1",
        split="validation",
        clips_paper=0,
        limit=None,
        metrics=("mse",),
        rows=(ViewRow("row", "identity", "demo", cells=(cell.folder,)),),
    )
    store.write_view(view)
    return store


@pytest.fixture
def base(tmp_path):
    """Results and a baseline of them."""
    store = made(tmp_path / "results", np.linspace(0.1, 0.2, 12))
    snap = snapshot(store, store.views("smoke")[GROUP])
    means = noise.means([snap.scores, snap.scores])
    facts = {"time": "then", "reason": "a test", "code": {}, "reruns": []}
    baseline.write(tmp_path / "baselines", baseline.Baseline(snap, noise.floors(means), means, (), facts))
    return tmp_path


def check(hsbench_here, base, results="results", *more):
    return hsbench_here("check", "smoke", "--results", base / results, "--baselines", base / "baselines", *more)


def test_what_was_blessed_is_the_same(hsbench_here, base):
    code, out, err = check(hsbench_here, base)
    assert (code, err) == (0, "")
    assert out == "smoke: 4 same\n"
    read = baseline.read(base / "baselines", "smoke")
    store = Results(base / "results")
    assert read.snapshot == snapshot(store, store.views("smoke")[GROUP])


def test_drift_is_exit_one_in_every_format(hsbench_here, base):
    made(base / "other", np.linspace(0.2, 0.3, 12))
    code, out, err = check(hsbench_here, base, "other")
    assert code == 1
    assert "drifted-worse  row, mse, refit: 0.0" in out
    assert "hsbench: smoke: 1 drifted-worse" in err
    _, out, _ = check(hsbench_here, base, "other", "--format", "json")
    document = json.loads(out)
    assert document["exit_code"] == 1
    assert [line["verdict"] for line in document["lines"] if line["metric"] == "mse"] == ["same", "drifted-worse"]
    _, out, _ = check(hsbench_here, base, "other", "--format", "junit")
    suite = ET.fromstring(out)
    assert (suite.get("failures"), suite.get("errors"), suite.get("tests")) == ("1", "0", "4")
    code, out, _ = check(hsbench_here, base, "other", "--format", "markdown", "--output", base / "drift.md")
    assert code == 1
    assert "drifted-worse |" in (base / "drift.md").read_text()


def test_stored_audio_that_scores_otherwise_is_drift(hsbench_here, base):
    made(base / "other", np.linspace(0.1, 0.2, 12), shift=2e-9)
    code, out, _ = check(hsbench_here, base, "other")
    assert code == 1
    assert "row, mse, rescored" in out
    assert check(hsbench_here, base, "other", "--rescore", "0")[1].count("rescored") == 0


def test_first_steps_that_go_otherwise_are_drift_though_every_score_is_the_same(hsbench_here, base):
    values = np.linspace(0.1, 0.2, 12)
    for name, losses, code, said in (
        ("rounded", (3.0001, 2.0, 1.0, 0.5, 0.4), 0, "4 same"),
        ("later", (3.0, 2.0, 1.0, 0.5, 9.0), 0, "4 same"),
        ("moved", (3.0, 2.001, 1.0, 0.5, 0.4), 1, "that of step 1 moved by 0.0005 of itself, tolerance 0.0002"),
        ("lower", (3.0, 2.0, 0.9, 0.5, 0.4), 1, "drifted-better row, loss, first steps"),
        ("short", (3.0, 2.0), 3, "2 of 4 losses are not there, such as that of step 2"),
        ("burst", (3.0, None, 1.0, 0.5, 0.4), 1, "a loss is not finite"),
    ):
        made(base / name, values, losses=losses)
        found, out, _ = check(hsbench_here, base, name)
        assert (found, said in out) == (code, True), out


def test_first_steps_on_another_device_are_not_compared(base):
    store = Results(base / "results")
    before = snapshot(store, store.views("smoke")[GROUP])
    assert [line.verdict for line in first_steps.judge(before, before)] == ["same"]
    assert first_steps.judge(before, dataclasses.replace(before, device="cuda")) == []


def test_a_baseline_without_first_steps_is_read_as_before(hsbench_here, base):
    (base / "baselines" / "blessed" / "smoke" / "curves.jsonl").unlink()
    assert check(hsbench_here, base)[:2] == (0, "smoke: 3 same\n")


def test_without_results_or_baseline_it_says_what_to_do(hsbench_here, base):
    code, _, err = check(hsbench_here, base, "nothing")
    assert code == 3
    assert "holds nothing of it; run it first: hsbench run smoke --results" in err
    code, _, err = hsbench_here("check", "table2d", "--baselines", base / "baselines")
    assert code == 3
    assert "nothing was blessed for table2d" in err
    assert check(hsbench_here, base, "results", "--format", "xml")[0] == 2


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("baseline.json", "{}"),
        ("scores.jsonl", '{"row":"row"}\n'),
        ("scores.jsonl", '{"row":"row","metric":"mse","seed":0,"clip":"clip-0","value":NaN,"status":"ok"}\n'),
        ("scores.jsonl", '{"row":"row","metric":"mse","seed":0,"clip":"clip-0","value":"nan","status":"ok"}\n'),
        ("scores.jsonl", '{"row":"gone","metric":"mse","seed":0,"clip":"clip-0","value":1,"status":"ok"}\n'),
        ("curves.jsonl", '{"row":"row","seed":0,"first":"","step":0,"loss":null}\n'),
        ("floor.jsonl", '{"row":"row","metric":"mse","floor":Infinity,"means":[]}\n'),
    ],
)
def test_a_garbled_baseline_is_a_sentence(hsbench_here, base, file, content):
    (base / "baselines" / "blessed" / "smoke" / file).write_text(content)
    code, _, err = check(hsbench_here, base)
    assert code == 2
    assert re.search(r"the baseline .*smoke is garbled \(.*\); restore it, or bless again", err)


def test_a_snapshot_is_of_what_was_measured(base):
    store = Results(base / "results")
    ((_, cell),) = store.views("smoke")[GROUP].cells()
    folder = store.folder(cell)
    before = snapshot(store, store.views("smoke")[GROUP])
    assert before.rows["row"].numbers == 10
    assert set(scores_of([folder, folder], CLIPS[:1], "mse", 1)) == {(0, "clip-0"), (1, "clip-0")}
    assert scores_of([folder], CLIPS, "mse", 2) == {}
    row = {"clip": "clip-3", "metric": "mse", "version": 1, "value": None, "status": "unavailable", "seconds": 0}
    folder.append_scores([row])
    session = folder.provenance()["sessions"][0]
    for started, cpu in (("2026-01-03T00:00:00Z", "newest"), ("2026-01-01T00:00:00Z", "older")):
        folder.add_provenance({**session, "started": started, "cpu": cpu})
    after = snapshot(store, store.views("smoke")[GROUP])
    assert set(before.scores["row", "mse"]) - set(after.scores["row", "mse"]) == {(0, "clip-3")}
    assert (before.environment["cpu"], after.environment["cpu"]) == ("a", "newest")


def test_only_audio_that_is_there_and_was_built_well_is_scored_again(base):
    store = Results(base / "results")
    view = store.views("smoke")[GROUP]
    folder = store.folder(view.rows[0].cells[0])
    assert [one.clip for one in kept(store, view, 2)] == CLIPS[:2]
    folder.audio("clip-0").unlink()
    built = {"clip": "clip-1", "status": "diverged", "numbers": 10, "bits": None, "seconds": 0, "clipped": 0}
    folder.append_reconstructions([built])
    assert [one.clip for one in kept(store, view, 2)] == CLIPS[2:4]
    assert [one.clip for one in kept(store, view, 99)] == CLIPS[2:]


def test_a_newer_baseline_is_refused(hsbench_here, base):
    path = base / "baselines" / "blessed" / "smoke" / "baseline.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema": 2}))
    code, _, err = check(hsbench_here, base)
    assert code == 2
    assert "has schema 2 and this hsbench reads up to 1" in err


def test_a_sound_outside_the_baseline_is_refused(base):
    from hsbench.errors import DataError

    with pytest.raises(DataError, match="no path"):
        baseline.kept_audio(base / "baselines", "smoke", "../../secret.flac")


def test_bless_refuses_what_nobody_should_bless(hsbench_here, base, monkeypatch):
    results = ("--results", base / "results")
    assert "expects --reason" in hsbench_here("bless", "smoke", "--reason", "  ", *results)[2]
    for code, sentence in (
        ({"commit": None, "dirty": None}, "is none; clone it"),
        ({"commit": "c", "dirty": True}, "clean tree"),
    ):
        monkeypatch.setattr(provenance, "code", lambda code=code: code)
        end, _, err = hsbench_here("bless", "smoke", "--reason", "why", *results)
        assert end == 2
        assert sentence in err


def test_only_complete_clean_results_can_be_blessed(base, monkeypatch):
    from hsbench.errors import IncompleteError

    store = Results(base / "results")
    view = store.views("smoke")[GROUP]
    monkeypatch.setattr(provenance, "code", lambda: {"hsbench": "0", "commit": "c0ffee", "dirty": False})
    prerequisites.require_complete(store, view)
    folder = store.folder(view.rows[0].cells[0])
    with pytest.raises(IncompleteError, match="lacks 12 scores"):
        prerequisites.require_complete(store, dataclasses.replace(view, metrics=("mse", "lsd")))
    folder.set_status("failed")
    with pytest.raises(IncompleteError, match="is failed"):
        prerequisites.require_complete(store, view)
    folder.set_status("done")
    for code, sentence in (
        ({"commit": "c0ffee", "dirty": True}, "uncommitted changes; run smoke into a fresh folder"),
        ({"commit": "decaf", "dirty": False}, "was made at commit decaf and this is c0ffee"),
    ):
        folder.amend_provenance({"code": {"hsbench": "0", **code}})
        with pytest.raises(IncompleteError, match=sentence):
            prerequisites.require_complete(store, view)
