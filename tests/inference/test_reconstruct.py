"""A cell of any model reconstructs a sound of any length, clip by clip."""

import numpy as np
import pytest
import soundfile

from hsbench import registry
from hsbench.audio.io import read_mono
from hsbench.audio.resample import resample
from hsbench.fit import checkpoint
from hsbench.models.base import NETWORK
from hsbench.results.cell_folder import CellFolder
from hsbench.spec import Cell

RATE, SAMPLES = 22050, 2048  # of the cells in conftest.py


@pytest.mark.parametrize("length", [1, 700, SAMPLES, SAMPLES + 1, 9001])
def test_a_model_that_returns_its_input_reconstructs_the_sound(rebuild, echo, length, tone, echo_model):
    x = tone(length) + np.float32(0.1)
    y, rate, err = rebuild(echo, x)
    assert (y.size, rate, err) == (length, RATE, "")
    assert np.abs(y - x).max() < 1e-6
    assert all(np.abs(clip).max() == pytest.approx(1, abs=1e-6) for clip in echo_model.seen)


def test_silent_clips_stay_silent_and_the_model_does_not_process_them(rebuild, echo, tone, echo_model):
    x = np.concatenate([tone(SAMPLES), np.zeros(4 * SAMPLES, np.float32)])
    y, _, _ = rebuild(echo, x)
    assert np.abs(y - x).max() < 1e-6
    assert len(echo_model.seen) == 2
    y, _, err = rebuild(echo, np.zeros(5000, np.float32))
    assert not y.any()
    assert (len(echo_model.seen), err) == (2, "")


@pytest.mark.parametrize(("rate", "length"), [(48_000, 10_000), (16_000, 5001), (44_100, 9001)])
def test_a_sound_at_another_rate_goes_through_the_rate_of_the_cell_and_back(rebuild, echo, tone, rate, length):
    x = tone(length, rate)
    y, own, _ = rebuild(echo, x, rate=rate)
    expected = resample(resample(x, rate, RATE), RATE, rate)[:length]
    assert (own, y.size) == (rate, length)
    assert np.abs(y[: expected.size] - expected).max() < 1e-6


def test_each_channel_is_rebuilt_by_itself(hsbench_here, echo, tone, tmp_path):
    stereo = np.stack([tone(5000), tone(5000, seed=1)], axis=1)
    soundfile.write(tmp_path / "in.wav", stereo, RATE, subtype="FLOAT")
    code, out, err = hsbench_here("reconstruct", echo, tmp_path / "in.wav", "-o", tmp_path / "out.wav")
    assert code == 0, err
    assert "the network was trained on demo (synthetic speech)" in out
    rebuilt, rate = soundfile.read(tmp_path / "out.wav", dtype="float32")
    assert (rate, rebuilt.shape) == (RATE, stereo.shape)
    assert np.abs(rebuilt - stereo).max() < 1e-6


def test_joins_do_not_click(rebuild, echo, monkeypatch, tone, echo_model):
    """Neighbouring clips are off by 0.1 and -0.1: the error changes by no more per sample than the linear fade does."""
    monkeypatch.setattr(echo_model, "answer", staticmethod(lambda x, number: (x + 0.1 * (-1) ** number, "ok")))
    x = tone(20_000)
    y, _, _ = rebuild(echo, x)
    assert np.abs(np.diff(y - x)).max() < 0.2 / (SAMPLES // 16 - 1) * 1.1


def test_fits_that_went_wrong_are_reported_in_one_line(rebuild, echo, monkeypatch, tone, echo_model):
    def answer(x, number):
        return {0: (x, "ok"), 1: (0 * x, "ok"), 2: (np.nan * x, "diverged")}[number]

    monkeypatch.setattr(echo_model, "answer", staticmethod(answer))
    y, _, err = rebuild(echo, tone(3 * SAMPLES - 2 * SAMPLES // 16))
    assert err == "hsbench: of 3 clips 1 collapsed, 1 diverged, the first at 0.09 s (silent where not finite).\n"
    assert np.isfinite(y).all()


def test_a_training_that_went_wrong_is_reported(rebuild, results, tone, path):
    folder = CellFolder(path(results, "hypersound"))
    tensors, facts = checkpoint.read(folder.kept / NETWORK)
    checkpoint.write(folder.kept / NETWORK, tensors, {**facts, "status": "collapsed"})
    _, _, err = rebuild(folder.path, tone(3000))
    assert f"the training of {folder.path.name} is collapsed" in err
    assert err.count("\n") == 1


def test_individual_inrs_are_fitted_to_the_file(rebuild, results, tone, cell_of, small):
    settings, _ = small["inr-fmlp"]
    cell = cell_of("inr-fmlp", settings, {"steps": 300})
    results.cell(cell).write_spec(cell)
    x = tone(3000)
    y, _, err = rebuild(results.cell(cell).path, x)
    assert np.mean((y - x) ** 2) < 0.2 * np.mean(x**2)
    assert "hsbench:" not in err
    assert [file.name for file in results.cell(cell).path.iterdir()] == ["spec.json"]


def test_an_imported_model_can_be_used(hsbench_here, tmp_path, tone, cell_of, sound):
    file = tmp_path / "mine.py"
    file.write_text(
        "from hsbench import registry\n"
        "from hsbench.descriptors import ModelDescriptor\n"
        "from hsbench.models.base import Payload, Reconstruction\n"
        "class Half:\n"
        "    name, version, group = 'half', 1, 4\n"
        "    def fit(self, train, context): pass\n"
        "    def reconstruct(self, clips, context):\n"
        "        for clip in clips:\n"
        "            yield Reconstruction(clip.id, clip.waveform / 2, Payload(1), 0.0)\n"
        "registry.register(ModelDescriptor('half', 'hsbench_import_mine:Half'))\n"
    )
    document = cell_of("inr-fmlp").document()
    document["model"] = {"name": "half", "version": 1, "settings": {}}
    CellFolder(tmp_path / "half").write_spec(Cell.read(document))
    x = tone(5000)
    try:
        code, _, err = hsbench_here(
            "reconstruct", tmp_path / "half", sound("in.wav", x), "-o", tmp_path / "o.wav", "--import", file
        )
    finally:
        registry._table("models").pop("half", None)
    assert (code, err) == (0, "")
    assert np.abs(read_mono(tmp_path / "o.wav")[0] - x / 2).max() < 1e-6
