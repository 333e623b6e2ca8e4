import numpy as np
import pytest

from hsbench.analysis import published, stats
from hsbench.errors import DataError

rng = np.random.default_rng(0)


def test_a_summary_of_one_seed():
    x = rng.standard_normal(400) + 3
    got = stats.summarise(x[None])
    assert got.mean == pytest.approx(x.mean())
    half = 1.96 * x.std() / np.sqrt(x.size)
    assert got.low == pytest.approx(x.mean() - half, abs=0.25 * half)
    assert got.high == pytest.approx(x.mean() + half, abs=0.25 * half)
    assert (got.n, got.n_total) == (400, 400)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    hits = 0
    for seed in range(200):
        x = np.random.default_rng(seed).standard_normal((1, 30))
        got = stats.summarise(x)
        hits += got.low <= 0 <= got.high
    assert 0.88 <= hits / 200 <= 0.99


def test_seeds_widen_the_interval_when_they_disagree():
    clips = rng.standard_normal(50)
    agreeing = stats.summarise(np.stack([clips, clips]))
    disagreeing = stats.summarise(np.stack([clips - 2, clips + 2]))
    assert disagreeing.mean == pytest.approx(agreeing.mean)
    assert disagreeing.high - disagreeing.low > 3 * (agreeing.high - agreeing.low)


def test_missing_values_count_as_missing_and_never_as_zero():
    x = np.array([[1.0, np.nan, 3.0, np.nan]])
    got = stats.summarise(x)
    assert (got.mean, got.n, got.n_total) == (2.0, 2, 4)
    assert stats.summarise(np.full((1, 3), np.nan)) == stats.Summary(None, None, None, 0, 3)
    assert stats.summarise(np.array([[2.0]])) == stats.Summary(2.0, None, None, 1, 1)


def test_a_report_of_the_same_results_is_the_same_report():
    x = rng.standard_normal((2, 20))
    assert stats.summarise(x) == stats.summarise(x.copy())


def test_a_small_paired_difference_is_separable_where_intervals_overlap():
    x = 10 * rng.standard_normal((1, 30))
    assert stats.separable(x, x + 0.1)
    assert not stats.separable(x, x + rng.standard_normal((1, 30)))
    assert not stats.separable(x[:, :1], x[:, :1] + 5)


def test_bold_marks_the_best_and_its_equals():
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


def test_every_published_table_is_there_as_printed():
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


def test_the_tables_agree_where_they_repeat_a_row():
    def row(table_id, name):
        found = published.table("hypersound_2023", table_id).rows[name]
        return [found[metric].value for metric in ("mse", "lsd", "si_snr")]

    assert row("2b", "1x") == row("3", "standard") == row("4", "0.0") == row("5", "VCTK") == [0.009, 1.61, 2.99]


def test_baselines_that_are_not_there_or_garbled_are_sentences(tmp_path):
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


def test_a_row_without_any_value_leaves_the_others_their_best():
    good, bad, lost = np.array([[1.0, 1.1, 0.9, 1.0]]), np.array([[5.0, 5.2, 4.9, 5.1]]), np.full((1, 4), np.nan)
    assert stats.best_rows([good, lost, bad], higher=False) == [True, False, False]
    assert stats.best_rows([lost, good], higher=False) == [False, False]
