"""Rows of a prepared corpus that were changed after they were written."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hsbench.corpora.store import PreparedStore
from hsbench.errors import DataError

ROW = {
    "path": "a/b.wav",
    "size": 5,
    "time": 7,
    "stem": "b",
    "speaker": "a",
    "sex": "F",
    "blocks": ["0" * 64],
    "skipped": "",
}


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("HSBENCH_CACHE", str(tmp_path))
    store = PreparedStore("vctk", 1, {"block_samples": 4}, tmp_path)
    store.path.mkdir(parents=True, exist_ok=True)
    return store


def test_an_unchanged_row_is_read(store):
    (store.path / "parts.jsonl").write_text(json.dumps(ROW) + "\n")
    assert store.rows() == [ROW]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
@given(
    name=st.sampled_from(sorted(ROW)), value=st.none() | st.text(max_size=4) | st.integers() | st.lists(st.integers())
)
def test_the_error_names_the_line_of_a_value_of_the_wrong_type(store, name, value):
    row = {**ROW, name: value}
    (store.path / "parts.jsonl").write_text(json.dumps(ROW) + "\n" + json.dumps(row) + "\n")
    valid = type(value) is type(ROW[name]) and (name != "blocks" or value == [])
    if valid:
        assert store.rows() == [ROW, row]
    else:
        with pytest.raises(DataError, match=r"parts\.jsonl, line 2: .* remove the folder and prepare again"):
            store.rows()


@pytest.mark.parametrize("line", ["{}", "[]", "nonsense", '{"path": NaN}'])
def test_the_error_names_a_line_that_is_not_a_row(store, line):
    (store.path / "parts.jsonl").write_text(line + "\n")
    with pytest.raises(DataError, match="line 1"):
        store.rows()
