"""A document that is damaged in any way gives a value or an error of one sentence."""

import copy
import json

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hsbench.errors import HsbenchError
from hsbench.inference.opened import opened
from hsbench.planning.job import Job
from hsbench.results.store import Results

ANYWHERE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)

junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("../../x"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(document, here=()):
    """Every path into a document."""
    yield here
    if isinstance(document, dict | list):
        for key, value in document.items() if isinstance(document, dict) else enumerate(document):
            yield from places(value, (*here, key))


@st.composite
def with_one_change(draw, document):
    """A document in which one part is replaced by another value, or removed."""
    changed = copy.deepcopy(document)
    *where, last = draw(st.sampled_from([path for path in places(document) if path]))
    part = changed
    for key in where:
        part = part[key]
    if draw(st.booleans()):
        part[last] = draw(junk)
    else:
        del part[last]
    return json.dumps(changed).encode()


def damaged(document):
    """Bytes of a document that is cut off, has one byte changed or one field changed, or is something else."""
    whole = json.dumps(document).encode()
    cut = st.integers(0, len(whole)).map(lambda end: whole[:end])
    flipped = st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)).map(
        lambda at: whole[: at[0]] + bytes([at[1]]) + whole[at[0] + 1 :]
    )
    odd = st.sampled_from(
        [b"NaN", b"[" * 100_000, b"9" * 5000, b'"\\ud800"', b"{}", b"[]", b"null", b"\xff\xfe", b"1e999"]
    )
    return st.binary(max_size=80) | cut | flipped | odd | with_one_change(document)


def value_or_refusal(call):
    """The value of a call, or None if the call raised an error of hsbench with a sentence."""
    try:
        return call()
    except HsbenchError as error:
        sentence = str(error)
    assert len(sentence.encode()) > 20
    return None


@ANYWHERE
@given(drawn=st.data())
def test_any_spec(documents, folder, tmp_path, drawn):
    data = drawn.draw(damaged(documents.spec))
    folder.path.mkdir(exist_ok=True)
    (folder.path / "spec.json").write_bytes(data)
    cell = value_or_refusal(folder.spec)
    if cell is not None:
        assert "/" not in cell.folder
        assert Results(tmp_path).cell(cell).path.parent == tmp_path


@ANYWHERE
@given(drawn=st.data())
def test_any_job(documents, tmp_path, drawn):
    data = drawn.draw(damaged(documents.job))
    (tmp_path / "job.json").write_bytes(data)
    value_or_refusal(lambda: Job.read(tmp_path / "job.json"))


@ANYWHERE
@given(drawn=st.data(), good=st.booleans())
def test_any_scores(documents, folder, drawn, good):
    from hsbench.analysis.frame import values

    data = drawn.draw(damaged(documents.score))
    folder.path.mkdir(exist_ok=True)
    first = json.dumps(documents.score).encode() + b"\n" if good else b""
    (folder.path / "scores.jsonl").write_bytes(first + data + b"\n")
    scores = value_or_refusal(folder.scores)
    if scores is not None:
        assert np.isfinite(values([scores], ["a"], "mse")[~np.isnan(values([scores], ["a"], "mse"))]).all()


@ANYWHERE
@given(drawn=st.data())
def test_any_reconstructions(documents, folder, drawn):
    data = drawn.draw(damaged(documents.reconstruction))
    folder.path.mkdir(exist_ok=True)
    (folder.path / "reconstructions.jsonl").write_bytes(data + b"\n")
    value_or_refusal(folder.reconstructions)


@ANYWHERE
@given(drawn=st.data())
def test_any_references(documents, tmp_path, drawn):
    data = drawn.draw(damaged(documents.reference))
    results = Results(tmp_path)
    (tmp_path / "references").mkdir(exist_ok=True)
    (tmp_path / "references" / "clips.jsonl").write_bytes(data + b"\n")
    for row in (value_or_refusal(results.references) or {}).values():
        assert results.reference_audio(row["audio"]).parent == tmp_path / "references" / "audio"


@ANYWHERE
@given(drawn=st.data())
def test_any_provenance_and_status(documents, folder, drawn):
    provenance = drawn.draw(damaged(documents.provenance))
    status = drawn.draw(damaged(documents.status))
    folder.path.mkdir(exist_ok=True)
    (folder.path / "provenance.json").write_bytes(provenance)
    (folder.path / "status.json").write_bytes(status)
    document = value_or_refusal(folder.provenance) or {}
    assert all(session["code"]["hsbench"] is not None for session in document.get("sessions", []))
    value_or_refusal(folder.status)


@ANYWHERE
@given(drawn=st.data())
def test_any_view_gives_a_report_or_a_sentence(documents, cell, folder, tmp_path, drawn):
    from hsbench.report.markdown import markdown
    from hsbench.report.summary_csv import summary_csv
    from hsbench.report.table import build

    data = drawn.draw(damaged(documents.view))
    results = Results(tmp_path)
    if not folder.path.exists():
        folder.write_spec(cell)
        folder.append_scores([documents.score])
        folder.append_reconstructions([documents.reconstruction])
        folder.add_provenance(documents.provenance["sessions"][0])
    (tmp_path / "views").mkdir(exist_ok=True)
    (tmp_path / "views" / "toys.json").write_bytes(data)
    views = value_or_refusal(lambda: results.views("toys")) or {}
    for view in views.values():
        assert "/" not in view.group
        table = value_or_refusal(lambda: build(view, results))  # noqa: B023  it is called at once
        if table is not None:
            assert markdown([table])
            assert summary_csv([table])


@ANYWHERE
@given(data=st.binary(max_size=200))
def test_any_bytes_are_no_exported_cell(tmp_path, data):
    (tmp_path / "model.safetensors").write_bytes(data)
    value_or_refusal(lambda: opened(str(tmp_path / "model.safetensors"), Results(tmp_path)).__enter__())
