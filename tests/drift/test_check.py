"""`hsbench bless` and `hsbench check` on synthetic results: refusals, round trip, formats, exit codes."""

import dataclasses
import json
import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from hsbench.audio.io import wav_bytes
from hsbench.drift import baseline, first_steps, noise, prerequisites
from hsbench.drift.rescoring import stored_pairs
from hsbench.drift.snapshot import scores_of, snapshot
from hsbench.files import sha256_bytes
from hsbench.results import provenance
from hsbench.results.store import Results
from hsbench.results.view import View, ViewCorpus, ViewRow

CLIPS = [f"clip-{number}" for number in range(12)]
GROUP = "demo--smoke--fixed-1"


LOSSES = (3.0, 2.0, 1.0, 0.5, 0.4)
CURVE = tuple({"step": step, "loss": loss} for step, loss in enumerate(LOSSES))


def write_results(root, values, *, shift=0.0, curve=CURVE, cpu="AMD EPYC"):
    """Write a results folder with one row: audio, scores and learning curve.

    Args:
        root: path of the results folder.
        values: for each clip, the constant by which the estimate differs from the reference.
        shift: is added to every recorded score, which then differs from the score of the stored audio.
        curve: learning curve of the row.
        cpu: name of the processor.
    """
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
        estimate = (sound + np.float32(value)).astype(np.float32)
        audio = f"{sha256_bytes(sound.tobytes())}.wav"
        row = {"fingerprint": "f" * 64, "clip": clip, "speaker": "s", "sex": "F", "audio": audio}
        store.add_references([(row, wav_bytes(sound, 22050))])
        folder.audio(clip).parent.mkdir(parents=True, exist_ok=True)
        folder.audio(clip).write_bytes(wav_bytes(estimate, 22050))
        score = mse(sound.astype(np.float64), estimate.astype(np.float64), 22050) + shift
        row = {"clip": clip, "metric": "mse", "version": 1, "value": score, "status": "ok", "seconds": 0}
        folder.append_scores([row])
        reconstruction = {"clip": clip, "status": "ok", "numbers": 10, "bits": None, "seconds": 0, "clipped": 0}
        folder.append_reconstructions([reconstruction])
    folder.add_provenance(
        {
            "started": "2026-01-02T00:00:00Z",
            "device": "cpu",
            "code": {"hsbench": "0", "commit": "c0ffee", "dirty": False},
            "cpu": cpu,
            "packages": {},
        }
    )
    for point in curve:
        folder.append_curve({**point, "lr": 1e-3, "seconds": 0.1})
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
    """A folder with results and a baseline of them."""
    store = write_results(tmp_path / "results", np.linspace(0.1, 0.2, 12))
    blessed = snapshot(store, store.views("smoke")[GROUP])
    means = noise.means([blessed.scores, blessed.scores])
    facts = {"time": "then", "reason": "a test", "code": {}, "reruns": []}
    baseline.write(tmp_path / "baselines", baseline.Baseline(blessed, noise.floors(means), means, (), facts))
    return tmp_path


def check(hsbench_here, base, results="results", *more):
    return hsbench_here("check", "smoke", "--results", base / results, "--baselines", base / "baselines", *more)


def test_the_blessed_results_have_the_verdict_same(hsbench_here, base):
    code, out, err = check(hsbench_here, base)
    assert (code, err) == (0, "")
    assert out == "smoke: 4 same\n"
    read = baseline.read(base / "baselines", "smoke")
    store = Results(base / "results")
    assert read.snapshot == snapshot(store, store.views("smoke")[GROUP])


def test_drift_has_exit_code_one_in_every_format(hsbench_here, base):
    write_results(base / "other", np.linspace(0.2, 0.3, 12))
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


def test_stored_audio_with_another_score_is_drift(hsbench_here, base):
    write_results(base / "other", np.linspace(0.1, 0.2, 12), shift=2e-9)
    code, out, _ = check(hsbench_here, base, "other")
    assert code == 1
    assert "row, mse, rescored" in out
    assert check(hsbench_here, base, "other", "--rescore", "0")[1].count("rescored") == 0


def test_other_losses_in_the_first_steps_are_drift_even_if_every_score_is_the_same(hsbench_here, base):
    values = np.linspace(0.1, 0.2, 12)
    for name, losses, expected_code, text in (
        ("rounded", (3.0001, 2.0, 1.0, 0.5, 0.4), 0, "4 same"),
        ("later", (3.0, 2.0, 1.0, 0.5, 9.0), 0, "4 same"),
        ("moved", (3.0, 2.001, 1.0, 0.5, 0.4), 1, "step 1 has a relative change of 0.0005, tolerance 0.0002"),
        ("lower", (3.0, 2.0, 0.9, 0.5, 0.4), 1, "drifted-better row, loss, first steps"),
        ("short", (3.0, 2.0), 3, "2 of 4 losses are missing, the first at step 2"),
        ("burst", (3.0, None, 1.0, 0.5, 0.4), 1, "a loss is not finite"),
    ):
        write_results(base / name, values, curve=[{"step": step, "loss": loss} for step, loss in enumerate(losses)])
        code, out, _ = check(hsbench_here, base, name)
        assert (code, text in out) == (expected_code, True), out


def of_groups(*groups, steps=6):
    """The learning curve of clips that are fitted in groups; the first four rows hold the loss of each clip."""
    for group in groups:
        for step in range(steps):
            losses = {clip: 1 / (1 + step + int(clip.removeprefix("clip-"))) for clip in group}
            single = {"losses": losses} if step < 4 else {}
            yield {"step": step, "loss": sum(losses.values()) / len(group), "first": group[0], **single}


def test_first_steps_are_compared_by_clip_whatever_was_fitted_beside_it(hsbench_here, base):
    values = np.linspace(0.1, 0.2, 12)
    store = write_results(base / "blessed", values, curve=of_groups(CLIPS))
    blessed = snapshot(store, store.views("smoke")[GROUP])
    assert sorted(blessed.curves["row"]) == sorted((0, clip, step) for clip in CLIPS for step in range(4))
    facts = {"time": "then", "reason": "a test", "code": {}, "reruns": []}
    baseline.write(base / "baselines", baseline.Baseline(blessed, {}, {}, (), facts))
    beyond_the_view = ["clip-12", "clip-13"]
    write_results(base / "other", values, curve=of_groups([*beyond_the_view, *CLIPS[:1]], CLIPS[8:], CLIPS[1:8]))
    assert check(hsbench_here, base, "other")[:2] == (0, "smoke: 4 same\n")
    write_results(base / "fewer", values, curve=of_groups(CLIPS[:8]))
    code, out, _ = check(hsbench_here, base, "fewer")
    assert (code, "16 of 48 losses are missing" in out) == (3, True)


@pytest.mark.parametrize("losses", [[0.1], {"clip-0": "0.1"}, {"clip-0": float("inf")}])
def test_losses_of_clips_that_are_no_numbers_are_refused(hsbench_here, base, losses):
    write_results(base / "other", np.linspace(0.1, 0.2, 12))
    (path,) = (base / "other").glob("identity--*/fit.jsonl")
    path.write_text(json.dumps({"step": 0, "loss": 0.1, "losses": losses}) + "\n")
    code, _, err = check(hsbench_here, base, "other")
    assert (code, "fit.jsonl, line 1" in err) == (2, True), err


def test_on_another_processor_family_fits_are_incomparable_and_that_can_be_accepted(hsbench_here, base):
    values = np.linspace(0.1, 0.2, 12)
    write_results(base / "other", values + 0.05, cpu="Intel(R) Xeon(R)")
    code, out, err = check(hsbench_here, base, "other")
    assert (code, "3 incomparable" in err) == (3, False), err
    assert "processor family differs: AMD in the baseline, Intel now" in out
    assert out.endswith("smoke: 2 incomparable, 2 same\n")
    accept = "--accept-incomparable"
    assert check(hsbench_here, base, "other", accept)[::2] == (0, "")
    write_results(base / "moved", values, shift=2e-9, cpu="Intel(R) Xeon(R)")
    code, _, err = check(hsbench_here, base, "moved", accept)
    assert (code, "smoke: 2 incomparable, 1 drifted-better" in err) == (3, True), err
    write_results(base / "short", values, curve=CURVE[:2], cpu="Intel(R) Xeon(R)")
    assert check(hsbench_here, base, "short", accept)[0] == 3, "a step is missing"
    write_results(base / "unlike", values)
    assert check(hsbench_here, base, "unlike", accept)[0] == 0
    write_results(base / "drifted", values + 0.1)
    assert check(hsbench_here, base, "drifted", accept)[0] == 1


def test_a_check_that_compares_nothing_is_never_accepted(hsbench_here, base):
    change_baseline(base, device="cuda")
    code, out, _ = check(hsbench_here, base, "results", "--rescore", "0", "--accept-incomparable")
    assert (code, out.endswith("smoke: 1 incomparable\n")) == (3, True), out


def change_baseline(base, **changes):
    path = base / "baselines" / "blessed" / "smoke" / "baseline.json"
    document = json.loads(path.read_text())
    path.write_text(json.dumps({key: value for key, value in {**document, **changes}.items() if value is not None}))


def test_a_baseline_covers_the_families_that_it_names_or_else_that_of_its_machine(hsbench_here, base):
    def families():
        return baseline.read(base / "baselines", "smoke").snapshot.families

    assert families() == ("AMD",)
    change_baseline(base, families=None, environment={"cpu": "Intel(R) Xeon(R)", "packages": {}})
    assert families() == ("Intel",)
    change_baseline(base, families=["AMD", "Intel"])
    assert families() == ("AMD", "Intel")
    change_baseline(base, families="AMD")
    code, _, err = check(hsbench_here, base)
    assert (code, "is garbled" in err) == (2, True)


def test_first_steps_on_another_device_are_not_compared(base):
    store = Results(base / "results")
    before = snapshot(store, store.views("smoke")[GROUP])
    assert [line.verdict for line in first_steps.judge(before, before)] == ["same"]
    assert first_steps.judge(before, dataclasses.replace(before, device="cuda")) == []


def test_a_baseline_without_losses_is_still_readable(hsbench_here, base):
    (base / "baselines" / "blessed" / "smoke" / "curves.jsonl").unlink()
    assert check(hsbench_here, base)[:2] == (0, "smoke: 3 same\n")


def test_without_results_or_without_a_baseline_the_message_says_what_to_do(hsbench_here, base):
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
def test_a_damaged_baseline_gives_one_sentence(hsbench_here, base, file, content):
    (base / "baselines" / "blessed" / "smoke" / file).write_text(content)
    code, _, err = check(hsbench_here, base)
    assert code == 2
    assert re.search(r"the baseline .*smoke is garbled \(.*\); restore it, or bless again", err)


def test_a_snapshot_holds_the_computed_scores_and_the_latest_machine(base):
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
    for started, cpu in (("2026-01-03T00:00:00Z", "newest Intel"), ("2026-01-01T00:00:00Z", "older")):
        folder.add_provenance({**session, "started": started, "cpu": cpu})
    after = snapshot(store, store.views("smoke")[GROUP])
    assert set(before.scores["row", "mse"]) - set(after.scores["row", "mse"]) == {(0, "clip-3")}
    assert (before.environment["cpu"], after.environment["cpu"]) == ("AMD EPYC", "newest Intel")
    assert (before.families, after.families) == (("AMD",), ("AMD", "Intel", "other"))


def test_only_existing_audio_of_good_fits_is_scored_again(base):
    store = Results(base / "results")
    view = store.views("smoke")[GROUP]
    folder = store.folder(view.rows[0].cells[0])
    assert [pair.clip for pair in stored_pairs(store, view, 2)] == CLIPS[:2]
    folder.audio("clip-0").unlink()
    bad_fit = {"clip": "clip-1", "status": "diverged", "numbers": 10, "bits": None, "seconds": 0, "clipped": 0}
    folder.append_reconstructions([bad_fit])
    assert [pair.clip for pair in stored_pairs(store, view, 2)] == CLIPS[2:4]
    assert [pair.clip for pair in stored_pairs(store, view, 99)] == CLIPS[2:]


def test_a_newer_baseline_is_refused(hsbench_here, base):
    path = base / "baselines" / "blessed" / "smoke" / "baseline.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema": 2}))
    code, _, err = check(hsbench_here, base)
    assert code == 2
    assert "has schema 2 and this hsbench reads up to 1" in err


def test_an_audio_file_outside_the_baseline_is_refused(base):
    from hsbench.errors import DataError

    with pytest.raises(DataError, match="no path"):
        baseline.kept_audio(base / "baselines", "smoke", "../../secret.flac")


def test_bless_refuses_an_empty_reason_and_uncommitted_code(hsbench_here, base, monkeypatch):
    results = ("--results", base / "results")
    assert "expects --reason" in hsbench_here("bless", "smoke", "--reason", "  ", *results)[2]
    for code, sentence in (
        ({"commit": None, "dirty": None}, "is none; clone it"),
        ({"commit": "c", "dirty": True}, "clean tree"),
    ):
        monkeypatch.setattr(provenance, "code", lambda code=code: code)
        exit_code, _, err = hsbench_here("bless", "smoke", "--reason", "why", *results)
        assert exit_code == 2
        assert sentence in err


def test_only_complete_results_of_committed_code_can_be_blessed(base, monkeypatch):
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
        ({"commit": "c0ffee", "dirty": True}, "uncommitted changes; run smoke into an empty folder"),
        ({"commit": "decaf", "dirty": False}, "was computed at commit decaf and this is c0ffee"),
    ):
        folder.amend_provenance({"code": {"hsbench": "0", **code}})
        with pytest.raises(IncompleteError, match=sentence):
            prerequisites.require_complete(store, view)
