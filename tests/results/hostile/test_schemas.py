"""Documents of an older hsbench are read; those of a newer one are refused in one sentence."""

import json

import pytest

from hsbench.errors import DataError
from hsbench.files import write_json
from hsbench.planning.job import Job
from hsbench.results.store import Results


def test_a_newer_schema_is_refused_in_one_sentence(documents, folder, tmp_path):
    results = Results(tmp_path)
    write_json(folder.path / "spec.json", {**documents.spec, "schema": 2})
    write_json(folder.path / "provenance.json", {**documents.provenance, "schema": 2})
    write_json(folder.path / "status.json", {**documents.status, "schema": 2})
    write_json(folder.path / "job.json", {**documents.job, "schema": 2})
    write_json(tmp_path / "views" / "toys.json", {**documents.view, "schema": 3})
    calls = {
        "spec": folder.spec,
        "provenance": folder.provenance,
        "status": folder.status,
        "job": lambda: Job.read(folder.job),
        "view": lambda: results.views("toys"),
    }
    for name, call in calls.items():
        with pytest.raises(DataError, match=r"has schema [23] and this hsbench reads up to [12]; install") as caught:
            call()
        assert "Traceback" not in str(caught.value), name


def test_a_view_of_schema_one_is_upgraded(documents, tmp_path):
    old = {key: value for key, value in documents.group.items() if key not in ("corpora", "absent")}
    corpus = documents.group["corpora"]["demo"]
    old |= {key: corpus[key] for key in ("fingerprint", "samples", "sample_rate", "clips")}
    old |= {"corpus": "demo", "corpus_description": "d", "incomplete_corpus": []}
    old["rows"] = [{key: value for key, value in documents.group["rows"][0].items() if key not in ("corpus", "notes")}]
    write_json(tmp_path / "views" / "toys.json", {"schema": 1, "groups": {"demo--smoke--fixed-1": old}})
    (view,) = Results(tmp_path).views("toys").values()
    assert json.loads(json.dumps(view.document())) == documents.group
