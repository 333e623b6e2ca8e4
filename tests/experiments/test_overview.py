"""The overview: every kind of method, learned ones on seen and held-out clips, short under the budget quick alone."""

import os

import pytest

from hsbench import registry
from hsbench.planning.request import Request
from hsbench.planning.resolve import Resolved
from hsbench.planning.resources import resources_of
from hsbench.planning.selection import select

LEARNED = {"hypersound-fmlp", "hypersound-siren", "rave-v1", "patch-inr"}


def resolved(budget):
    (selection,) = select(Request(("overview",), budget=budget))
    return Resolved(selection, "cpu")


def test_every_kind_of_method_is_there_and_learned_ones_on_both_splits():
    rows = resolved("quick").rows
    splits = {}
    for row in rows:
        splits.setdefault(row.model, set()).add(row.split)
    assert {model for model, found in splits.items() if found == {"train", "validation"}} == {
        *LEARNED,
        "noise",
        "silence",
    }
    assert set(splits) >= {*LEARNED, "inr-fmlp", "inr-siren", "mdct-top-k", "decimation", "mp3-soundfile"}
    assert ("opus" in splits) is not bool(registry.model("opus").missing())


@pytest.mark.parametrize("budget", ["smoke", "standard", "paper"])
def test_only_the_budget_quick_is_shortened(budget):
    plan = resolved(budget)
    for row in plan.selection.rows:
        training = registry.model(row.model).budgets.get(budget, {})
        assert plan._settings(row)[1] == training, row.name
    quick = resolved("quick")
    shortened = {row.model for row in quick.selection.rows if row.quick}
    assert shortened == {"rave-v1", "inr-fmlp", "inr-siren"}
    for row in quick.selection.rows:
        settings = quick._settings(row)[1]
        assert all(settings[key] == value for key, value in row.quick)


def test_the_held_out_rows_are_scored_on_as_many_clips_as_the_training_allows_for_seen_ones():
    corpus = dict(resolved("quick").corpora["demo"].splits)
    assert (len(corpus["validation"]), len(corpus["train"])) == (8, 4)


@pytest.mark.parametrize(("names", "jobs", "expected"), [("overview", None, "cores"), ("overview", 1, 1)])
def test_small_cells_run_side_by_side_unless_the_user_says_how_many(names, jobs, expected):
    cores = len(os.sched_getaffinity(0))
    resources = resources_of(select(Request((names,), jobs=jobs)))
    assert resources.jobs == (cores if expected == "cores" else expected)
    assert resources.jobs * resources.threads <= max(cores, resources.jobs)
    both = resources_of(select(Request(("overview", "table2d"))))
    assert both.jobs == 1, "only if every experiment suits it"
