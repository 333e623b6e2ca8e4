"""The experiments have the rows and columns of the published tables, and share cells that are equal."""

import pytest

from hsbench import registry
from hsbench.analysis import published
from hsbench.errors import UnknownNameError
from hsbench.metrics.base import info
from hsbench.planning.request import Request
from hsbench.planning.resolve import Resolved
from hsbench.planning.selection import select
from hsbench.results.base_cell import base_of
from hsbench.spec import FLOOR_MODELS
from hsbench.widths import parameters

TABLES = {"table2b": "2b", "table2c": "2c", "table2d": "2d", "table3": "3", "table4": "4", "table5": "5"}


def experiment(name):
    return registry.experiment(name).load()()


@pytest.mark.parametrize(("name", "table"), TABLES.items())
def test_every_published_row_has_a_row_and_every_metric_a_column(name, table):
    ours, printed = experiment(name), published.table("hypersound_2023", table)
    assert ours.table == table
    assert [row.published for row in ours.rows if row.published] == list(printed.rows)
    assert set(ours.metrics) == {metric for row in printed.rows.values() for metric in row}
    assert all("," not in row.name for row in ours.rows)


@pytest.mark.parametrize("name", ["table2b", "table2c", "table3", "table4"])
def test_the_budget_paper_scores_512_clips_and_trains_1562500_steps(name):
    rows = experiment(name).rows
    assert dict(experiment(name).clips)["paper"] == 512
    for model in {row.model for row in rows} - set(FLOOR_MODELS):
        training = registry.model(model).budgets["paper"]
        assert training["epochs"] * (training["epoch_samples"] // training["batch"]) == 1562500


def cells(name, protocol="paper", budget="quick", rows="row~"):
    (selection,) = select(Request((name,), budget=budget, protocol=protocol, filters=(rows,)))
    resolved = Resolved(selection, "cpu")
    return {row.name: resolved.cell(row, 0) for row in selection.rows if row.model not in FLOOR_MODELS}


def test_tables_2b_3_and_4_share_the_cell_at_compression_ratio_1():
    baseline = cells("table2b")["1x"].key
    assert cells("table3")["standard"].key == baseline
    assert cells("table4")["p = 0.0"].key == baseline
    keys = [cell.key for name in ("table2b", "table3", "table4") for cell in cells(name).values()]
    assert len(set(keys)) == 6 + 5 + 4 - 2


def test_widths_are_the_nearest_to_each_ratio_and_that_of_the_code_at_ratio_1_under_reference():
    expected = {"10x": 26, "4x": 42, "2x": 61, "1x": 87, "0.5x": 125, "0.125x": 253}
    assert {name: cell.model["width"] for name, cell in cells("table2b").items()} == expected
    assert cells("table2b", "reference")["1x"].model["width"] == 90
    assert {cell.model["width"] for cell in cells("table2c").values()} == {90}
    assert parameters("siren", 90) == 33031


def test_table_2a_compares_an_export_and_our_rave_with_the_published_row_and_trains_ours_once():
    ours, printed = experiment("table2a"), published.table("hypersound_2023", "2a")
    assert [(row.model, row.published) for row in ours.rows if row.published] == [("rave", "RAVE"), ("rave-v1", "RAVE")]
    assert set(ours.metrics) == set(printed.rows["RAVE"])
    decodings = list(cells("table2a", rows="row~v1").values())
    assert [base_of(cell) for cell in decodings] == [None, decodings[0], decodings[0]]
    training = registry.model("rave-v1").budgets["paper"]
    assert [training[key] for key in ("capacity", "steps", "batch", "signal")] == [64, 3_000_000, 8, 65536]


def test_rate_fits_and_trains_a_network_once_for_all_its_formats():
    for rows, stored, fitted in (
        ("row~SIREN", 11, 3),
        ("row~FMLP", 11, 3),
        ("row~patch INR", 6, 2),
        ("row~COIN", 6, 2),
        ("row~KLT coding", 5, 1),
    ):
        chosen = cells("rate", rows=rows).values()
        assert len({cell.key for cell in chosen}) == stored
        assert len({(base_of(cell) or cell).key for cell in chosen}) == fitted


def test_rate_scores_longer_stretches_of_each_corpus_and_the_user_may_change_them():
    for cell in cells("rate", rows="row~SIREN").values():
        assert cell.corpus["samples"] / cell.corpus["sample_rate"] > 2.5
    settings = dict(experiment("rate").corpus_settings)
    assert set(settings) == {"demo", "folder", "librispeech", "ljspeech", "vctk"}
    assert all(dict(values)["clip_samples"] % 256 == 0 for values in settings.values())


def test_all_metrics_of_rate_but_the_slowest_are_computed_at_quick():
    assert experiment("rate").metrics_at("quick") == ("mse", "lsd", "si_snr", "pesq", "stoi")
    assert experiment("rate").metrics_at("standard") == experiment("rate").metrics


def test_the_budget_smoke_leaves_out_the_slowest_metric():
    for name in ("table2b", "table2c"):
        assert "cdpam" not in experiment(name).metrics_at("smoke")
        assert "cdpam" in experiment(name).metrics_at("quick")


def test_resolution_scores_every_metric_at_every_rate():
    metrics = experiment("resolution").metrics
    assert len(metrics) == len(set(metrics)) == 9
    assert [info(metric).name for metric in metrics] == list(metrics)


def test_figures_share_the_cells_of_the_tables():
    baseline = cells("table2b")["1x"].key
    assert cells("figure4")["HyperSound FMLP"].key == baseline
    individual = cells("table2d")
    keys = [cell.key for cell in cells("figure3").values()]
    assert keys == [baseline, individual["FMLP"].key, individual["SIREN"].key]


@pytest.mark.parametrize("budget", ["smoke", "quick", "standard", "paper"])
def test_figure3_needs_no_clip_that_its_tables_do_not_fit(budget):
    clips = {name: dict(experiment(name).clips)[budget] for name in ("figure3", "table2b", "table2d")}
    assert clips["figure3"] <= min(clips.values())


def test_figure3_shows_seen_clips_after_a_short_training_and_held_out_clips_after_a_long_one():
    def resolved(budget, **options):
        return Resolved(select(Request(("figure3",), budget=budget, protocol="paper", **options))[0], "cpu")

    quick, standard = resolved("quick"), resolved("standard")
    assert (quick.split, quick.group) == ("train", "demo--quick--paper")
    assert quick.corpora["demo"].clips == resolved("quick", split="train").corpora["demo"].clips[:4]
    assert (standard.split, standard.group) == ("validation", "demo--standard--paper")
    held_out = resolved("quick", split="validation")
    assert (len(held_out.corpora["demo"].clips), held_out.group) == (16, "demo--quick--paper--validation")


def test_figure4_alternates_between_clips_of_both_splits():
    def corpus_view(**options):
        request = Request(("figure4",), budget="quick", protocol="paper", **options)
        (selection,) = select(request)
        resolved = Resolved(selection, "cpu")
        assert resolved.group == "demo--quick--paper" + ("--train" if "split" in options else "")
        return resolved.view([]).corpora["demo"]

    whole = corpus_view()
    assert (len(whole.clips), {name: len(ids) for name, ids in whole.splits.items()}) == (
        48,
        {"validation": 24, "train": 24},
    )
    assert sorted(whole.clips) == sorted(clip for ids in whole.splits.values() for clip in ids)
    few = corpus_view(limit=5)
    assert few.clips == whole.clips[:5]
    assert {name: len(ids) for name, ids in few.splits.items()} == {"validation": 3, "train": 2}
    assert few.splits["validation"] == few.clips[::2]
    trained = corpus_view(split="train")
    assert trained.splits == {}
    assert trained.clips[:24] == whole.splits["train"]


def test_the_error_of_an_unknown_split_suggests_a_known_one():
    request = Request(("figure4",), budget="quick", split="al")
    with pytest.raises(UnknownNameError, match="unknown split 'al'; did you mean 'all'"):
        Resolved(select(request)[0], "cpu")
