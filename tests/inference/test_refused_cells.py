"""A cell or a file that cannot be used gives one sentence and exit code 2."""

import json

import pytest
from safetensors.numpy import load_file, save_file

from hsbench.fit import checkpoint
from hsbench.models.base import NETWORK
from hsbench.results.cell_folder import CellFolder
from hsbench.spec import SCHEMA, Cell


@pytest.mark.parametrize("verb", ["reconstruct", "export"])
def test_an_unknown_cell(refused, results, verb, path):
    name = path(results, "hypersound").name
    assert f"did you mean '{name}'" in refused(verb, name[:-1], "--results", results.root)
    assert "known: none" in refused(verb, name, "--results", results.root / "nowhere")


@pytest.mark.parametrize("verb", ["reconstruct", "export"])
def test_a_folder_that_is_no_cell(refused, tmp_path, verb):
    (tmp_path / "empty").mkdir()
    assert "has no spec.json, so it is no cell" in refused(verb, tmp_path / "empty")


@pytest.mark.parametrize("verb", ["reconstruct", "export"])
@pytest.mark.parametrize("damage", ["missing", "torn", "in training"])
def test_a_training_that_is_not_finished(refused, results, verb, damage, path):
    folder = CellFolder(path(results, "hypersound"))
    network = folder.kept / NETWORK
    if damage == "torn":
        network.write_bytes(network.read_bytes()[:-100])
    elif damage == "missing":
        network.unlink()
    else:
        network.rename(folder.kept / "training.safetensors")
    before = sorted(folder.path.rglob("*"))
    assert "expected a cell whose training is finished" in refused(verb, folder.path)
    assert before == sorted(folder.path.rglob("*"))


def test_a_model_that_asks_for_clips_has_not_finished_its_training(refused, echo, monkeypatch, echo_model):
    monkeypatch.setattr(echo_model, "trains", True)
    assert "echo--demo--smoke--s0" in refused("reconstruct", echo)


@pytest.mark.parametrize("damage", ["empty", "text", "torn", "no cell", "no numbers", "garbled", "list", "newer"])
@pytest.mark.parametrize("verb", ["reconstruct", "export"])
def test_a_file_that_is_damaged_or_of_another_kind(refused, hsbench_here, results, tmp_path, verb, damage, path):
    file = tmp_path / "file"
    hsbench_here("export", path(results, "hypersound"), "-o", file)
    good, tensors, texts = file.read_bytes(), load_file(file), checkpoint.metadata(file)
    newer = json.dumps({**json.loads(texts["cell"]), "schema": SCHEMA + 1})
    other = {
        "no cell": {"cell": None},
        "no numbers": {"numbers": None},
        "garbled": {"cell": "{"},
        "list": {"cell": "[]"},
    }
    if damage in ("empty", "text", "torn"):
        file.write_bytes({"empty": b"", "text": b"RIFF or something" * 9, "torn": good[:-1]}[damage])
    else:
        changed = {**texts, **other.get(damage, {"cell": newer})}
        save_file(tensors, file, {key: value for key, value in changed.items() if value is not None})
    sentence = refused(verb, file)
    assert (
        f"this cell has schema {SCHEMA + 1}" if damage == "newer" else "expected a file that hsbench export"
    ) in sentence


def test_a_network_of_another_shape(refused, hsbench_here, results, tmp_path, path):
    file = tmp_path / "file"
    hsbench_here("export", path(results, "hypersound"), "-o", file)
    tensors, texts = load_file(file), checkpoint.metadata(file)
    tensors.pop("hypernetwork.head.bias")
    save_file(tensors, file, texts)
    assert f"{file} should hold the" in refused("reconstruct", file)


def test_a_cell_of_another_version_of_its_model(refused, results, path, tmp_path):
    document = CellFolder(path(results, "hypersound")).spec().document()
    document["model"]["version"] = 99
    cell = Cell.read(document)
    folder = CellFolder(tmp_path / cell.folder)
    folder.write_spec(cell)
    assert "by version 99 of hypersound-fmlp, and this hsbench has version" in refused("reconstruct", folder.path)


def test_a_cell_that_does_not_say_how_long_its_clips_are(refused, tmp_path, cell_of, small):
    CellFolder(tmp_path / "cell").write_spec(cell_of("inr-fmlp", *small["inr-fmlp"], {"samples": None}))
    assert "should say sample_rate and samples of its clips" in refused("reconstruct", tmp_path / "cell")


def test_individual_inrs_have_nothing_to_export(refused, results, path):
    folder = CellFolder(path(results, "inr-siren"))
    sentence = refused("export", folder.path)
    assert "expects a model with a network that all clips share, and inr-siren of inr-siren--" in sentence
    assert f"the parameters of each clip are in {folder.weights('x').parent}" in sentence


def test_a_training_kept_in_another_form(refused, echo):
    kept = CellFolder(echo).kept
    kept.mkdir(parents=True)
    (kept / "mine.bin").write_bytes(b"1")
    sentence = refused("export", echo)
    assert f"a network in {NETWORK}, and echo keeps its training in another form; copy the files of {kept}" in sentence
