"""Verdicts on made-up snapshots: each one is reached, and nothing measured is never good."""

import dataclasses

import numpy as np
import pytest

from hsbench.drift import noise, verdicts
from hsbench.drift.rescoring import Rescored
from hsbench.drift.snapshot import RowFacts, Snapshot

CLIPS = [f"clip-{number}" for number in range(12)]
NOISE = np.random.default_rng(2).normal(0, 0.1, 12)


def side(values=None, *, metric="si_snr", version=1, rows=("row",), **changes):
    values = np.arange(12.0) if values is None else values
    scores = {
        (0, clip): (None, "collapsed") if np.isnan(v) else (float(v), "ok")
        for clip, v in zip(CLIPS, values, strict=True)
    }
    made = Snapshot(
        experiment="smoke",
        group="demo--smoke--fixed-1",
        device="cpu",
        environment={"cpu": "a"},
        fingerprints={"demo": "f" * 64},
        sounds=dict.fromkeys(CLIPS, "s"),
        metrics={metric: version},
        rows={row: RowFacts(row, "inr-fmlp", 1, "demo", 100.0) for row in rows},
        scores={(row, metric): dict(scores) for row in rows},
        curves={},
    )
    return dataclasses.replace(made, **changes)


def judged(before, now, floor=0.0):
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
def test_a_shift_drifts_where_it_is_more_than_chance_tolerance_and_floor(shift, floor, verdict, code):
    found, end, _ = judged(side(), side(np.arange(12.0) + shift), floor)
    assert (found["si_snr"], end) == (verdict, code)


def test_lower_is_better_where_the_metric_says_so():
    found, _, _ = judged(side(metric="mse"), side(np.arange(12.0) - 1, metric="mse"))
    assert found["mse"] == "drifted-better"


def test_a_lost_value_fails_and_a_new_one_is_fixed():
    holed = np.where(np.arange(12) == 4, np.nan, np.arange(12.0))
    found, code, lines = judged(side(), side(holed))
    assert (found["si_snr"], code) == ("newly-failing", 1)
    assert any("clip-4 (collapsed)" in line.reason for line in lines)
    found, code, _ = judged(side(holed), side())
    assert (found["si_snr"], code) == ("fixed", 0)


def test_a_fix_hides_no_drift():
    holed = np.where(np.arange(12) == 4, np.nan, np.arange(12.0))
    assert judged(side(holed), side(np.arange(12.0) - 1))[0]["si_snr"] == "drifted-worse"


def test_missing_clips_metrics_and_rows_are_missing():
    few = side()
    few.scores["row", "si_snr"].pop((0, "clip-3"))
    assert judged(side(), few)[:2] == ({"numbers": "same", "si_snr": "missing"}, 3)
    assert judged(side(), side(metrics={}, scores={}))[0]["si_snr"] == "missing"
    assert judged(side(rows=("row", "gone")), side())[1] == 3
    assert judged(side(), side(rows=()))[1] == 3, "nothing measured is never good"


def test_what_was_not_blessed_is_new():
    _, code, lines = judged(side(), side(rows=("row", "fresh")))
    assert (lines[-1].row, lines[-1].verdict, code) == ("fresh", "new", 0)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"device": "cuda"}, "device differs: cpu in the baseline, cuda now"),
        ({"fingerprints": {"demo": "e" * 64}}, "corpus fingerprints differ: ffffffffffff in the baseline"),
        ({"sounds": dict.fromkeys(CLIPS, "t")}, "the original of clip clip-0 sounds different now"),
        ({"version": 2}, "versions of si_snr differ: 1 in the baseline, 2 now"),
        ({"rows": {"row": RowFacts("row", "inr-fmlp", 2, "demo", 100.0)}}, "model differs: inr-fmlp version 1"),
        ({"rows": {"row": RowFacts("row", "inr-siren", 1, "demo", 100.0)}}, "baseline, inr-siren version 1 now"),
    ],
)
def test_unlike_things_are_incomparable_and_say_what_differs(changes, reason):
    now = side(version=changes["version"]) if "version" in changes else dataclasses.replace(side(), **changes)
    _, code, lines = judged(side(), now)
    assert code == 3
    assert any(line.verdict == "incomparable" and reason in line.reason for line in lines)


def test_another_payload_is_exact_drift():
    more = dataclasses.replace(side(), rows={"row": RowFacts("row", "inr-fmlp", 1, "demo", 101.0)})
    assert judged(side(), more)[:2] == ({"numbers": "drifted-worse", "si_snr": "same"}, 1)


def test_the_tolerance_is_the_least_floor():
    """One clip beyond the tolerance, and all of them moved the same way, but their mean stays within it."""
    shift = np.where(np.arange(12) == 4, 2e-6, 5e-7)
    assert judged(side(np.zeros(12)), side(shift))[0]["si_snr"] == "noisy"


def test_seeds_that_move_against_each_other_are_no_drift():
    def seeds(a, b):
        both = {(seed, clip): (float(v), "ok") for seed, v in ((0, a), (1, b)) for clip in CLIPS}
        return dataclasses.replace(side(), scores={("row", "si_snr"): both})

    assert judged(seeds(5, 5), seeds(6, 4))[:2] == ({"numbers": "same", "si_snr": "same"}, 0)
    assert judged(seeds(5, 5), seeds(6, 5))[0]["si_snr"] == "drifted-better"


def test_clips_are_paired_by_name():
    now = side(np.arange(12.0) + 1)
    written = {key: now.scores["row", "si_snr"][key] for key in reversed(now.scores["row", "si_snr"])}
    line = judged(side(), dataclasses.replace(now, scores={("row", "si_snr"): written}))[2][1]
    assert (line.paired.low, line.paired.difference, line.paired.high) == (1, 1, 1), "whatever order they came in"


def test_too_few_clips_cannot_pass():
    few = [side(), side(np.arange(12.0) + 1)]
    for one in few:
        for clip in CLIPS[4:]:
            del one.scores["row", "si_snr"][0, clip]
    assert judged(*few)[:2] == ({"numbers": "same", "si_snr": "incomparable"}, 3)


def test_rescored_audio_is_exact():
    def judged(before, now):
        return verdicts.exact([Rescored("row", "clip-0", "lsd", before, now, "ok")], "rescored")[0].verdict

    assert judged(1.0, 1.0 + 9e-7) == "same"
    assert judged(1.0, 1.0 + 2e-6) == "drifted-worse"
    assert judged(1.0, 1.0 - 2e-6) == "drifted-better"
    assert judged(1.0, None) == "newly-failing"
    assert judged(None, 1.0) == "fixed"


def test_one_sound_that_scores_otherwise_is_enough():
    found = [Rescored("row", clip, "lsd", 1.0, 1.0 + (clip == "clip-7"), "ok") for clip in CLIPS]
    (line,) = verdicts.exact(found, "rescored")
    assert (line.verdict, line.clips) == ("drifted-worse", 12)
    assert "a clip moved by 1, tolerance" in line.reason


def test_the_floor_bounds_the_difference_of_two_runs():
    rng = np.random.default_rng(0)
    beyond = 0
    for _ in range(400):
        runs = rng.normal(0, 1, 7)
        beyond += abs(rng.normal() - runs[0]) > noise.floor(runs, 1)
    assert 0.02 < beyond / 400 < 0.1, "5 % for a single comparison"
    assert noise.floor([1.0, 2.0, 4.0], 30) > noise.floor([1.0, 2.0, 4.0], 1) > 0
    assert noise.floor([1.0], 30) == 0
