"""Tables of a results folder that hsbench 28dda25 wrote are byte for byte those that hsbench 28dda25 gave."""

from pathlib import Path

import pytest

from hsbench.report.long_table import gathered, long_csv
from hsbench.report.summary_csv import summary_csv
from hsbench.report.table import build
from hsbench.results.store import Results

OLD = Path(__file__).parent.parent / "fixtures" / "28dda25"


@pytest.fixture
def results():
    return Results(OLD / "results")


@pytest.fixture
def views(results):
    """Every view of the folder."""
    return [view for experiment in results.experiments() for view in results.views(experiment).values()]


def test_the_summary_is_the_same(results, views):
    assert summary_csv([build(view, results) for view in views]) == (OLD / "summary.csv").read_text()


def test_the_long_table_is_the_same(results, views):
    assert long_csv(gathered(results, views)) == (OLD / "per-clip.csv").read_bytes()
