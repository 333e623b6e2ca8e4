"""Comparison of two results folders: pairs, verdicts, and what cannot be compared."""

import csv
import io
import json

import numpy as np
import pytest

from hsbench.analysis import stats
from hsbench.analysis.comparisons import compare
from hsbench.report.comparison import comparison_csv, markdown
from hsbench.results.store import Results
from hsbench.results.view import View, ViewCorpus, ViewRow

CLIPS = [f"clip-{number}" for number in range(12)]
NOISE = np.random.default_rng(1).normal(0, 1, (2, 12))


def made(root, rows, *, experiment="toys", fingerprint="f" * 64, budget="smoke", versions=1, metrics=("si_snr",)):
    """A results folder. rows: name -> [seeds, clips] scores, NaN where a clip could not be scored."""
    store = Results(root)
    for name, values in rows.items():
        for seed, row in enumerate(values):
            store.folder(f"{name}--{budget}--{seed}").append_scores(
                {
                    "clip": clip,
                    "metric": metric,
                    "version": versions,
                    "value": None if np.isnan(value) else float(value),
                    "status": "no_utterances" if np.isnan(value) else "ok",
                    "seconds": 0.0,
                }
                for clip, value in zip(CLIPS, row, strict=True)
                for metric in metrics
            )
    rows = tuple(
        ViewRow(name, "toy", "demo", cells=tuple(f"{name}--{budget}--{seed}" for seed in range(len(values))))
        for name, values in rows.items()
    )
    view = View(
        group=f"demo--{budget}--fixed-1",
        experiment=experiment,
        title="Toys",
        table=None,
        source=None,
        corpora={"demo": ViewCorpus(fingerprint=fingerprint, clips=tuple(CLIPS))},
        absent={},
        budget=budget,
        protocol="fixed-1",
        split="validation",
        clips_paper=12,
        limit=None,
        metrics=tuple(metrics),
        rows=rows,
    )
    store.write_view(view)
    return root


@pytest.fixture
def pair(tmp_path):
    """The same clips, louder by 1 dB in row up, by -1 in row down, unchanged on average in row still."""
    base = 10 + NOISE[:1]
    wobble = NOISE[1:] - NOISE[1:].mean()
    a = made(tmp_path / "a", {"up": base, "down": base, "still": base, "gone": base})
    b = made(tmp_path / "b", {"up": base + 1, "down": base - 1, "still": base + wobble, "new": base})
    return a, b


def compared(*roots):
    """Compare every view of two results folders."""
    sides = []
    for results in map(Results, roots):
        views = [view for experiment in results.experiments() for view in results.views(experiment).values()]
        sides.append((results, views))
    return compare(*sides)


def records(*roots):
    """Return row -> its line of the CSV."""
    return {line["row"]: line for line in csv.DictReader(io.StringIO(comparison_csv(compared(*roots))))}


def test_verdicts_follow_the_paired_difference(pair):
    lines = records(*pair)
    assert {row: line["verdict"] for row, line in lines.items()} == {
        "up": "better",
        "down": "worse",
        "still": "same",
        "gone": "only in A",
        "new": "only in B",
    }
    assert lines["up"]["n"] == "12"
    for end in ("difference", "low", "high"):
        assert float(lines["up"][end]) == pytest.approx(1, abs=1e-9), "a constant difference has no spread"


def test_lower_is_better_where_the_metric_says_so(tmp_path):
    a = made(tmp_path / "a", {"row": np.abs(NOISE[:1]) + 2}, metrics=("mse",))
    b = made(tmp_path / "b", {"row": np.abs(NOISE[:1]) + 1}, metrics=("mse",))
    assert records(a, b)["row"]["verdict"] == "better"


def test_a_folder_is_the_same_as_itself(hsbench_here, pair):
    code, out, _ = hsbench_here("compare", pair[0], pair[0], "--format", "json")
    assert code == 0
    assert {line["verdict"] for line in json.loads(out)["lines"]} == {"same"}
    assert json.loads(out)["alone"] == []


def test_markdown_explains_the_columns_and_lists_rows_of_only_one_folder(pair):
    out = markdown(compared(*pair))
    assert "### toys, demo--smoke--fixed-1" in out
    assert "+1.00 [+1.00, +1.00] |" in out
    assert "same where it contains 0" in out
    assert "- only in A: gone of toys, demo--smoke--fixed-1" in out


def test_only_pairs_of_clip_and_seed_count(tmp_path):
    with_gaps = np.where(np.arange(12) < 2, np.nan, 10 + NOISE)
    a = made(tmp_path / "a", {"row": 10 + NOISE})
    b = made(tmp_path / "b", {"row": np.vstack([with_gaps + 1, with_gaps + 5])})
    line = records(a, b)["row"]
    assert line["n"] == "20"
    assert float(line["difference"]) == pytest.approx(1, abs=1e-9), "the other seeds of B have no pair"
    assert float(line["a"]) == pytest.approx(10 + NOISE[:, 2:].mean())


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"fingerprint": "e" * 64}, "corpus fingerprints differ: ffffffffffff in A, eeeeeeeeeeee in B"),
        ({"versions": 2}, "versions of si_snr differ: 1 in A, 2 in B"),
    ],
)
def test_rows_that_cannot_be_compared_have_a_reason_and_exit_code_3(hsbench_here, tmp_path, other, reason):
    rows = {"row": 10 + NOISE[:1]}
    code, out, err = hsbench_here("compare", made(tmp_path / "a", rows), made(tmp_path / "b", rows, **other))
    assert code == 3
    assert f"- row, si_snr: {reason}" in out
    assert "none to compare" in err


def test_a_single_common_clip_is_incomparable(tmp_path):
    alone = np.where(np.arange(12) == 3, 10.0, np.nan)[None]
    a, b = made(tmp_path / "a", {"row": alone}), made(tmp_path / "b", {"row": alone})
    (line,) = compared(a, b).lines
    assert (line.verdict, line.reason) == ("incomparable", "fewer than two clips have a value on both sides")


def test_groups_of_only_one_folder_are_listed_and_not_compared(tmp_path):
    rows = {"row": 10 + NOISE[:1]}
    both = compared(made(tmp_path / "a", rows), made(tmp_path / "b", rows, budget="quick"))
    assert both.alone == (("A", "toys", "demo--smoke--fixed-1", "row"), ("B", "toys", "demo--quick--fixed-1", "row"))
    assert not both.compared


def test_filters_choose_groups_experiments_and_metrics(hsbench_here, tmp_path):
    rows, sides = {"row": 10 + NOISE[:1]}, [tmp_path / "a", tmp_path / "b"]
    for side in sides:
        made(side, rows, metrics=("si_snr", "mse"))
        made(side, rows, budget="quick", metrics=("si_snr",))
        made(side, rows, experiment="others", metrics=("si_snr",))

    def lines(*arguments):
        found = json.loads(hsbench_here("compare", *sides, "--format", "json", *arguments)[1])["lines"]
        return [(line["experiment"], line["group"].split("--")[1], line["metric"]) for line in found]

    assert len(lines()) == 4
    assert lines("toys", "--budget", "quick") == [("toys", "quick", "si_snr")]
    assert lines("--metric", "mse") == [("toys", "smoke", "mse")]
    assert lines("others") == [("others", "smoke", "si_snr")]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("a", "nowhere"), "nowhere is no folder; check the path."),
        (("a", "empty"), "empty holds no views; check the path."),
        (("a", "a", "--metric", "si_snt"), "unknown metric 'si_snt'; did you mean 'si_snr'?"),
        (("a", "a", "--format", "latex"), "unknown format 'latex'"),
        (("a", "a", "tabel2b"), "unknown experiment 'tabel2b'; did you mean 'table2b'?"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(hsbench_here, pair, tmp_path, monkeypatch, arguments, sentence):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    code, out, err = hsbench_here("compare", *arguments)
    assert (code, out) == (2, "")
    assert sentence in err


def test_a_paired_interval_is_narrower_than_the_spread_of_the_clips():
    spread = 10 * NOISE[:1]
    difference = stats.paired(spread, spread + 1 + 0.1 * NOISE[1:])
    assert difference.low is not None
    assert difference.high is not None
    assert difference.low < 1 + 0.1 * NOISE[1:].mean() < difference.high
    assert difference.high - difference.low < 0.2
    assert stats.paired(np.full((1, 3), np.nan), np.zeros((1, 3))) == stats.Paired(0)
