"""Rows on seen clips: which rows a table shows twice, and which clips each of them is scored on."""

import json

import pytest

from hsbench import registry
from hsbench.corpora.base import Clips
from hsbench.planning import plan
from hsbench.planning.request import Request
from hsbench.planning.resolve import Resolved
from hsbench.planning.selection import select
from hsbench.results.store import Results
from hsbench.results.view import read_views
from hsbench.spec import Resources


def resolved(name="table2b", budget="quick", **options):
    (selection,) = select(Request((name,), budget=budget, **options))
    return Resolved(selection, "cpu")


def made(tmp_path, **options):
    return plan.make(select(Request(("table2b",), budget="quick", **options)), Results(tmp_path), Resources())


def test_a_row_that_learns_and_the_floors_come_on_seen_and_on_held_out_clips():
    rows = [(row.name, row.split) for row in resolved(filters=("row~1x",)).rows]
    assert rows == [("1x", "validation"), ("1x seen", "train")]
    floors = [row.name for row in resolved(filters=("row~silence",)).rows]
    assert floors == ["silence"], "without a row that learns there are no seen clips"
    assert [row.name for row in resolved().rows][-4:] == ["noise", "noise seen", "silence", "silence seen"]


def test_seen_clips_are_those_that_the_training_uses(tmp_path):
    """The training takes the first train_clips of the training split (hsbench.models.hypersound.training)."""
    planned = made(tmp_path, filters=("row~1x",))
    (view,), (cell,) = planned.views, planned.cells
    held_out, seen = view.rows
    training = dict(cell.cell.budget.settings)
    corpus = registry.corpus("demo").load()(cell.source)
    used = [item.id for item in Clips.of(corpus, "train").first(training["train_clips"]).items]
    assert list(view.corpus(seen).clips) == used
    assert len(view.corpus(held_out).clips) == 16
    assert not set(used) & set(view.corpus(held_out).clips)
    assert set(cell.clips) == {*used, *view.corpus(held_out).clips}, "one cell, trained once, rebuilds both"
    assert view.corpora["demo"].clips == (*view.corpus(held_out).clips, *view.corpus(seen).clips)


def test_a_row_that_learns_nothing_is_computed_on_held_out_clips_only(tmp_path):
    request = Request(("overview",), budget="quick", filters=("model~in",))
    (view,) = (made := plan.make(select(request), Results(tmp_path), Resources())).views
    held_out = set(view.corpora["demo"].splits["validation"])
    (siren,) = [cell for cell in made.cells if cell.cell.model.name == "inr-siren"]
    (patches, *_) = [cell for cell in made.cells if cell.cell.model.name == "patch-inr"]
    assert set(siren.clips) == held_out
    assert set(patches.clips) > held_out


def test_a_limit_holds_for_each_split(tmp_path):
    (view,) = made(tmp_path, filters=("row~1x",), limit=3).views
    assert [len(view.corpus(row).clips) for row in view.rows] == [3, 3]


@pytest.mark.parametrize(
    "options", [{"budget": "paper"}, {"split": "train"}, {"split": "validation"}, {"name": "table2d"}]
)
def test_seen_clips_are_shown_only_after_short_trainings_and_where_the_user_chose_no_split(options):
    made = resolved(**options)
    assert {row.split for row in made.rows} == {None}
    assert made.corpora["demo"].splits == ()


def test_a_filter_can_name_the_row_on_seen_clips():
    assert [row.name for row in resolved(filters=("row~10x seen",)).rows] == ["10x seen"]


def test_only_the_row_on_held_out_clips_answers_the_published_row(tmp_path):
    (view,) = made(tmp_path, filters=("row~10x",)).views
    assert [row.published for row in view.rows] == ["10x", None]


def test_a_view_with_seen_clips_is_read_back(tmp_path):
    (view,) = made(tmp_path).views
    document = json.loads(json.dumps({"schema": 2, "groups": {view.group: view.document()}}))
    assert read_views(tmp_path / "table2b.json", document)[view.group] == view
