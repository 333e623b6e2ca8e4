"""The experiments answer the published tables, row by row, and share what they have in common."""

import pytest

from hsbench import registry
from hsbench.analysis import published
from hsbench.errors import UnknownNameError
from hsbench.metrics.base import info
from hsbench.planning.request import Request
from hsbench.planning.resolve import Resolved
from hsbench.planning.selection import select
from hsbench.results.base_cell import base_of
from hsbench.widths import parameters

TABLES = {"table2b": "2b", "table2c": "2c", "table2d": "2d", "table3": "3", "table4": "4", "table5": "5"}


def experiment(name):
    return registry.experiment(name).load()()


@pytest.mark.parametrize(("name", "table"), TABLES.items())
def test_every_published_row_has_a_row_and_every_metric_a_column(name, table):
    made, printed = experiment(name), published.table("hypersound_2023", table)
    assert made.table == table
    assert [row.published for row in made.rows] == list(printed.rows)
    assert set(made.metrics) == {metric for row in printed.rows.values() for metric in row}
    assert all("," not in row.name for row in made.rows)


@pytest.mark.parametrize("name", ["table2b", "table2c", "table3", "table4"])
def test_the_paper_scores_512_clips_and_trains_its_own_steps(name):
    made = experiment(name)
    assert dict(made.clips)["paper"] == 512
    for model in {row.model for row in made.rows}:
        training = registry.model(model).budgets["paper"]
        assert training["epochs"] * (training["epoch_samples"] // training["batch"]) == 1562500


def cells(name, protocol="paper", budget="quick", rows="row~"):
    (selection,) = select(Request((name,), budget=budget, protocol=protocol, filters=(rows,)))
    resolved = Resolved(selection, "cpu")
    return {row.name: resolved.cell(row, 0) for row in selection.rows}


def test_tables_share_the_baseline():
    baseline = cells("table2b")["1x"].key
    assert cells("table3")["standard"].key == baseline
    assert cells("table4")["p = 0.0"].key == baseline
    keys = [cell.key for name in ("table2b", "table3", "table4") for cell in cells(name).values()]
    assert len(set(keys)) == 6 + 5 + 4 - 2


def test_widths_are_the_nearest_to_each_ratio_and_the_codes_own_at_one():
    want = {"10x": 26, "4x": 42, "2x": 61, "1x": 87, "0.5x": 125, "0.125x": 253}
    assert {name: cell.model["width"] for name, cell in cells("table2b").items()} == want
    assert cells("table2b", "reference")["1x"].model["width"] == 90
    assert {cell.model["width"] for cell in cells("table2c").values()} == {90}
    assert parameters("siren", 90) == 33031


def test_table_2a_answers_its_row_with_an_export_and_with_our_own_rave_trained_once():
    made, printed = experiment("table2a"), published.table("hypersound_2023", "2a")
    assert [(row.model, row.published) for row in made.rows if row.published] == [("rave", "RAVE"), ("rave-v1", "RAVE")]
    assert set(made.metrics) == set(printed.rows["RAVE"])
    played = [made for name, made in cells("table2a", rows="row~v1").items()]
    assert [base_of(cell) for cell in played] == [None, played[0], played[0]]
    training = registry.model("rave-v1").budgets["paper"]
    assert [training[key] for key in ("capacity", "steps", "batch", "signal")] == [64, 3_000_000, 8, 65536]


def test_codecs_fit_an_inr_once_for_its_three_formats():
    made = cells("codecs", rows="row~INR FMLP")
    assert len({cell.key for cell in made.values()}) == 12
    assert len({(base_of(cell) or cell).key for cell in made.values()}) == 4


def test_smoke_leaves_the_slow_metric_out():
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
    upper = cells("table2d")
    shown = cells("figure3")
    assert [one.key for one in shown.values()] == [baseline, upper["FMLP"].key, upper["SIREN"].key]


@pytest.mark.parametrize("budget", ["smoke", "quick", "standard", "paper"])
def test_figure3_asks_for_no_clip_that_its_tables_do_not_fit(budget):
    clips = {name: dict(experiment(name).clips)[budget] for name in ("figure3", "table2b", "table2d")}
    assert clips["figure3"] <= min(clips.values())


def test_figure4_takes_clips_of_both_splits_by_turns():
    def ground(**wanted):
        request = Request(("figure4",), budget="quick", protocol="paper", **wanted)
        (selection,) = select(request)
        resolved = Resolved(selection, "cpu")
        assert resolved.group == "demo--quick--paper" + ("--train" if "split" in wanted else "")
        return resolved.view([]).corpora["demo"]

    whole = ground()
    assert (len(whole.clips), {name: len(ids) for name, ids in whole.splits.items()}) == (
        116,
        {"validation": 46, "train": 70},
    )
    assert sorted(whole.clips) == sorted(clip for ids in whole.splits.values() for clip in ids)
    few = ground(limit=5)
    assert few.clips == whole.clips[:5]
    assert {name: len(ids) for name, ids in few.splits.items()} == {"validation": 3, "train": 2}
    assert few.splits["validation"] == few.clips[::2]
    trained = ground(split="train")
    assert trained.splits == {}
    assert trained.clips == whole.splits["train"]


def test_an_unknown_split_is_named_with_those_there_are():
    request = Request(("figure4",), budget="quick", split="al")
    with pytest.raises(UnknownNameError, match="unknown split 'al'; did you mean 'all'"):
        Resolved(select(request)[0], "cpu")
