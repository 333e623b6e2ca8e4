"""A field with a value of a wrong type is refused, whichever field it is."""

import copy

import pytest

from hsbench.errors import DataError
from hsbench.files import append_jsonl, write_json
from hsbench.results.store import Results

PLACES = {
    "a group": lambda group: group,
    "a row": lambda group: group["rows"][0],
    "a corpus": lambda group: group["corpora"]["demo"],
}


@pytest.mark.parametrize("place", PLACES)
def test_a_view_with_a_field_of_a_wrong_type_is_refused(documents, tmp_path, place):
    for name in PLACES[place](documents.group):
        group = copy.deepcopy(documents.group)
        PLACES[place](group)[name] = 5.5
        write_json(tmp_path / "views" / "toys.json", {"schema": 2, "groups": {"demo": group}})
        with pytest.raises(DataError, match="is not a view written by hsbench"):
            Results(tmp_path).views("toys")


@pytest.mark.parametrize("change", [{"step": 0.5}, {"loss": "1"}, {"first": 3}], ids=str)
def test_a_curve_with_a_field_of_a_wrong_type_is_refused(folder, change):
    row = {"step": 0, "loss": 1.0, "lr": 0.1, "seconds": 0.1, "first": "a"}
    append_jsonl(folder.path / "fit.jsonl", [row, {**row, "loss": None}])
    assert len(folder.curve()) == 2
    append_jsonl(folder.path / "fit.jsonl", [{**row, **change}])
    with pytest.raises(DataError, match="line 3"):
        folder.curve()
