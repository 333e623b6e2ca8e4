"""Names in the files of a results folder never lead out of the folder."""

import pytest

from hsbench.errors import DataError
from hsbench.files import append_jsonl, write_json
from hsbench.results.store import Results


@pytest.mark.parametrize("name", ["../../x", "..", "/etc/passwd", "a/b", ".hidden", "", "a\nb"])
def test_names_are_no_paths(documents, folder, tmp_path, name):
    results = Results(tmp_path)
    for refuses in (results.folder, results.views, results.reference_audio, folder.audio, folder.weights):
        with pytest.raises(DataError):
            refuses(name)
    append_jsonl(tmp_path / "references" / "clips.jsonl", [{**documents.reference, "audio": name}])
    with pytest.raises(DataError, match="line 1"):
        results.references()
    write_json(folder.path / "spec.json", {**documents.spec, "model": {**documents.spec["model"], "name": name}})
    with pytest.raises(DataError, match="specification lacks or garbles"):
        folder.spec()
    for change in ({"rows": [{**documents.group["rows"][0], "cells": [name]}]}, {"table": "2b", "source": name}):
        write_json(tmp_path / "views" / "toys.json", {"schema": 2, "groups": {"demo": {**documents.group, **change}}})
        with pytest.raises(DataError, match="is not a view written by hsbench"):
            results.views("toys")
    write_json(tmp_path / "views" / "toys.json", {"schema": 2, "groups": {name: documents.group}})
    with pytest.raises(DataError, match="is not a view written by hsbench"):
        results.views("toys")
