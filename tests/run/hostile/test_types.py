"""A field of another type than its own is refused, whichever it is."""

import copy

import pytest

from hsbench.errors import DataError
from hsbench.files import write_json
from hsbench.run.store import Results

PLACES = {
    "a group": lambda group: group,
    "a row": lambda group: group["rows"][0],
    "a corpus": lambda group: group["corpora"]["demo"],
}


@pytest.mark.parametrize("place", PLACES)
def test_every_field_of_a_view_is_of_its_type(documents, tmp_path, place):
    found = PLACES[place](documents.request)
    for name in found:
        group = copy.deepcopy(documents.request)
        PLACES[place](group)[name] = 5.5
        write_json(tmp_path / "views" / "toys.json", {"schema": 2, "groups": {"demo": group}})
        with pytest.raises(DataError, match="is not a view written by hsbench"):
            Results(tmp_path).view("toys")
