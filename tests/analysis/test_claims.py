"""Claims of the paper: definitions, intervals by voice, verdicts from results, and the page."""

import dataclasses
import itertools
import math

import numpy as np
import pytest

from hsbench import registry, widths
from hsbench.analysis import published
from hsbench.analysis.claims import counts, quantities, stored, switches, verdicts
from hsbench.analysis.claims.base import (
    ANALOGUE,
    BLOCKS,
    CANNOT_SAY,
    CONTRADICTED,
    COUNTED,
    SUPPORTED,
    Claim,
    Contrast,
    Count,
    better,
)
from hsbench.analysis.claims.definitions import CLAIMS, FAMILIES
from hsbench.analysis.claims.intervals import WIDTH_CLIPS, interval
from hsbench.report import claims_page
from hsbench.results.store import Results
from hsbench.results.view import View, ViewCorpus, ViewRow

FINGERPRINT = "f" * 64
CLIPS = tuple(f"v{voice}_{number}" for voice in range(6) for number in range(2))
GOOD = Claim("good", "4.4", "A beats B.", "A minus B", "individual INRs", contrasts=(better("si_snr", "A", "B"),))


def names_of(experiment):
    return {row.name for row in registry.experiment(experiment).load()().rows}


def test_there_are_enough_claims_and_every_name_is_unique():
    assert len(CLAIMS) >= 18
    assert len({claim.name for claim in CLAIMS}) == len(CLAIMS)
    assert {claim.on for claim in CLAIMS} == set(BLOCKS)
    assert FAMILIES[COUNTED] == 0
    assert sum(FAMILIES.values()) == sum(len(claim.contrasts) for claim in CLAIMS)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_every_claim_names_rows_and_quantities_that_exist(claim):
    assert (claim.count is None) is bool(claim.contrasts)
    for contrast in claim.contrasts:
        assert {name for _, name in contrast.terms} | set(contrast.sound) <= names_of(claim.experiment)
        if contrast.metric not in (*quantities.BANDS, *quantities.NEIGHBOURS):
            assert contrast.metric in registry.experiment(claim.experiment).load()().metrics


def test_analogues_are_marked_and_no_claim_about_hypersound_needs_a_row_that_quick_would_train_here():
    experiment = registry.experiment("claims").load()()
    assert not any(row.model.startswith("hypersound") for row in experiment.rows)
    trained = {row.name for row in experiment.rows if row.model == "patch-inr"}
    for row in experiment.rows:
        assert (row.split == "validation") is (row.name in trained)
        assert ("analogue" in " ".join(row.notes)) is (row.name in trained)
    for claim in CLAIMS:
        used = {name for contrast in claim.contrasts for _, name in contrast.terms} & trained
        assert bool(used and claim.experiment == "claims") is (claim.on == ANALOGUE)


def by_voice(means, spread=0.5, seed=0):
    noise = np.random.default_rng(seed).standard_normal(len(means) * 2) * spread
    return np.repeat(means, 2) + noise, [f"v{voice}" for voice in range(len(means)) for _ in range(2)]


def test_an_interval_has_the_effect_inside_and_widens_with_the_correction_and_with_fewer_voices():
    values, voices = by_voice([3.0, 3.5, 2.5, 3.2, 2.8, 3.1])
    single, corrected = interval(values, voices, 1), interval(values, voices, 20)
    assert single.low < single.effect < single.high
    assert single.effect == pytest.approx(values.mean())
    assert corrected.low < single.low
    assert corrected.high > single.high
    few = interval(values[:6], voices[:6], 20)
    assert few.high - few.low > 3 * (corrected.high - corrected.low)
    assert (single.clips, single.voices) == (12, 6)


def test_voices_that_differ_widen_the_interval_although_the_clips_agree():
    narrow, voices = by_voice([3.0] * 6, spread=0.2)
    wide, _ = by_voice([0.0, 6.0, 1.0, 5.0, 2.0, 4.0], spread=0.2)
    widths_of = [found.high - found.low for found in (interval(values, voices, 1) for values in (narrow, wide))]
    assert widths_of[1] > 5 * widths_of[0]


@pytest.mark.slow
def test_an_interval_covers_the_truth_as_often_as_it_says():
    generator, covered = np.random.default_rng(0), 0
    for trial in range(40):
        values, voices = by_voice(generator.standard_normal(6), spread=0.5, seed=trial)
        found = interval(values, voices, 1)
        covered += found.low <= 0 <= found.high
    assert covered >= 34


def test_what_has_nothing_to_resample_has_no_interval():
    assert interval(np.ones(4), ["a", "a", "b", "b"], 1).low is None
    assert interval(np.array([1.0]), ["a"], 1).low is None
    alone = interval(np.arange(8.0), ["a"] * 8, 1)  # clips take the place of voices
    assert alone.low is not None
    assert alone.voices == 1


def test_the_width_of_thirty_clips_follows_from_the_spread_of_these():
    values, voices = by_voice([0.0, 6.0, 1.0, 5.0, 2.0, 4.0])
    found = interval(values, voices, 1, "width")
    assert found.effect == pytest.approx(-1.96 * values.std(ddof=1) / math.sqrt(WIDTH_CLIPS))


@pytest.mark.parametrize(
    ("ends", "threshold", "expected"),
    [
        ((1, 2), 0, SUPPORTED),
        ((-2, -1), 0, CONTRADICTED),
        ((-1, 1), 0, CANNOT_SAY),
        ((1, 2), 3, CONTRADICTED),
        ((-0.05, 0.2), -0.1, SUPPORTED),
        ((None, None), 0, CANNOT_SAY),
    ],
)
def test_an_interval_decides(ends, threshold, expected):
    assert verdicts.decided(*ends, threshold) == expected


def test_all_contrasts_support_a_claim_and_one_contradicts_it():
    assert verdicts.combined([SUPPORTED, SUPPORTED]) == SUPPORTED
    assert verdicts.combined([SUPPORTED, CANNOT_SAY]) == CANNOT_SAY
    assert verdicts.combined([SUPPORTED, CANNOT_SAY, CONTRADICTED]) == CONTRADICTED


def test_counts_follow_from_the_architecture():
    assert counts.published_ratio() == pytest.approx(0.943, abs=5e-4)
    sizes = [20, 90, 90, 90, 90, 90, 1]
    layers = [(inputs + 1) * outputs for inputs, outputs in itertools.pairwise(sizes)]
    assert counts.parameters() == sum(layers) == widths.parameters("fmlp", 90)
    for shared in (0, 1, 2):
        assert counts.generated(shared) == sum(layers[shared:])
    assert counts.weights_sum(0.5) == pytest.approx(1)
    assert verdicts.counted(Count(lambda: 2.0, 1.0, "x")).verdict == SUPPORTED
    assert verdicts.counted(Count(lambda: 1.0, 1.0, "x")).verdict == CONTRADICTED


def folder_of(name):
    return f"{name.replace(' ', '-')}--x"


def store(tmp_path, **rows):
    """Return a results folder and a view whose rows have the given SI-SNR per clip; their MSE follows from it."""
    results = Results(tmp_path)
    references = [
        {
            "clip": clip,
            "corpus": "demo",
            "fingerprint": FINGERPRINT,
            "speaker": clip[:2],
            "sex": "F",
            "source": f"{clip}.flac",
            "offset": 0,
            "samples": 8,
            "sample_rate": 22050,
            "silent_frames": 0.0,
            "audio": f"{number:064x}.wav",
        }
        for number, clip in enumerate(CLIPS)
    ]
    results.add_references((row, b"") for row in references)
    for name, values in rows.items():
        for clip, value in zip(CLIPS, np.broadcast_to(values, len(CLIPS)).tolist(), strict=True):
            scores = {"si_snr": value, "mse": 0.1 * 10 ** (-value / 10)}
            results.folder(folder_of(name)).append_scores(
                {"clip": clip, "metric": metric, "version": 1, "value": number, "status": "ok", "seconds": 0.0}
                for metric, number in scores.items()
            )
    corpus = ViewCorpus("synthetic speech", FINGERPRINT, 8, 22050, (), CLIPS)
    listed = [ViewRow(name, "silence" if name == "silence" else "m", "demo", cells=(folder_of(name),)) for name in rows]
    view = View(
        "demo--quick--fixed-2", "claims", "", None, None, {"demo": corpus}, {}, "quick", "fixed-2", "all", 30, None,
        ("mse", "si_snr"), tuple(listed),
    )  # fmt: skip
    return results, view


NOISE = np.random.default_rng(0).standard_normal(len(CLIPS))


def test_a_claim_is_judged_on_paired_clips(tmp_path):
    difficulty = np.linspace(-5, 5, len(CLIPS))  # far larger than the difference of the rows, which pairs cancel
    results, view = store(tmp_path, A=12 + difficulty + 0.1 * NOISE, B=11 + difficulty, silence=0)
    (verdict,) = verdicts.judge(results, view, [GOOD])
    (finding,) = verdict.findings
    assert verdict.verdict == SUPPORTED
    assert finding.effect == pytest.approx(1 + 0.1 * NOISE.mean())
    assert (finding.clips, finding.voices) == (12, 6)
    assert verdict.command == "hsbench run claims --budget quick"
    turned = dataclasses.replace(GOOD, contrasts=(better("si_snr", "B", "A"),))
    assert verdicts.judge(results, view, [turned])[0].verdict == CONTRADICTED


def test_nothing_is_said_of_a_row_that_does_not_beat_silence(tmp_path):
    results, view = store(tmp_path, A=12 + NOISE, B=-3 + NOISE[::-1], silence=0)
    (verdict,) = verdicts.judge(results, view, [GOOD])
    assert verdict.verdict == CANNOT_SAY
    assert verdict.findings[0].reason == "B does not beat silence"
    assert verdict.findings[0].effect > 10
    failing = dataclasses.replace(GOOD, contrasts=(better("si_snr", "A", "B", sound=("A",)),))
    assert verdicts.judge(results, view, [failing])[0].verdict == SUPPORTED


def test_what_was_not_run_or_has_too_few_clips_is_named(tmp_path):
    results, view = store(tmp_path, A=12 + NOISE, silence=0)
    assert "no row B" in verdicts.judge(results, view, [GOOD])[0].findings[0].reason
    elsewhere = dataclasses.replace(GOOD, experiment="table2b")
    (verdict,) = verdicts.judge(results, view, [elsewhere])
    assert verdict.findings[0].reason == "table2b was not run"
    assert verdict.command == "hsbench run table2b --budget quick"
    single = Contrast("lsd", ((1.0, "A"),))
    assert "only 0 clips" in verdicts.measured(results, view, GOOD, single).reason


def test_the_error_of_a_band_is_relative_to_the_reference_there():
    time = np.arange(4096) / 4096
    low, high = np.sin(2 * np.pi * 100 * time), 0.1 * np.sin(2 * np.pi * 1500 * time)
    below, above = quantities.band_errors(low + high, low)
    assert below < -80  # the upper tone is missing, the lower one is there
    assert above == pytest.approx(0, abs=1e-6)
    below, above = quantities.band_errors(low + high, 0.9 * low + 1.1 * high)
    assert (below, above) == (pytest.approx(-20, abs=1e-3), pytest.approx(-20, abs=1e-3))
    assert math.isnan(quantities.band_errors(0 * low, low)[0])


def test_switches_are_measured_in_every_metric(tmp_path):
    results, view = store(tmp_path, FMLP=12 + NOISE, **{"FMLP MSE loss": 13 + NOISE[::-1]}, silence=0)
    found = switches.changes(results, dataclasses.replace(view, experiment="protocols"))
    assert [(change.switch, change.metric) for change in found] == [("inr_loss", "mse"), ("inr_loss", "si_snr")]
    assert found[1].found.effect == pytest.approx(1)
    rows = {row.name: row for row in registry.experiment("protocols").load()().rows}
    for name, (base, switch, _) in switches.PAIRS.items():
        one, other = (dict(rows[row].switches) for row in (base, name))
        assert {key for key in one if one[key] != other[key]} == {switch}


def test_verdicts_are_read_as_they_were_written(tmp_path):
    results, view = store(tmp_path, A=12 + NOISE, B=11, silence=0)
    judged = stored.judgement(view, verdicts.judge(results, view, CLAIMS[:3]), [])
    path = tmp_path / "verdicts.json"
    path.write_text(stored.written(judged))
    assert stored.read(path) == judged
    shown = claims_page.table(judged)
    assert all(verdict.claim.name in shown for verdict in judged.verdicts)


def test_the_page_is_up_to_date_with_the_definitions_and_the_stored_verdicts():
    judged = stored.read(published.baselines_folder(part="claims") / "claims" / claims_page.STORED)
    page = claims_page.markdown(judged)
    documentation = published.PACKAGE.parent / "docs" / "claims.md"
    assert documentation.read_text() == page, f"docs/claims.md is stale; run: {claims_page.COMMAND}"
    assert [verdict.claim for verdict in judged.verdicts] == list(CLAIMS)
    for claim in CLAIMS:
        assert claim.test[:20] in " ".join(page.split())
    assert max(len(line) for line in page.splitlines() if not line.startswith(("|", "<!--"))) <= 110
