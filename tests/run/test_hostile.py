"""A results folder may come from anywhere: what it holds gives a value or one sentence, and nothing in it is run."""

import copy
import json
import os
import pickle
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from hsbench.errors import DataError, HsbenchError
from hsbench.files import append_jsonl, read_json, write_json
from hsbench.run import rates
from hsbench.run.job import Job
from hsbench.run.store import CellFolder, Results
from hsbench.run.trained import opened
from hsbench.spec import Cell, Part, freeze

ANYWHERE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
CELL = Cell(
    Part("toy", 1, freeze({"width": 8})),
    Part("demo", 1, freeze({"fingerprint": "f", "samples": 4, "sample_rate": 8000})),
    Part("smoke", 1),
    Part("fixed-1", 1),
    0,
)
SCORE = {"clip": "a", "metric": "mse", "version": 1, "value": 0.5, "status": "ok", "seconds": 0.1}
MADE = {"clip": "a", "status": "ok", "numbers": 3, "bits": 96, "steps": 1, "seconds": 0.1, "clipped": 0.0}
REFERENCE = {"clip": "a", "fingerprint": "f", "speaker": "s", "sex": "F", "audio": "0" * 64 + ".wav"}
REQUEST = {
    "experiment": "toys",
    "title": "Toys",
    "table": None,
    "source": "hypersound_2023",
    "corpora": {
        "demo": {
            "description": "d",
            "incomplete": [],
            "fingerprint": "f",
            "samples": 4,
            "sample_rate": 8000,
            "clips": ["a"],
        }
    },
    "absent": {},
    "budget": "smoke",
    "protocol": "fixed-1",
    "split": "validation",
    "clips_paper": 4,
    "limit": None,
    "metrics": ["mse"],
    "rows": [
        {
            "row": "loud",
            "model": "toy",
            "corpus": "demo",
            "published": None,
            "cells": [CELL.folder],
            "changed": [],
            "departures": [],
            "notes": [],
        }
    ],
}
VIEW = {"schema": 2, "groups": {"demo--smoke--fixed-1": REQUEST}}
PROVENANCE = {"schema": 1, "sessions": [{"code": {"hsbench": "0.1.0", "commit": None, "dirty": False}}]}
STATUS = {"schema": 1, "status": "done", "message": ""}
SPEC = CELL.document()
JOB = Job(CELL, ("a",), ("mse",), "cpu", 1).document()

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
def spoilt(draw, document):
    """A document of which one part is something else, or gone."""
    spoiled = copy.deepcopy(document)
    *where, last = draw(st.sampled_from([path for path in places(document) if path]))
    part = spoiled
    for key in where:
        part = part[key]
    if draw(st.booleans()):
        part[last] = draw(junk)
    else:
        del part[last]
    return json.dumps(spoiled).encode()


def damaged(document):
    """Bytes that may once have been a document."""
    whole = json.dumps(document).encode()
    cut = st.integers(0, len(whole)).map(lambda end: whole[:end])
    flipped = st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)).map(
        lambda at: whole[: at[0]] + bytes([at[1]]) + whole[at[0] + 1 :]
    )
    odd = st.sampled_from(
        [b"NaN", b"[" * 100_000, b"9" * 5000, b'"\\ud800"', b"{}", b"[]", b"null", b"\xff\xfe", b"1e999"]
    )
    return st.binary(max_size=80) | cut | flipped | odd | spoilt(document)


def survives(call):
    """The value of a call, or None where it was refused in a sentence."""
    try:
        return call()
    except HsbenchError as error:
        sentence = str(error)
    assert len(sentence.encode()) > 20
    return None


def folder_of(tmp_path):
    return Results(tmp_path).cell(CELL)


@ANYWHERE
@given(data=damaged(SPEC))
def test_any_spec(tmp_path, data):
    folder = folder_of(tmp_path)
    folder.path.mkdir(exist_ok=True)
    (folder.path / "spec.json").write_bytes(data)
    cell = survives(folder.spec)
    if cell is not None:
        assert "/" not in cell.folder
        assert Results(tmp_path).cell(cell).path.parent == tmp_path


@ANYWHERE
@given(data=damaged(JOB))
def test_any_job(tmp_path, data):
    (tmp_path / "job.json").write_bytes(data)
    survives(lambda: Job.read(tmp_path / "job.json"))


@ANYWHERE
@given(data=damaged(SCORE), good=st.booleans())
def test_any_scores(tmp_path, data, good):
    from hsbench.analysis.frame import values

    folder = folder_of(tmp_path)
    folder.path.mkdir(exist_ok=True)
    first = json.dumps(SCORE).encode() + b"\n" if good else b""
    (folder.path / "scores.jsonl").write_bytes(first + data + b"\n")
    scores = survives(folder.scores)
    if scores is not None:
        survives(folder.scored)
        assert np.isfinite(values([scores], ["a"], "mse")[~np.isnan(values([scores], ["a"], "mse"))]).all()


@ANYWHERE
@given(data=damaged(MADE))
def test_any_reconstructions(tmp_path, data):
    folder = folder_of(tmp_path)
    folder.path.mkdir(exist_ok=True)
    (folder.path / "reconstructions.jsonl").write_bytes(data + b"\n")
    survives(folder.reconstructions)


@ANYWHERE
@given(data=damaged(REFERENCE))
def test_any_references(tmp_path, data):
    results = Results(tmp_path)
    (tmp_path / "references").mkdir(exist_ok=True)
    (tmp_path / "references" / "clips.jsonl").write_bytes(data + b"\n")
    for row in (survives(results.references) or {}).values():
        assert results.reference_audio(row["audio"]).parent == tmp_path / "references" / "audio"


@ANYWHERE
@given(made=damaged(PROVENANCE), ended=damaged(STATUS))
def test_any_provenance_and_status(tmp_path, made, ended):
    folder = folder_of(tmp_path)
    folder.path.mkdir(exist_ok=True)
    (folder.path / "provenance.json").write_bytes(made)
    (folder.path / "status.json").write_bytes(ended)
    document = survives(folder.provenance) or {}
    assert all(session["code"]["hsbench"] is not None for session in document.get("sessions", []))
    survives(folder.status)


@ANYWHERE
@given(data=damaged(VIEW))
def test_any_view_gives_a_report_or_a_sentence(tmp_path, data):
    from hsbench.report.render import markdown, summary_csv
    from hsbench.report.table import build

    results = Results(tmp_path)
    folder = results.cell(CELL)
    if not folder.path.exists():
        folder.write_spec(CELL)
        folder.append_scores([SCORE])
        folder.append_reconstructions([MADE])
        folder.add_provenance(PROVENANCE["sessions"][0])
    (tmp_path / "views").mkdir(exist_ok=True)
    (tmp_path / "views" / "toys.json").write_bytes(data)
    view = survives(lambda: results.view("toys")) or {"groups": {}}
    for name, request in view["groups"].items():
        assert "/" not in name
        table = survives(lambda: build(request, results))  # noqa: B023  it is called at once
        if table is not None:
            assert markdown([table])
            assert summary_csv([table])


@ANYWHERE
@given(data=st.binary(max_size=200))
def test_any_bytes_are_no_exported_cell(tmp_path, data):
    (tmp_path / "model.safetensors").write_bytes(data)
    survives(lambda: opened(str(tmp_path / "model.safetensors"), Results(tmp_path)).__enter__())


class Trap:
    """Unpickling it leaves a mark."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (self.mark,)


def test_a_pickle_in_the_place_of_any_artifact_is_not_run(tmp_path):
    from hsbench.audio.io import read_mono
    from hsbench.fit import checkpoint

    mark = tmp_path / "it ran"
    folder = folder_of(tmp_path)
    for path in (folder.weights("a"), folder.kept / "network.safetensors", folder.audio("a")):
        path.parent.mkdir(parents=True)
        path.write_bytes(pickle.dumps(Trap(str(mark))))
    assert checkpoint.read(folder.kept / "network.safetensors") is None
    with pytest.raises(DataError, match="cannot read the audio file"):
        read_mono(folder.audio("a"))
    with pytest.raises(DataError, match="the clip is then rebuilt"):
        rates.played(None, folder.weights("a"), None, None)
    assert not mark.exists()


@pytest.mark.parametrize("name", ["../../x", "..", "/etc/passwd", "a/b", ".hidden", "", "a\nb"])
def test_names_are_no_paths(tmp_path, name):
    results = Results(tmp_path)
    folder = results.cell(CELL)
    for refuses in (results.folder, results.view, results.reference_audio, folder.audio, folder.weights):
        with pytest.raises(DataError):
            refuses(name)
    append_jsonl(tmp_path / "references" / "clips.jsonl", [{**REFERENCE, "audio": name}])
    with pytest.raises(DataError, match="line 1"):
        results.references()
    write_json(folder.path / "spec.json", {**SPEC, "model": {**SPEC["model"], "name": name}})
    with pytest.raises(DataError, match="specification lacks or garbles"):
        folder.spec()
    for change in ({"rows": [{**REQUEST["rows"][0], "cells": [name]}]}, {"table": "2b", "source": name}):
        write_json(tmp_path / "views" / "toys.json", {"schema": 2, "groups": {"demo": {**REQUEST, **change}}})
        with pytest.raises(DataError, match="is not a view written by hsbench"):
            results.view("toys")
    write_json(tmp_path / "views" / "toys.json", {"schema": 2, "groups": {name: REQUEST}})
    with pytest.raises(DataError, match="is not a view written by hsbench"):
        results.view("toys")


def test_a_newer_schema_is_a_sentence(tmp_path):
    results, folder = Results(tmp_path), folder_of(tmp_path)
    write_json(folder.path / "spec.json", {**SPEC, "schema": 2})
    write_json(folder.path / "provenance.json", {**PROVENANCE, "schema": 2})
    write_json(folder.path / "status.json", {**STATUS, "schema": 2})
    write_json(folder.path / "job.json", {**JOB, "schema": 2})
    write_json(tmp_path / "views" / "toys.json", {**VIEW, "schema": 3})
    calls = {
        "spec": folder.spec,
        "provenance": folder.provenance,
        "status": folder.status,
        "job": lambda: Job.read(folder.job),
        "view": lambda: results.view("toys"),
    }
    for name, call in calls.items():
        with pytest.raises(DataError, match=r"has schema [23] and this hsbench reads up to [12]; install") as caught:
            call()
        assert "Traceback" not in str(caught.value), name


def test_a_view_of_schema_one_is_read_as_one_of_today(tmp_path):
    old = {key: value for key, value in REQUEST.items() if key not in ("corpora", "absent")}
    ground = REQUEST["corpora"]["demo"]
    old |= {key: ground[key] for key in ("fingerprint", "samples", "sample_rate", "clips")}
    old |= {"corpus": "demo", "corpus_description": "d", "incomplete_corpus": []}
    old["rows"] = [{key: value for key, value in REQUEST["rows"][0].items() if key not in ("corpus", "notes")}]
    write_json(tmp_path / "views" / "toys.json", {"schema": 1, "groups": {"demo--smoke--fixed-1": old}})
    assert Results(tmp_path).view("toys") == VIEW


def test_a_hundred_thousand_scores_are_read_at_once_and_a_torn_line_in_the_middle_is_named(tmp_path):
    folder = folder_of(tmp_path)
    rows = [{**SCORE, "clip": f"c{number}", "value": number / 7} for number in range(100_000)]
    folder.append_scores(rows)
    start = time.process_time()
    scores = folder.scores()
    assert time.process_time() - start < 5
    assert len(scores) == 100_000
    assert scores["c99999", "mse", 1]["value"] == 99_999 / 7
    folder.append_scores([{**SCORE, "clip": "c99999", "value": 3.0}])
    assert folder.scores()["c99999", "mse", 1]["value"] == 3.0, "the later row counts"
    path = folder.path / "scores.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[50_000] = lines[50_000][:20] + b"\n"
    path.write_bytes(b"".join(lines))
    with pytest.raises(DataError, match=r"scores\.jsonl, line 50001: .* remove that line and run again"):
        folder.scores()
    path.write_bytes(b"".join([*lines[:50_000], *lines[50_001:]]))
    assert len(folder.scores()) == 99_999


def test_a_torn_line_in_the_middle_is_a_sentence_of_every_verb_and_removing_it_is_enough(hsbench):
    assert hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud").returncode == 0
    (cell,) = hsbench.cells()
    lines = (cell / "scores.jsonl").read_bytes().splitlines(keepends=True)
    (cell / "scores.jsonl").write_bytes(b"".join([lines[0], lines[1][:9] + b"\n", *lines[2:]]))
    for verb in (("plan", "toys"), ("run", "toys")):
        done = hsbench(*verb, "--budget", "smoke", "-k", "row~loud")
        assert done.returncode == 2
        assert "scores.jsonl, line 2: expected a JSON object" in done.stderr
        assert "Traceback" not in done.stderr
    (cell / "scores.jsonl").write_bytes(b"".join([lines[0], *lines[2:]]))
    assert hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud").returncode == 0
    assert len((cell / "scores.jsonl").read_bytes().splitlines()) == len(lines)
    assert len(hsbench.rebuilt()) == 4, "audio is kept, so only the score was made anew"


def test_a_truncated_network_is_trained_again_and_truncated_weights_are_named(tmp_path):
    from hsbench.fit import checkpoint

    path = tmp_path / "artifacts" / "model" / "network.safetensors"
    path.parent.mkdir(parents=True)
    save_file({"w": np.arange(1000, dtype=np.float32)}, path, {"numbers": json.dumps({"step": 1})})
    whole = path.read_bytes()
    assert checkpoint.read(path)[1] == {"step": 1}
    for end in (0, 5, 8, 60, len(whole) - 1):
        path.write_bytes(whole[:end])
        assert checkpoint.read(path) is None
        with pytest.raises(DataError, match=r"network.safetensors .* remove it and run again"):
            rates.played(None, path, None, None)


def test_a_clock_that_goes_back_changes_nothing(hsbench, monkeypatch):
    """Order is that of the lines, never of times."""
    assert hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud", "--limit", 2).returncode == 0
    (cell,) = hsbench.cells()
    future = time.time() + 10 * 86400
    for path in cell.rglob("*"):
        os.utime(path, (future, future))
    made = (cell / "provenance.json").read_text()
    year = time.strftime("%Y-")
    (cell / "provenance.json").write_text(made.replace(f'"started": "{year}', '"started": "2999-'))
    assert "2999-" in (cell / "provenance.json").read_text()
    before = (cell / "scores.jsonl").read_bytes()
    assert hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud", "--limit", 2).returncode == 0
    assert (cell / "scores.jsonl").read_bytes() == before
    assert len(hsbench.rebuilt()) == 2
    assert hsbench("run", "toys", "--budget", "smoke", "-k", "row~loud", "--limit", 4).returncode == 0
    assert len(hsbench.rebuilt()) == 4
    assert (cell / "scores.jsonl").read_bytes().startswith(before)
    results = Results(hsbench.results)
    monkeypatch.setattr("time.time_ns", lambda: 5)
    results.set_aside(results.folder(cell.name).spec())
    assert [folder.path.name for folder in results.superseded()] == [f"{cell.name}--5"]


def test_two_cells_set_aside_in_one_moment_of_the_clock_are_both_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("time.time_ns", lambda: 5)
    results = Results(tmp_path)
    for level in (1.0, 2.0):
        results.cell(CELL).write_spec(CELL)
        results.cell(CELL).append_scores([{**SCORE, "value": level}])
        results.set_aside(CELL)
    kept = [next(iter(folder.scores().values()))["value"] for folder in results.superseded()]
    assert sorted(kept) == [1.0, 2.0]


@pytest.mark.parametrize("name", ["spec.json", "provenance.json", "scores.jsonl"])
def test_a_folder_in_the_place_of_a_file_is_a_sentence(tmp_path, name):
    folder = CellFolder(tmp_path)
    (tmp_path / name).mkdir()
    call = {"spec.json": folder.spec, "provenance.json": folder.provenance, "scores.jsonl": folder.scores}[name]
    with pytest.raises(DataError, match="cannot read"):
        call()
    if name.endswith(".json"):
        with pytest.raises(DataError, match="Is a directory"):
            read_json(tmp_path / name)


@pytest.mark.parametrize("value", ["1e999", "-1e999", "9" * 400, "true", '"0.5"', "[0.5]", "{}"])
def test_a_score_that_is_no_number_is_refused(tmp_path, value):
    folder = folder_of(tmp_path)
    folder.path.mkdir(parents=True)
    (folder.path / "scores.jsonl").write_text(json.dumps(SCORE).replace("0.5", value) + "\n")
    with pytest.raises(DataError, match=r"scores\.jsonl, line 1: .* is no row of such a file"):
        folder.scores()
