"""Reconstructions read from a folder: matching of files and clips, content in the key, refused folders."""

import shutil

import numpy as np
import pytest
import soundfile

from hsbench import registry
from hsbench.audio.clip import Clip
from hsbench.audio.io import write_wav
from hsbench.errors import DataError, UsageError
from hsbench.inference.ready import ready
from hsbench.models.base import Payload, rebuild
from hsbench.models.recon_dir import ReconDir, resolve
from hsbench.planning.changes import parse
from hsbench.planning.plan import make
from hsbench.planning.request import Request
from hsbench.planning.selection import select
from hsbench.results.store import Results
from hsbench.spec import Resources

SAMPLES = 500


def noise(seed, samples=SAMPLES):
    return np.random.default_rng(seed).uniform(-1, 1, samples).astype(np.float32)


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "mine"
    for seed, name in enumerate(("a", "reconstruction_b", "c")):
        write_wav(path / f"{name}.wav", noise(seed), 22050)
    return path


def content(folder):
    return resolve({"path": str(folder)}, {}, SAMPLES)["content"]


def model(folder, **settings):
    return ReconDir(**{"path": str(folder), "content": content(folder), "numbers": 0, "bits": None, **settings})


def clips(*names):
    return [Clip(name, noise(99), 22050) for name in names]


def test_files_are_matched_by_clip_id_and_read_bit_for_bit(folder, bare):
    by_clip = rebuild(model(folder, numbers=7, bits=112), clips("b", "a"), bare(SAMPLES))
    assert np.array_equal(by_clip["a"].waveform, noise(0))
    assert np.array_equal(by_clip["b"].waveform, noise(1))
    assert by_clip["a"].payload == Payload(7, 112)


def test_the_content_hash_depends_on_the_files_and_not_on_the_path(folder, tmp_path):
    before = content(folder)
    copy = shutil.copytree(folder, tmp_path / "elsewhere")
    assert content(copy) == before
    (copy / "a.wav").rename(copy / "reconstruction_a.wav")
    (copy / "notes.txt").write_text("no audio")
    assert content(copy) == before
    write_wav(copy / "reconstruction_a.wav", noise(5), 22050)
    changed = content(copy)
    assert changed != before
    (copy / "c.wav").unlink()
    assert content(copy) not in (before, changed)


def test_a_folder_that_changed_since_the_plan_is_refused(folder):
    planned = content(folder)
    write_wav(folder / "a.wav", noise(5), 22050)
    with pytest.raises(DataError, match=r"has content .* planned for .*; plan the run again"):
        model(folder, content=planned)


def test_unusable_folders_and_files_are_refused_in_a_sentence(folder, tmp_path, bare):
    with pytest.raises(DataError, match=r"expected a reconstruction d\.wav in .*mine, and there is none; add it"):
        rebuild(model(folder), clips("d"), bare(SAMPLES))
    write_wav(folder / "c.wav", noise(2, SAMPLES + 1), 24000)
    message = r"c\.wav: expected 500 samples at 22050 Hz, got 501 at 24000 Hz; resample or cut it"
    with pytest.raises(DataError, match=message):
        rebuild(model(folder), clips("c"), bare(SAMPLES))
    soundfile.write(folder / "c.wav", np.zeros((SAMPLES, 2)), 22050)
    with pytest.raises(DataError, match=r"c\.wav: expected one channel, got 2"):
        rebuild(model(folder), clips("c"), bare(SAMPLES))
    with pytest.raises(UsageError, match="none; check the path"):
        content(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="holds none; check the path"):
        content(tmp_path / "empty")
    shutil.copy(folder / "a.wav", folder / "reconstruction_a.wav")
    with pytest.raises(DataError, match="same name as .*; recon-dir expects one file for each clip"):
        content(folder)


def plan(tmp_path, *changes):
    request = Request(("rate",), budget="smoke", filters=("model~recon-dir",), changes=parse(changes))
    return make(select(request), Results(tmp_path / "results"), Resources())


def test_the_path_is_in_the_job_and_not_in_key_label_or_view(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "elsewhere")
    (here,), (there,) = (plan(tmp_path, f"recon-dir.path={path}").cells for path in (folder, copy))
    assert here.cell.key == there.cell.key
    assert dict(here.cell.model.settings) == {"numbers": 0, "bits": None, "content": content(folder)}
    assert here.job(Resources(), (), ()).document()["places"] == {"path": str(folder.resolve())}
    (view,) = plan(tmp_path, f"recon-dir.path={folder}").views
    assert view.rows[0].name == "made elsewhere"
    assert str(folder) not in str(view.document())
    costly = plan(tmp_path, f"recon-dir.path={folder}", "recon-dir.numbers=4")
    assert costly.cells[0].cell.key != here.cell.key


def test_a_kept_cell_is_opened_with_the_path_of_its_last_job(folder, tmp_path):
    (planned,) = plan(tmp_path, f"recon-dir.path={folder}").cells
    cell = Results(tmp_path / "results").cell(planned.cell)
    with pytest.raises(DataError, match="recon-dir needs path and .* does not say where"):
        ready(cell, planned.cell, Resources())
    planned.job(Resources(), (), ()).write(cell.job)
    model, _, _ = ready(cell, planned.cell, Resources())
    assert model.folder == folder.resolve()


def test_without_a_path_the_row_is_not_given_and_not_missing(tmp_path):
    planned = plan(tmp_path)
    assert planned.cells == []
    assert planned.absent == {}
    assert planned.not_given == {"rate/made elsewhere": "not given: --set recon-dir.path=DIR"}
    (view,) = planned.views
    assert view.rows[0].cells == ()
    assert view.rows[0].notes == ("not given: --set recon-dir.path=DIR",)


def test_rows_whose_extra_is_not_installed_are_not_given(tmp_path, monkeypatch):
    monkeypatch.setattr("hsbench.descriptors._is_installed", lambda module: module != "av")
    request = Request(("rate",), budget="smoke", filters=("row~kbit",))
    planned = make(select(request), Results(tmp_path / "results"), Resources())
    assert planned.cells == []
    assert set(planned.not_given.values()) == {"not given: pip install 'hsbench[codecs]'"}
    assert len(planned.not_given) == 7


def test_the_descriptor_states_its_path_setting_and_needs_no_torch():
    descriptor = registry.model("recon-dir")
    assert descriptor.places == {"path": "DIR"}
    assert descriptor.needs == ()
