"""`--manifest FILE` fixes which clips are scored."""

import dataclasses
import json

import pytest

from hsbench.corpora.base import permutation
from hsbench.corpora.demo import DemoCorpus
from hsbench.errors import DataError, UsageError
from hsbench.planning import plan
from hsbench.planning.request import Request
from hsbench.planning.selection import select
from hsbench.results.store import Results
from hsbench.spec import Resources

FULL = DemoCorpus().manifest("validation")


@pytest.fixture
def planned(tmp_path):
    """Plans an experiment with a manifest that is written to a file: the clips of its first view."""

    def make(manifest, experiment="table2d", change=lambda document: document, **options):
        path = tmp_path / "manifest-validation.json"
        path.write_text(json.dumps(change(manifest.document())))
        request = Request((experiment,), budget="paper", manifest=path, **options)
        (view, *_) = plan.make(select(request), Results(tmp_path / "results"), Resources()).views
        return view.corpora["demo"].clips

    return make


def test_the_clips_of_the_file_are_scored_in_its_own_evaluation_order(planned):
    few = dataclasses.replace(FULL, items=FULL.items[3:10])
    expected = tuple(few.items[index].id for index in permutation(7))
    assert planned(few) == expected
    assert planned(few, limit=3) == expected[:3]
    assert planned(FULL) == tuple(item.id for item in FULL.evaluation()[:30])


def test_an_altered_file_is_refused(planned):
    def without_one(document):
        return {**document, "items": document["items"][1:]}

    with pytest.raises(DataError, match="altered after it was written"):
        planned(FULL, change=without_one)


@pytest.mark.parametrize("change", [lambda _: {}, lambda _: [], lambda document: {**document, "items": [{"id": 1}]}])
def test_a_file_of_another_kind_is_refused(planned, change):
    with pytest.raises(DataError, match=r"--manifest expects a file manifest-<split>.json .* is none"):
        planned(FULL, change=change)


def test_a_file_that_does_not_exist_is_refused(tmp_path):
    request = Request(("table2d",), manifest=tmp_path / "nowhere.json")
    with pytest.raises(DataError, match=r"nowhere.json does not exist"):
        plan.make(select(request), Results(tmp_path), Resources())


def test_a_clip_that_the_corpus_lacks_or_has_otherwise_is_named(planned):
    first, *others = FULL.items
    with pytest.raises(DataError, match="names the clip 'k99_001-1', and corpus 'demo' has none of that name"):
        planned(dataclasses.replace(FULL, items=(*others, dataclasses.replace(first, id="k99_001-1"))))
    with pytest.raises(DataError, match=f"names the clip {first.id!r}, and that of corpus 'demo' has other samples"):
        planned(dataclasses.replace(FULL, items=(dataclasses.replace(first, sha256="0" * 64), *others)))


def test_a_manifest_of_another_corpus_is_refused(planned):
    with pytest.raises(UsageError, match="names clips of corpus vctk, and table2d is run on demo"):
        planned(dataclasses.replace(FULL, corpus="vctk"))
