"""A cell of individual INRs with a learned start: other sounds are fitted from the start that its folder keeps."""

import numpy as np
import pytest

from hsbench.models.base import NETWORK
from hsbench.models.build import build_model, context_of
from hsbench.results.cell_folder import CellFolder
from hsbench.testing.sounds import Sounds, voice_clip

RATE, SAMPLES = 22050, 2048  # of the cells in conftest.py
SETTINGS = {"width": 16, "layers": 2, "omega_0": 100.0, "start": "learned", "shared_start": True}


@pytest.fixture
def folder(cell_of, tmp_path):
    """The folder of a cell whose start is learned."""
    cell = cell_of("inr-siren", SETTINGS, {"steps": 3, "start_steps": 8, "start_batch": 2})
    folder = CellFolder(tmp_path / cell.folder)
    folder.write_spec(cell)
    context = context_of(cell, device="cpu", threads=1, scratch=folder.scratch, kept=folder.kept)
    folder.write_fit(build_model(cell, {}).fit(Sounds(voice_clip(n, SAMPLES, RATE) for n in range(3)), context))
    return folder


def test_a_cell_and_its_exported_file_reconstruct_the_same(folder, rebuild, hsbench_here, tone, tmp_path):
    code, _, err = hsbench_here("export", folder.path, "-o", tmp_path / "start.hsbench")
    assert (code, err) == (0, "")
    by_cell, _, _ = rebuild(folder.path, tone(3000))
    by_file, _, _ = rebuild(tmp_path / "start.hsbench", tone(3000))
    assert by_cell.any()
    assert np.array_equal(by_cell, by_file)


def test_the_start_matters_to_the_reconstruction(folder, rebuild, cell_of, tone, tmp_path):
    plain = CellFolder(tmp_path / "plain")
    plain.write_spec(cell_of("inr-siren", {**SETTINGS, "start": "random"}, {"steps": 3}))
    from_learned, _, _ = rebuild(folder.path, tone(3000))
    from_random, _, _ = rebuild(plain.path, tone(3000))
    assert not np.allclose(from_learned, from_random, atol=1e-3)


@pytest.mark.parametrize("verb", ["reconstruct", "export"])
def test_a_start_that_is_not_there_is_refused_in_a_sentence(verb, folder, refused):
    (folder.kept / NETWORK).unlink()
    assert f"has no whole {NETWORK}; finish it with hsbench run" in refused(verb, folder.path)
