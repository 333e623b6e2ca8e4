"""A pickle, a folder or half a network in place of a file is refused and never executed."""

import json
import os
import pickle

import numpy as np
import pytest
from safetensors.numpy import save_file

from hsbench.errors import DataError
from hsbench.execution import rates
from hsbench.files import read_json
from hsbench.results.cell_folder import CellFolder


class Trap:
    """An object whose unpickling creates a folder, as a sign that it was executed."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (self.mark,)


def test_a_pickle_in_place_of_an_artifact_is_not_executed(folder, tmp_path):
    from hsbench.audio.io import read_mono
    from hsbench.fit import checkpoint

    mark = tmp_path / "it ran"
    for path in (folder.weights("a"), folder.kept / "network.safetensors", folder.audio("a")):
        path.parent.mkdir(parents=True)
        path.write_bytes(pickle.dumps(Trap(str(mark))))
    assert checkpoint.read(folder.kept / "network.safetensors") is None
    with pytest.raises(DataError, match="cannot read the audio file"):
        read_mono(folder.audio("a"))
    with pytest.raises(DataError, match="so that the clip is rebuilt"):
        rates.decoded_at(None, folder.weights("a"), None, None)
    assert not mark.exists()


@pytest.mark.parametrize("name", ["spec.json", "provenance.json", "scores.jsonl"])
def test_a_folder_in_place_of_a_file_is_an_error_of_one_sentence(tmp_path, name):
    folder = CellFolder(tmp_path)
    (tmp_path / name).mkdir()
    call = {"spec.json": folder.spec, "provenance.json": folder.provenance, "scores.jsonl": folder.scores}[name]
    with pytest.raises(DataError, match="cannot read"):
        call()
    if name.endswith(".json"):
        with pytest.raises(DataError, match="Is a directory"):
            read_json(tmp_path / name)


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
            rates.decoded_at(None, path, None, None)
