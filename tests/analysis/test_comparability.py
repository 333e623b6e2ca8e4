"""When a row may be compared with a published one, and every reason against it."""

import dataclasses

import pytest

from hsbench.analysis import comparability, published
from hsbench.results.view import View, ViewCorpus, ViewRow

CORPUS = ViewCorpus("speech", "f", 32768, 22050, clips=("a",) * 30)
ROW = ViewRow("SIREN", "inr-siren", "vctk", "SIREN", ("cell",))
VIEW = View(
    group="vctk--paper--reference",
    experiment="table2d",
    title="Individual INRs",
    table="2d",
    source="hypersound_2023",
    corpora={"vctk": CORPUS, "demo": CORPUS},
    absent={},
    budget="paper",
    protocol="reference",
    split="validation",
    clips_paper=30,
    limit=None,
    metrics=("mse",),
    rows=(ROW,),
)
CLEAN, DIRTY = ({"sessions": [{"code": {"dirty": dirty}}]} for dirty in (False, True))


def reasons(view=VIEW, row=ROW, provenances=(CLEAN,)):
    return comparability.reasons(view, row, provenances, published.table("hypersound_2023", "2d"))


def with_corpus(**changes):
    """Return the view with changed fields of its corpus."""
    return dataclasses.replace(VIEW, corpora={"vctk": dataclasses.replace(CORPUS, **changes)})


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        (reasons(row=dataclasses.replace(ROW, corpus="demo")), "corpus demo (speech) instead of vctk"),
        (reasons(with_corpus(incomplete=("partial corpus",))), "partial corpus"),
        (reasons(with_corpus(clips=("a",) * 29)), "29 clips instead of 30"),
        (reasons(dataclasses.replace(VIEW, split="train")), "split train instead of validation"),
        (reasons(dataclasses.replace(VIEW, budget="quick")), "budget quick instead of paper"),
        (reasons(dataclasses.replace(VIEW, protocol="fixed-1")), "protocol fixed-1 instead of reference or paper"),
        (reasons(row=dataclasses.replace(ROW, changed=("width=3", "depth=2"))), "settings changed: width=3; depth=2"),
        (reasons(provenances=(CLEAN, DIRTY)), "code with uncommitted changes"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_reason_against_a_comparison_is_listed(listed, expected):
    assert listed == [expected]


def test_without_any_reason_a_row_is_comparable():
    assert reasons() == []


def test_all_reasons_are_listed_together():
    view = dataclasses.replace(with_corpus(incomplete=("partial corpus",), clips=()), budget="smoke")
    assert reasons(view) == ["partial corpus", "0 clips instead of 30", "budget smoke instead of paper"]
