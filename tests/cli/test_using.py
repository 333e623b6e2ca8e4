"""A trained cell rebuilds any sound, at any rate, and travels as one file."""

import json
import os
import shutil
import sys

import numpy as np
import pytest
import soundfile
from safetensors.numpy import load_file, save_file

import hsbench
from hsbench import protocols, registry, widths
from hsbench.audio.clip import Clip
from hsbench.audio.io import read_mono
from hsbench.audio.passages import joined
from hsbench.audio.resample import resample
from hsbench.fit import checkpoint
from hsbench.models.base import NETWORK, Context, Payload, Reconstruction
from hsbench.run.store import CellFolder, Results
from hsbench.spec import SCHEMA, Cell, Part, freeze

RATE, SAMPLES = 22050, 2048
SMALL = {
    "hypersound-fmlp": ({"width": 12, "layers": 2}, {"epochs": 1, "epoch_samples": 4, "channels": 1, "hidden": "16"}),
    "inr-fmlp": ({"width": 16, "layers": 2}, {"steps": 20}),
    "inr-siren": ({"width": 16, "layers": 2, "omega_0": 100.0}, {"steps": 20}),
}


class Echo:
    """Gives back what it is given, or what a test asks for."""

    name, version, group = "echo", 1, 3
    seen, answer, trains = [], staticmethod(lambda waveform, number: (waveform, "ok")), False

    def fit(self, train, context):
        return {"clips": len(train)} if self.trains else None

    def reconstruct(self, clips, context):
        for clip in clips:
            waveform, status = self.answer(clip.waveform, len(self.seen))
            self.seen.append(clip.waveform)
            yield Reconstruction(clip.id, waveform.astype(np.float32), Payload(1), 0.0, status)


def tone(samples, rate=RATE, seed=0):
    """A few partials, [samples]."""
    rng = np.random.default_rng(seed)
    t = np.arange(samples) / rate
    x = sum(np.sin(2 * np.pi * f * t + rng.uniform(0, 6)) for f in rng.uniform(100, 800, 5))
    return (0.6 * x / np.abs(x).max()).astype(np.float32)


def write(path, waveform, rate=RATE):
    soundfile.write(path, waveform, rate, subtype="FLOAT")
    return path


def cell_of(model, settings=None, training=None, corpus=None):
    """A cell of clips of SAMPLES at RATE."""
    descriptor = registry.get("models", model)
    switches = protocols.switches("fixed", descriptor.switches)
    full = {**descriptor.defaults, **(settings or {})}
    if descriptor.resolve is not None:
        full = widths.resolve(full, switches, SAMPLES)
    part = {"fingerprint": "0" * 64, "sample_rate": RATE, "samples": SAMPLES, **(corpus or {})}
    return Cell(
        model=Part(model, descriptor.version, freeze(full)),
        corpus=Part("demo", 1, freeze(part)),
        budget=Part(
            "smoke", 1, freeze({**descriptor.budgets.get("smoke", {}), "coordinates": None, **(training or {})})
        ),
        protocol=Part("fixed-1", 1, freeze(switches)),
        seed=0,
    )


def train(folder, cell):
    class Clips(list):
        def first(self, count):
            return Clips(self[:count])

        def passages(self):
            return joined([np.round(clip.waveform * 32767).astype(np.int16) for clip in self])

    context = Context(
        seed=0,
        sample_rate=RATE,
        samples=SAMPLES,
        switches=dict(cell.protocol.settings),
        training=dict(cell.budget.settings),
        device="cpu",
        threads=1,
        scratch=folder.scratch,
        kept=folder.kept,
        record=folder.append_curve,
        progress=lambda done, total: None,
    )
    model = registry.get("models", cell.model.name).load()(**dict(cell.model.settings))
    folder.write_fit(model.fit(Clips(Clip(f"c{n}", tone(SAMPLES, seed=n), RATE) for n in range(4)), context))


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A results folder with a small trained hypernetwork and two cells of individual INRs."""
    results = Results(tmp_path_factory.mktemp("using") / "results")
    for model, (settings, training) in SMALL.items():
        cell = cell_of(model, settings, training)
        folder = results.cell(cell)
        folder.write_spec(cell)
        if model.startswith("hypersound"):
            train(folder, cell)
    return results


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    """A small network on many threads of a busy machine waits for them more than it computes."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0})
    monkeypatch.setenv("GOMP_SPINCOUNT", "20000")


@pytest.fixture
def results(kept, tmp_path):
    """A copy of it that a test may spoil."""
    shutil.copytree(kept.root, tmp_path / "results")
    return Results(tmp_path / "results")


@pytest.fixture
def echo(monkeypatch, tmp_path):
    """The path of a cell whose model is Echo."""
    monkeypatch.setattr(Echo, "seen", [])
    monkeypatch.setitem(sys.modules, "echoing", sys.modules[Echo.__module__])
    descriptor = registry.Descriptor("models", "echo", "echoing:Echo", origin="tests")
    monkeypatch.setitem(registry._table("models"), "echo", descriptor)
    folder = CellFolder(tmp_path / "echo")
    folder.write_spec(cell_of("echo"))
    return folder.path


@pytest.fixture
def rebuild(hsbench_here, tmp_path):
    """Rebuild a sound with a cell: waveform, rate, standard error."""

    def run(cell, waveform, *options, rate=RATE):
        audio = write(tmp_path / "in.wav", waveform, rate)
        code, out, err = hsbench_here("reconstruct", cell, audio, "-o", tmp_path / "out" / "out.wav", *options)
        assert code == 0, err
        assert "wrote" in out
        made, found = read_mono(tmp_path / "out" / "out.wav")
        return made, found, err

    return run


def path(results, model):
    (name,) = [name for name in results.cells() if name.startswith(model)]
    return results.folder(name).path


@pytest.mark.parametrize("length", [1, 700, SAMPLES, SAMPLES + 1, 9001])
def test_a_model_that_gives_all_back_gives_the_sound_back(rebuild, echo, length):
    x = tone(length) + np.float32(0.1)
    y, rate, err = rebuild(echo, x)
    assert (y.size, rate, err) == (length, RATE, "")
    assert np.abs(y - x).max() < 1e-6
    assert all(np.abs(clip).max() == pytest.approx(1, abs=1e-6) for clip in Echo.seen)


def test_silent_clips_stay_silent_and_no_model_is_asked(rebuild, echo):
    x = np.concatenate([tone(SAMPLES), np.zeros(4 * SAMPLES, np.float32)])
    y, _, _ = rebuild(echo, x)
    assert np.abs(y - x).max() < 1e-6
    assert len(Echo.seen) == 2
    y, _, err = rebuild(echo, np.zeros(5000, np.float32))
    assert not y.any()
    assert (len(Echo.seen), err) == (2, "")


def test_another_rate_is_resampled_to_the_cells_own(rebuild, echo):
    x = tone(10_000, 48_000)
    y, rate, _ = rebuild(echo, x, rate=48_000)
    want = resample(x, 48_000, RATE)
    assert rate == RATE
    assert y.shape == want.shape
    assert np.abs(y - want).max() < 1e-6


def test_joins_do_not_click(rebuild, echo, monkeypatch):
    """Clips that are off by a constant each: no step beside those of the sound is larger than the ramp's."""
    monkeypatch.setattr(Echo, "answer", staticmethod(lambda x, number: (x + 0.1 * (-1) ** number, "ok")))
    x = tone(20_000)
    y, _, _ = rebuild(echo, x)
    assert np.abs(np.diff(y - x)).max() < 0.2 / (SAMPLES // 16 - 1) * 1.1


def test_fits_that_are_not_ok_are_said_in_one_line(rebuild, echo, monkeypatch):
    def answer(x, number):
        return {0: (x, "ok"), 1: (0 * x, "ok"), 2: (np.nan * x, "diverged")}[number]

    monkeypatch.setattr(Echo, "answer", staticmethod(answer))
    y, _, err = rebuild(echo, tone(3 * SAMPLES - 2 * SAMPLES // 16))
    assert err == "hsbench: of 3 clips 1 collapsed, 1 diverged, the first at 0.09 s (silent where not finite).\n"
    assert np.isfinite(y).all()


def test_a_trained_cell_is_found_by_path_by_name_and_as_a_file(rebuild, hsbench_here, results, tmp_path):
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


def test_an_exported_file_says_what_it_is_and_exports_to_itself(hsbench_here, results, tmp_path):
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


def test_a_training_that_is_not_ok_is_said(rebuild, results):
    folder = CellFolder(path(results, "hypersound"))
    tensors, facts = checkpoint.read(folder.kept / NETWORK)
    checkpoint.write(folder.kept / NETWORK, tensors, {**facts, "status": "collapsed"})
    _, _, err = rebuild(folder.path, tone(3000))
    assert f"the training of {folder.path.name} is collapsed" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("model", list(SMALL))
@pytest.mark.parametrize("length", [SAMPLES, 7001])
def test_at_twice_the_rate_every_second_sample_is_the_same(rebuild, results, model, length):
    x = tone(length)
    own, _, _ = rebuild(path(results, model), x)
    y, rate, _ = rebuild(path(results, model), x, "--sample-rate", 2 * RATE)
    assert (rate, y.size, own.size) == (2 * RATE, 2 * length, length)
    assert np.abs(y[::2] - own).max() < 1e-4
    assert np.abs(y[1:-1:2] - (own[1:] + own[:-1]) / 2).max() < 0.2 * np.abs(own).max()


@pytest.mark.parametrize("other", [11025, 33075, 44101, 48000])
def test_at_any_rate_a_clip_is_played_where_its_samples_lie(rebuild, results, other):
    """The same function of time, wherever the clips begin between the samples of the output."""
    cell, x = path(results, "inr-siren"), tone(5001)
    y, rate, _ = rebuild(cell, x, "--sample-rate", other)
    assert (rate, y.size) == (other, -(-5001 * other // RATE))
    dense, _, _ = rebuild(cell, x, "--sample-rate", 16 * RATE)
    near = np.interp(np.arange(y.size) / other, np.arange(dense.size) / (16 * RATE), dense)
    assert np.abs(y - near).max() < 0.002 * np.abs(dense).max()


def test_a_file_at_the_wanted_rate_comes_back_as_long_as_it_was(rebuild, results):
    y, _, _ = rebuild(path(results, "hypersound"), tone(9001, 44100), "--sample-rate", 44100, rate=44100)
    assert y.size == 9001


def test_a_rate_that_is_the_cells_own_changes_nothing(rebuild, results):
    own, _, _ = rebuild(path(results, "hypersound"), tone(5000))
    same, _, _ = rebuild(path(results, "hypersound"), tone(5000), "--sample-rate", RATE)
    assert np.array_equal(own, same)


def test_individual_inrs_are_fitted_to_the_file(rebuild, results):
    settings, _ = SMALL["inr-fmlp"]
    cell = cell_of("inr-fmlp", settings, {"steps": 300})
    results.cell(cell).write_spec(cell)
    x = tone(3000)
    y, _, err = rebuild(results.cell(cell).path, x)
    assert np.mean((y - x) ** 2) < 0.2 * np.mean(x**2)
    assert "hsbench:" not in err
    assert [one.name for one in results.cell(cell).path.iterdir()] == ["spec.json"]


def test_an_imported_model_can_be_used(hsbench_here, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "from hsbench import registry\n"
        "from hsbench.models.base import Payload, Reconstruction\n"
        "class Half:\n"
        "    name, version, group = 'half', 1, 4\n"
        "    def fit(self, train, context): pass\n"
        "    def reconstruct(self, clips, context):\n"
        "        for clip in clips:\n"
        "            yield Reconstruction(clip.id, clip.waveform / 2, Payload(1), 0.0)\n"
        "registry.register(registry.Descriptor('models', 'half', 'hsbench_import_mine:Half'))\n"
    )
    document = cell_of("inr-fmlp").document()
    document["model"] = {"name": "half", "version": 1, "settings": {}}
    CellFolder(tmp_path / "half").write_spec(Cell.read(document))
    x = tone(5000)
    try:
        code, _, err = hsbench_here(
            "reconstruct", tmp_path / "half", write(tmp_path / "in.wav", x), "-o", tmp_path / "o.wav", "--import", file
        )
    finally:
        registry._table("models").pop("half", None)
    assert (code, err) == (0, "")
    assert np.abs(read_mono(tmp_path / "o.wav")[0] - x / 2).max() < 1e-6


# What goes wrong is a sentence and exit code 2.


@pytest.fixture
def refused(hsbench_here, tmp_path):
    def run(verb, cell, *options, audio=None, output="out.wav"):
        sound = [] if verb == "export" else [audio or write(tmp_path / "in.wav", tone(3000))]
        code, _, err = hsbench_here(verb, cell, *sound, "-o", tmp_path / output, *options)
        assert code == 2, err
        assert err.startswith("hsbench: ")
        assert err.count("\n") == 1
        assert not (tmp_path / output).is_file()
        return err

    return run


@pytest.mark.parametrize("verb", ["reconstruct", "export"])
def test_an_unknown_cell(refused, results, verb):
    name = path(results, "hypersound").name
    assert f"did you mean '{name}'" in refused(verb, name[:-1], "--results", results.root)
    assert "known: none" in refused(verb, name, "--results", results.root / "nowhere")


@pytest.mark.parametrize("verb", ["reconstruct", "export"])
def test_a_folder_that_is_no_cell(refused, tmp_path, verb):
    (tmp_path / "empty").mkdir()
    assert "has no spec.json, so it is no cell" in refused(verb, tmp_path / "empty")


@pytest.mark.parametrize("verb", ["reconstruct", "export"])
@pytest.mark.parametrize("damage", ["missing", "torn", "in training"])
def test_a_training_that_is_not_finished(refused, results, verb, damage):
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


def test_a_model_that_asks_for_clips_has_not_finished_its_training(refused, echo, monkeypatch):
    monkeypatch.setattr(Echo, "trains", True)
    assert "echo--demo--smoke--s0" in refused("reconstruct", echo)


@pytest.mark.parametrize("damage", ["empty", "text", "torn", "no cell", "no numbers", "garbled", "list", "newer"])
@pytest.mark.parametrize("verb", ["reconstruct", "export"])
def test_a_file_that_is_damaged_or_foreign(refused, hsbench_here, results, tmp_path, verb, damage):
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
    said = refused(verb, file)
    assert (
        f"this cell has schema {SCHEMA + 1}" if damage == "newer" else "expected a file that hsbench export"
    ) in said


def test_a_network_of_another_shape(refused, hsbench_here, results, tmp_path):
    file = tmp_path / "file"
    hsbench_here("export", path(results, "hypersound"), "-o", file)
    tensors, texts = load_file(file), checkpoint.metadata(file)
    tensors.pop("hypernetwork.head.bias")
    save_file(tensors, file, texts)
    assert f"{file} should hold the" in refused("reconstruct", file)


def test_a_cell_of_another_version_of_its_model(refused, results):
    folder = CellFolder(path(results, "hypersound"))
    document = folder.spec().document()
    document["model"]["version"] = 99
    folder.write_spec(Cell.read(document))
    assert "made by version 99 of hypersound-fmlp, and this hsbench has version" in refused("reconstruct", folder.path)


def test_a_cell_that_does_not_say_how_long_its_clips_are(refused, tmp_path):
    CellFolder(tmp_path / "cell").write_spec(cell_of("inr-fmlp", *SMALL["inr-fmlp"], {"samples": None}))
    assert "should say sample_rate and samples of its clips" in refused("reconstruct", tmp_path / "cell")


def test_individual_inrs_have_nothing_to_export(refused, results):
    folder = CellFolder(path(results, "inr-siren"))
    said = refused("export", folder.path)
    assert "inr-siren learns nothing that clips share" in said
    assert f"is in {folder.weights('x').parent}" in said


def test_a_training_kept_in_another_form(refused, echo):
    kept = CellFolder(echo).kept
    kept.mkdir(parents=True)
    (kept / "mine.bin").write_bytes(b"1")
    assert f"echo keeps its training in another form than {NETWORK}; copy the files of {kept}" in refused(
        "export", echo
    )


def test_a_model_that_is_no_function_of_time_has_one_rate(refused, echo):
    said = refused("reconstruct", echo, "--sample-rate", 44100)
    assert "echo is no function of time and plays at its own 22050 Hz, got --sample-rate 44100" in said


@pytest.mark.parametrize("rate", [0, -1])
def test_a_rate_that_is_none(refused, results, rate):
    said = refused("reconstruct", path(results, "inr-siren"), "--sample-rate", rate)
    assert f"--sample-rate expects a positive whole number of Hz, got {rate}" in said


def test_a_sound_that_cannot_be_used(refused, echo, tmp_path):
    stereo = write(tmp_path / "stereo.wav", np.zeros((100, 2), np.float32))
    assert "expected one channel, got 2" in refused("reconstruct", echo, audio=stereo)
    assert "cannot read the audio file" in refused("reconstruct", echo, audio=tmp_path / "none.wav")
    empty = write(tmp_path / "empty.wav", np.zeros(0, np.float32))
    assert "should hold finite samples and has none" in refused("reconstruct", echo, audio=empty)
    wild = write(tmp_path / "wild.wav", np.array([0, np.nan, 0], np.float32))
    assert "has some that are not finite" in refused("reconstruct", echo, audio=wild)


def test_an_output_that_cannot_be_written(refused, echo, tmp_path):
    (tmp_path / "folder").mkdir()
    assert "-o expects a WAV file to write, got" in refused("reconstruct", echo, output="out.flac")
    assert "-o expects a file to write, got the folder" in refused("reconstruct", echo, output="folder")
    assert "-o expects a file to write, got the folder" in refused("export", echo, output="folder")


def test_an_unknown_device(refused, echo):
    assert "did you mean 'cuda'" in refused("reconstruct", echo, "--device", "cudaa")
