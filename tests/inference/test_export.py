"""`hsbench export` writes a trained cell into one file, which reconstructs the same as the cell."""

import dataclasses
import json
import shutil

import numpy as np
from safetensors.numpy import load_file

import hsbench
from hsbench.fit import checkpoint
from hsbench.models.base import NETWORK
from hsbench.results.cell_folder import CellFolder
from hsbench.spec import Cell, Part


def test_a_cell_by_path_a_cell_by_name_and_an_exported_file_reconstruct_the_same(
    rebuild, hsbench_here, results, tmp_path, tone, path
):
    folder, x = path(results, "hypersound"), tone(9000)
    code, out, err = hsbench_here("export", folder.name, "-o", tmp_path / "model.hsbench", "--results", results.root)
    assert (code, err) == (0, "")
    assert f"{folder.name}, network hypersound-fmlp-demo-4.86x-smoke-s0-" in out
    before = sorted((file, file.stat().st_mtime_ns) for file in folder.rglob("*"))
    by_path, _, _ = rebuild(folder, x)
    by_name, _, _ = rebuild(folder.name, x, "--results", results.root)
    assert before == sorted((file, file.stat().st_mtime_ns) for file in folder.rglob("*"))
    shutil.rmtree(results.root)
    as_file, _, _ = rebuild(tmp_path / "model.hsbench", x)
    assert by_path.any()
    assert np.array_equal(by_path, by_name)
    assert np.array_equal(by_path, as_file)


def test_an_exported_file_keeps_the_factor_of_an_unfinished_ramp(
    rebuild, hsbench_here, trained_cell, small, tmp_path, tone
):
    """Epoch 1 of a ramp of 4 epochs has the factor 0.25; cell and file reconstruct with it."""
    settings, training = small["hypersound-fmlp"]
    settings, training = {**settings, "combine": "global_residual"}, {**training, "epochs": 2, "ramp_epochs": 4}
    folder, file = trained_cell("hypersound-fmlp", settings, training), tmp_path / "model.hsbench"
    assert hsbench_here("export", folder.path, "-o", file)[0] == 0
    assert load_file(file)["factor"] == 0.25
    by_cell, by_file = (rebuild(source, tone(9000))[0] for source in (folder.path, file))
    assert by_cell.any()
    assert np.array_equal(by_cell, by_file)


def test_an_exported_file_holds_its_cell_and_can_be_exported_again(hsbench_here, results, tmp_path, path):
    folder, first, second = CellFolder(path(results, "hypersound")), tmp_path / "first", tmp_path / "second"
    assert hsbench_here("export", folder.path, "-o", first)[0] == 0
    texts = checkpoint.metadata(first)
    assert texts["hsbench"] == hsbench.__version__
    assert Cell.read(json.loads(texts["cell"])) == folder.spec()
    assert json.loads(texts["numbers"]) == folder.fit()
    assert hsbench_here("export", first, "-o", second)[0] == 0
    assert checkpoint.metadata(second) == texts
    kept = load_file(folder.kept / NETWORK)
    for file in (first, second):
        exported = load_file(file)
        assert exported.keys() == kept.keys()
        assert all(np.array_equal(value, kept[name]) for name, value in exported.items())


def test_an_exported_file_says_which_corpus_its_network_was_trained_on(hsbench_here, results, tmp_path, path, tone):
    plain = CellFolder(path(results, "hypersound"))
    cell = dataclasses.replace(plain.spec(), train_corpus=Part("other", 1, plain.spec().corpus.settings))
    folder = CellFolder(tmp_path / cell.folder)
    shutil.copytree(plain.path, folder.path)
    folder.write_spec(cell)
    assert hsbench_here("export", folder.path, "-o", tmp_path / "network")[0] == 0
    network, expected = hsbench.load(tmp_path / "network"), hsbench.load(plain.path)
    assert network.cell == cell
    x = tone(9000).astype(np.float32)
    first, second = (one.rebuild(x, 22050).waveform for one in (network, expected))
    assert np.array_equal(first, second)
