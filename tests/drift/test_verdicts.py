"""Verdicts on synthetic snapshots: every verdict can be reached, and measuring nothing is never a good result."""

import dataclasses

import numpy as np
import pytest

from hsbench.drift import first_steps, noise, verdicts
from hsbench.drift.rescoring import Rescored
from hsbench.drift.snapshot import RowFacts, Snapshot

CLIPS = [f"clip-{number}" for number in range(12)]
NOISE = np.random.default_rng(2).normal(0, 0.1, 12)


def snapshot(values=None, *, metric="si_snr", version=1, rows=("row",), **changes):
    facts = rows if isinstance(rows, dict) else {row: RowFacts(row, "inr-fmlp", 1, "demo", 100.0) for row in rows}
    values = np.arange(12.0) if values is None else values
    scores = {
        (0, clip): (None, "collapsed") if np.isnan(v) else (float(v), "ok")
        for clip, v in zip(CLIPS, values, strict=True)
    }
    default = Snapshot(
        experiment="smoke",
        group="demo--smoke--fixed-1",
        device="cpu",
        environment={"cpu": "AMD EPYC"},
        families=("AMD",),
        fingerprints={"demo": "f" * 64},
        sounds=dict.fromkeys(CLIPS, "s"),
        metrics={metric: version},
        rows=facts,
        scores={(row, metric): dict(scores) for row in rows},
        curves={},
    )
    return dataclasses.replace(default, **changes)


def judge(before, now, floor=0.0):
    """The verdict of each metric, the exit code, and the lines."""
    lines = verdicts.judge(before, now, {("row", "si_snr"): floor, ("row", "mse"): floor})
    return {line.metric: line.verdict for line in lines}, verdicts.exit_code(lines), lines


@pytest.mark.parametrize(
    ("shift", "floor", "verdict", "code"),
    [
        (0 * NOISE, 0.0, "same", 0),
        (NOISE - NOISE.mean(), 0.0, "same", 0),
        (1 + NOISE, 2.0, "noisy", 0),
        (1 + NOISE, 0.5, "drifted-better", 1),
        (-1 + NOISE, 0.5, "drifted-worse", 1),
        (np.full(12, 9e-7), 0.0, "same", 0),
        (np.full(12, 2e-6), 0.0, "drifted-better", 1),
    ],
)
def test_a_shift_is_drift_if_it_is_significant_and_exceeds_tolerance_and_floor(shift, floor, verdict, code):
    found, exit_code, _ = judge(snapshot(), snapshot(np.arange(12.0) + shift), floor)
    assert (found["si_snr"], exit_code) == (verdict, code)


def test_a_lower_value_is_better_for_a_metric_of_errors():
    found, _, _ = judge(snapshot(metric="mse"), snapshot(np.arange(12.0) - 1, metric="mse"))
    assert found["mse"] == "drifted-better"


def test_a_clip_that_loses_its_value_is_newly_failing_and_one_that_gains_a_value_is_fixed():
    with_gap = np.where(np.arange(12) == 4, np.nan, np.arange(12.0))
    found, code, lines = judge(snapshot(), snapshot(with_gap))
    assert (found["si_snr"], code) == ("newly-failing", 1)
    assert any("values lost: 1, the first of clip clip-4 (collapsed)" in line.reason for line in lines)
    found, code, _ = judge(snapshot(with_gap), snapshot())
    assert (found["si_snr"], code) == ("fixed", 0)


def test_a_clip_that_gains_a_value_does_not_hide_the_drift_of_the_others():
    with_gap = np.where(np.arange(12) == 4, np.nan, np.arange(12.0))
    assert judge(snapshot(with_gap), snapshot(np.arange(12.0) - 1))[0]["si_snr"] == "drifted-worse"


def test_missing_clips_metrics_and_rows_are_missing():
    incomplete = snapshot()
    incomplete.scores["row", "si_snr"].pop((0, "clip-3"))
    assert judge(snapshot(), incomplete)[:2] == ({"numbers": "same", "si_snr": "missing"}, 3)
    assert judge(snapshot(), snapshot(metrics={}, scores={}))[0]["si_snr"] == "missing"
    assert judge(snapshot(rows=("row", "gone")), snapshot())[1] == 3
    assert judge(snapshot(), snapshot(rows=()))[1] == 3, "measuring nothing is never a good result"


def test_a_row_that_was_not_blessed_is_new():
    _, code, lines = judge(snapshot(), snapshot(rows=("row", "fresh")))
    assert (lines[-1].row, lines[-1].verdict, code) == ("fresh", "new", 0)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"device": "cuda"}, "device differs: cpu in the baseline, cuda now"),
        ({"fingerprints": {"demo": "e" * 64}}, "corpus fingerprints differ: ffffffffffff in the baseline"),
        (
            {"sounds": dict.fromkeys(CLIPS, "t")},
            "the samples of the original clip clip-0 differ from those in the baseline",
        ),
        ({"version": 2}, "versions of si_snr differ: 1 in the baseline, 2 now"),
        ({"rows": {"row": RowFacts("row", "inr-fmlp", 2, "demo", 100.0)}}, "model differs: inr-fmlp version 1"),
        ({"rows": {"row": RowFacts("row", "inr-siren", 1, "demo", 100.0)}}, "baseline, inr-siren version 1 now"),
    ],
)
def test_an_incomparable_row_says_what_differs(changes, reason):
    now = snapshot(version=changes["version"]) if "version" in changes else dataclasses.replace(snapshot(), **changes)
    _, code, lines = judge(snapshot(), now)
    assert code == 3
    assert any(line.verdict == "incomparable" and reason in line.reason for line in lines)


def test_a_change_of_the_payload_is_drift_without_any_tolerance():
    larger = dataclasses.replace(snapshot(), rows={"row": RowFacts("row", "inr-fmlp", 1, "demo", 101.0)})
    assert judge(snapshot(), larger)[:2] == ({"numbers": "drifted-worse", "si_snr": "same"}, 1)


def test_the_floor_is_at_least_the_tolerance():
    """All clips move the same way and one moves beyond the tolerance, but the mean stays within it."""
    shift = np.where(np.arange(12) == 4, 2e-6, 5e-7)
    assert judge(snapshot(np.zeros(12)), snapshot(shift))[0]["si_snr"] == "noisy"


def test_seeds_that_move_in_opposite_directions_are_no_drift():
    def two_seeds(a, b):
        scores = {(seed, clip): (float(v), "ok") for seed, v in ((0, a), (1, b)) for clip in CLIPS}
        return dataclasses.replace(snapshot(), scores={("row", "si_snr"): scores})

    assert judge(two_seeds(5, 5), two_seeds(6, 4))[:2] == ({"numbers": "same", "si_snr": "same"}, 0)
    assert judge(two_seeds(5, 5), two_seeds(6, 5))[0]["si_snr"] == "drifted-better"


def test_clips_are_paired_by_name():
    now = snapshot(np.arange(12.0) + 1)
    reordered = {key: now.scores["row", "si_snr"][key] for key in reversed(now.scores["row", "si_snr"])}
    line = judge(snapshot(), dataclasses.replace(now, scores={("row", "si_snr"): reordered}))[2][1]
    assert (line.paired.low, line.paired.difference, line.paired.high) == (1, 1, 1), (
        "the order of the scores does not matter"
    )


def test_too_few_clips_are_incomparable_and_never_the_same():
    four_clips = [snapshot(), snapshot(np.arange(12.0) + 1)]
    for few in four_clips:
        for clip in CLIPS[4:]:
            del few.scores["row", "si_snr"][0, clip]
    assert judge(*four_clips)[:2] == ({"numbers": "same", "si_snr": "incomparable"}, 3)


def test_rescored_audio_is_judged_by_the_tolerance_alone():
    def verdict_on(before, now):
        return verdicts.exact([Rescored("row", "clip-0", "lsd", before, now, "ok")], "rescored")[0].verdict

    assert verdict_on(1.0, 1.0 + 9e-7) == "same"
    assert verdict_on(1.0, 1.0 + 2e-6) == "drifted-worse"
    assert verdict_on(1.0, 1.0 - 2e-6) == "drifted-better"
    assert verdict_on(1.0, None) == "newly-failing"
    assert verdict_on(None, 1.0) == "fixed"


def test_what_rounding_leaves_open_for_an_estimate_is_no_drift():
    def line(now, rounding):
        scores = [Rescored("row", "clip-0", "lsd", 20.0, now, "ok", rounding), Rescored("row", "b", "lsd", 1, 1, "ok")]
        return verdicts.exact(scores, "rescored")[0]

    within = line(20.001, 2.4e-3)
    assert (within.verdict, within.floor) == ("same", 2.4e-3)
    assert within.reason == "within what float64 rounding leaves open for this estimate: 2.4e-03"
    assert (line(20.0 + 9e-7, 0.0).verdict, line(20.0 + 9e-7, 0.0).reason) == ("same", "")
    beyond = line(20.003, 2.4e-3)
    assert (beyond.verdict, beyond.reason) == ("drifted-worse", "a clip changed by 0.003, tolerance 0.0024")


CURVE = {"row": {(0, "", 0): 1.0, (0, "", 1): 0.5}}
FAMILY = "processor family differs: AMD in the baseline, Intel now"


def test_fits_on_another_processor_family_are_incomparable_and_controls_are_judged():
    before = snapshot(rows=("row", "control"), curves=CURVE)
    moved = {"row": {(0, "", 0): 2.0, (0, "", 1): 0.5}}
    now = snapshot(np.arange(12.0) - 1, rows=("row", "control"), curves=moved, families=("AMD", "Intel"))
    lines = [*first_steps.judge(before, now), *verdicts.judge(before, now, {})]
    assert [(line.tier, line.row, line.metric, line.verdict) for line in lines] == [
        ("first steps", "row", "loss", "incomparable"),
        ("refit", "row", "numbers", "same"),
        ("refit", "row", "si_snr", "incomparable"),
        ("refit", "control", "numbers", "same"),
        ("refit", "control", "si_snr", "drifted-worse"),
    ]
    assert {line.reason for line in lines if line.verdict == "incomparable"} == {
        FAMILY.replace("Intel", "AMD and Intel")
    }
    same_machine = dataclasses.replace(now, families=("AMD",))
    assert [line.verdict for line in first_steps.judge(before, same_machine)] == ["drifted-worse"]
    assert judge(before, same_machine)[0]["si_snr"] == "drifted-worse"


def test_a_failed_fit_on_another_processor_family_stays_missing():
    before, now = snapshot(curves=CURVE), snapshot(curves={}, families=("Intel",))
    now.scores["row", "si_snr"].pop((0, "clip-3"))
    lines = [*first_steps.judge(before, now), *verdicts.judge(before, now, {})]
    assert [line.verdict for line in lines] == ["missing", "same", "missing"]


def test_on_a_gpu_the_processor_family_does_not_matter():
    before, now = (snapshot(curves=CURVE, device="cuda", families=(family,)) for family in ("AMD", "Intel"))
    assert judge(before, now)[:2] == ({"numbers": "same", "si_snr": "same"}, 0)


def by_clip(changes, steps=(0, 3)):
    """Losses of CLIPS at two steps: 0.1 in the first, and then 0.1 x (1 + change of the clip)."""
    return {
        "row": {
            (0, clip, step): 0.1 * (1 + change * (step > 0))
            for step in steps
            for clip, change in zip(CLIPS, changes, strict=True)
        }
    }


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        (np.where(np.arange(12) == 4, 1.4e-3, 4e-6), "same"),
        (np.full(12, 1e-2), "drifted-worse"),
        (np.where(np.arange(12) < 8, -1e-2, 0), "drifted-better"),
    ],
)
def test_the_later_losses_of_single_fits_are_judged_by_the_median_over_clips(changes, verdict):
    before, now = snapshot(curves=by_clip(np.zeros(12))), snapshot(curves=by_clip(changes))
    (line,) = first_steps.judge(before, now)
    assert line.verdict == verdict


def test_the_first_loss_of_every_single_clip_counts():
    before, now = (snapshot(curves=by_clip(np.zeros(12))) for _ in range(2))
    now.curves["row"][0, "clip-7", 0] *= 1.001
    (line,) = first_steps.judge(before, now)
    assert (line.verdict, line.reason[:44]) == ("drifted-worse", "the loss of step 0 has a relative change of ")


def test_the_mean_loss_of_a_group_that_was_blessed_is_not_compared_with_losses_of_clips():
    """The clip has the name of the group that it was the first of, and the model a newer version."""
    before = snapshot(curves={"row": {(0, "clip-0", 0): 0.15}})
    now = snapshot(curves=by_clip(np.zeros(12)), rows={"row": RowFacts("row", "inr-fmlp", 2, "demo", 100.0)})
    assert first_steps.judge(before, now) == []
    assert [line.verdict for line in verdicts.judge(before, now, {})] == ["incomparable"]


def test_one_clip_with_another_score_is_drift():
    rescored = [Rescored("row", clip, "lsd", 1.0, 1.0 + (clip == "clip-7"), "ok") for clip in CLIPS]
    (line,) = verdicts.exact(rescored, "rescored")
    assert (line.verdict, line.clips) == ("drifted-worse", 12)
    assert "a clip changed by 1, tolerance" in line.reason


def test_two_runs_of_the_same_code_differ_by_more_than_the_floor_in_five_percent_of_cases():
    rng = np.random.default_rng(0)
    beyond = 0
    for _ in range(400):
        runs = rng.normal(0, 1, 7)
        beyond += abs(rng.normal() - runs[0]) > noise.floor(runs, 1)
    assert 0.02 < beyond / 400 < 0.1, "5 % for a single comparison"
    assert noise.floor([1.0, 2.0, 4.0], 30) > noise.floor([1.0, 2.0, 4.0], 1) > 0
    assert noise.floor([1.0], 30) == 0


def test_runs_with_the_same_seed_on_other_instruction_sets_widen_a_floor_and_never_narrow_it():
    runs = (1.0, 1.2, 0.8)
    key = ("row", "lsd")
    (draws,) = noise.floors({key: runs}).values()
    assert noise.floors({key: (*runs, 1.0, 1.0)}, copies=[3, 4]) == {key: draws}, "copies of the first run are no draws"
    assert noise.floors({key: (*runs, 1.0, 1.0)})[key] < draws
    assert noise.floors({key: (*runs, 1 + 2 * draws, 1.0)}, copies=[3, 4])[key] == pytest.approx(2 * draws)


def test_rows_that_were_trained_on_other_sounds_are_incomparable():
    def trained(fingerprint):
        facts = {"row": RowFacts("row", "hypersound-fmlp", 1, "vctk", 100.0, "demo")}
        return snapshot(rows=facts, fingerprints={"vctk": "f" * 64, "demo": fingerprint})

    assert judge(trained("a" * 64), trained("a" * 64))[0]["si_snr"] == "same"
    _, code, (line, *_) = judge(trained("a" * 64), trained("b" * 64))
    assert (line.verdict, code) == ("incomparable", 3)
    assert line.reason == "training corpus fingerprints differ: aaaaaaaaaaaa in the baseline, bbbbbbbbbbbb now"
