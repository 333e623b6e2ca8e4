"""A trained cell travels as one file."""

import json
import shutil

import numpy as np
from safetensors.numpy import load_file

import hsbench
from hsbench.fit import checkpoint
from hsbench.models.base import NETWORK
from hsbench.results.cell_folder import CellFolder
from hsbench.spec import Cell


def test_a_trained_cell_is_found_by_path_by_name_and_as_a_file(rebuild, hsbench_here, results, tmp_path, tone, path):
    folder, x = path(results, "hypersound"), tone(9000)
    code, out, err = hsbench_here("export", folder.name, "-o", tmp_path / "model.hsbench", "--results", results.root)
    assert (code, err) == (0, "")
    assert f"{folder.name}, 0." in out
    before = sorted((one, one.stat().st_mtime_ns) for one in folder.rglob("*"))
    by_path, _, _ = rebuild(folder, x)
    by_name, _, _ = rebuild(folder.name, x, "--results", results.root)
    assert before == sorted((one, one.stat().st_mtime_ns) for one in folder.rglob("*"))
    shutil.rmtree(results.root)
    as_file, _, _ = rebuild(tmp_path / "model.hsbench", x)
    assert by_path.any()
    assert np.array_equal(by_path, by_name)
    assert np.array_equal(by_path, as_file)


def test_an_exported_file_says_what_it_is_and_exports_to_itself(hsbench_here, results, tmp_path, path):
    folder, one, two = CellFolder(path(results, "hypersound")), tmp_path / "one", tmp_path / "two"
    assert hsbench_here("export", folder.path, "-o", one)[0] == 0
    texts = checkpoint.metadata(one)
    assert texts["hsbench"] == hsbench.__version__
    assert Cell.read(json.loads(texts["cell"])) == folder.spec()
    assert json.loads(texts["numbers"]) == folder.fit()
    assert hsbench_here("export", one, "-o", two)[0] == 0
    assert checkpoint.metadata(two) == texts
    kept = load_file(folder.kept / NETWORK)
    for file in (one, two):
        found = load_file(file)
        assert found.keys() == kept.keys()
        assert all(np.array_equal(value, kept[name]) for name, value in found.items())
