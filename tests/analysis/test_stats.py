"""Means, bootstrap intervals, paired comparisons, and the published tables."""

import numpy as np
import pytest

from hsbench.analysis import published, stats
from hsbench.errors import DataError

rng = np.random.default_rng(0)


def test_a_summary_of_one_seed():
    x = rng.standard_normal(400) + 3
    summary = stats.summarise(x[None])
    assert summary.mean == pytest.approx(x.mean())
    half = 1.96 * x.std() / np.sqrt(x.size)
    assert summary.low == pytest.approx(x.mean() - half, abs=0.25 * half)
    assert summary.high == pytest.approx(x.mean() + half, abs=0.25 * half)
    assert (summary.n, summary.n_total) == (400, 400)


def test_a_95_percent_interval_contains_the_true_mean_about_95_percent_of_the_time():
    hits = 0
    for seed in range(200):
        x = np.random.default_rng(seed).standard_normal((1, 30))
        summary = stats.summarise(x)
        hits += summary.low <= 0 <= summary.high
    assert 0.88 <= hits / 200 <= 0.99


def test_seeds_widen_the_interval_when_they_disagree():
    clips = rng.standard_normal(50)
    agreeing = stats.summarise(np.stack([clips, clips]))
    disagreeing = stats.summarise(np.stack([clips - 2, clips + 2]))
    assert disagreeing.mean == pytest.approx(agreeing.mean)
    assert disagreeing.high - disagreeing.low > 3 * (agreeing.high - agreeing.low)


def test_missing_values_count_as_missing_and_never_as_zero():
    x = np.array([[1.0, np.nan, 3.0, np.nan]])
    summary = stats.summarise(x)
    assert (summary.mean, summary.n, summary.n_total) == (2.0, 2, 4)
    assert stats.summarise(np.full((1, 3), np.nan)) == stats.Summary(None, None, None, 0, 3)
    assert stats.summarise(np.array([[2.0]])) == stats.Summary(2.0, None, None, 1, 1)


def test_the_same_values_give_the_same_interval():
    x = rng.standard_normal((2, 20))
    assert stats.summarise(x) == stats.summarise(x.copy())


def test_a_small_paired_difference_is_separable_where_intervals_overlap():
    x = 10 * rng.standard_normal((1, 30))
    assert stats.separable(x, x + 0.1)
    assert not stats.separable(x, x + rng.standard_normal((1, 30)))
    assert not stats.separable(x[:, :1], x[:, :1] + 5)


def test_bold_marks_the_best_row_and_rows_not_separable_from_it():
    x = rng.standard_normal((1, 40))
    equal = x + 0.5 * rng.standard_normal((1, 40))
    assert stats.best_rows([x, equal, x - 5], higher=True) == [True, True, False]
    assert stats.best_rows([x, equal, x - 5], higher=False) == [False, False, True]
    assert stats.best_rows([x], higher=True) == [False]


def test_rows_are_compared_on_their_common_clips():
    good = np.array([[5.0, 5.1, 4.9, np.nan, np.nan, np.nan]])
    poor = np.array([[4.0, 4.1, 3.9, 90.0, 90.0, 90.0]])
    assert stats.best_rows([good, poor], higher=True) == [True, False]
    nothing = np.full((1, 6), np.nan)
    assert stats.best_rows([good, nothing], higher=True) == [False, False]
    assert stats.best_rows([poor, nothing, good, np.zeros((0, 20))], higher=True) == [False, False, True, False]


def test_every_published_table_is_complete_and_as_printed():
    rows = {"2a": 1, "2b": 6, "2c": 6, "2d": 2, "3": 5, "4": 4, "5": 3}
    for table_id, count in rows.items():
        table = published.table("hypersound_2023", table_id)
        assert len(table.rows) == count
        metrics = ["mse", "lsd", "si_snr"] + (["pesq", "stoi", "cdpam"] if table_id.startswith("2") else [])
        assert all(list(row) == metrics for row in table.rows.values())
        assert table.ideal == {"mse": 0, "lsd": 0, "si_snr": 100, "pesq": 4.5, "stoi": 1, "cdpam": 0}
    upper = published.table("hypersound_2023", "2d").rows
    assert upper["SIREN"]["mse"] == published.Printed(0.001, "<", "< 0.001")
    assert upper["FMLP"]["mse"] == published.Printed(0.001, "", "0.001")
    assert upper["SIREN"]["lsd"].text == "1.40"


def test_published_tables_agree_where_they_repeat_a_row():
    def row(table_id, name):
        table = published.table("hypersound_2023", table_id).rows[name]
        return [table[metric].value for metric in ("mse", "lsd", "si_snr")]

    assert row("2b", "1x") == row("3", "standard") == row("4", "0.0") == row("5", "VCTK") == [0.009, 1.61, 2.99]


def test_missing_or_garbled_baselines_are_reported_in_a_sentence(tmp_path):
    with pytest.raises(DataError, match="expected a folder with published"):
        published.table("hypersound_2023", "2d", tmp_path)
    (tmp_path / "published").mkdir()
    with pytest.raises(DataError, match="cannot read the published numbers"):
        published.table("hypersound_2023", "2d", tmp_path)
    (tmp_path / "published" / "mine.toml").write_text("table = 3")
    with pytest.raises(DataError, match="is garbled"):
        published.table("mine", "2d", tmp_path)
    with pytest.raises(DataError, match="has no table '9z'"):
        published.table("hypersound_2023", "9z")


def test_a_row_without_any_value_does_not_affect_which_row_is_best():
    good, bad, lost = np.array([[1.0, 1.1, 0.9, 1.0]]), np.array([[5.0, 5.2, 4.9, 5.1]]), np.full((1, 4), np.nan)
    assert stats.best_rows([good, lost, bad], higher=False) == [True, False, False]
    assert stats.best_rows([lost, good], higher=False) == [False, False]


def test_a_failed_estimate_counts_as_the_worst_value_and_other_gaps_do_not():
    values = np.array([[1.0, np.nan, np.nan], [3.0, np.nan, 5.0]])
    failed = np.array([[False, True, False], [False, True, False]])
    assert stats.penalised_mean(values, failed, -8.0) == pytest.approx((2 - 8 + 5) / 3)
    assert stats.penalised_mean(values, failed, None) is None
    assert stats.penalised_mean(values, np.zeros((2, 3), bool), None) == pytest.approx((2 + 5) / 2)
    assert stats.penalised_mean(values, np.zeros((2, 3), bool), -8.0) == pytest.approx((2 + 5) / 2)


def test_a_row_of_failed_estimates_has_the_worst_value_and_an_empty_row_none():
    nothing = np.full((1, 3), np.nan)
    assert stats.penalised_mean(nothing, np.ones((1, 3), bool), 1.0) == 1.0
    assert stats.penalised_mean(nothing, np.zeros((1, 3), bool), 1.0) is None
    assert stats.penalised_mean(np.empty((0, 3)), np.empty((0, 3), bool), 1.0) is None
