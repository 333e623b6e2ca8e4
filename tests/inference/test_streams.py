"""Streams of sounds: what is decoded is what was encoded, in another process too; other bytes give a sentence."""

import dataclasses
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

import hsbench
from hsbench.cli.app import app
from hsbench.errors import DataError, HsbenchError, UsageError
from hsbench.inference import streams
from hsbench.inference.network import load_network
from hsbench.models.coding import container
from hsbench.results import base_cell
from hsbench.spec import Resources, freeze


def quantised(results, model, setting="weight_format", form="int6-rows"):
    """The folder of a cell that stores what the one cell of a model has fitted or trained, in few bits."""
    (name,) = [name for name in results.cells() if name.startswith(model)]
    own = results.folder(name).spec()
    settings = freeze({**dict(own.model.settings), setting: form})
    cell = dataclasses.replace(own, model=dataclasses.replace(own.model, settings=settings))
    base = base_cell.base_of(cell)
    if not results.cell(base).path.exists():
        shutil.copytree(results.folder(name).path, results.cell(base).path)
    results.cell(base).write_spec(base)
    folder = results.cell(cell)
    folder.write_spec(cell)
    return folder


def test_a_stream_decodes_to_the_sound_that_the_network_decodes(results, model, tone):
    folder = quantised(results, model)
    network = load_network(folder, Resources())
    sound = tone(5000)
    sound[:2100] = 0
    encoded = network.encode(sound)
    assert encoded.payloads[0] is None
    data = encoded.to_bytes()
    assert encoded.bits == 8 * sum(len(payload or b"") for payload in encoded.payloads)
    given = folder if model.startswith("hypersound") else None
    decoded = streams.decode(data, "a.hsb", given, Resources())
    assert (decoded.sample_rate, decoded.clips) == (network.sample_rate, len(encoded.peaks))
    np.testing.assert_allclose(decoded.waveform, network.decode(encoded), atol=1e-6)
    twice = streams.decode(data, "a.hsb", given, Resources(), 2 * network.sample_rate)
    np.testing.assert_allclose(twice.waveform, network.decode(encoded, 2 * network.sample_rate), atol=1e-6)


def test_a_hypernetwork_decodes_with_its_base_cell_and_refuses_without_or_with_another(results, tone, trained_cell):
    folder = quantised(results, "hypersound")
    data = load_network(folder, Resources()).encode(tone(3000)).to_bytes()
    base = results.cell(base_cell.base_of(folder.spec()))
    ours, bases = (streams.decode(data, "a.hsb", each, Resources()).waveform for each in (folder, base))
    np.testing.assert_array_equal(ours, bases)
    with pytest.raises(
        UsageError, match="a.hsb was encoded by a trained network of hypersound-fmlp.*name that network"
    ):
        streams.decode(data, "a.hsb", None, Resources())
    settings = {"width": 13, "layers": 2}
    other = trained_cell("hypersound-fmlp", settings, {"epochs": 1, "epoch_samples": 4, "channels": 1, "hidden": "16"})
    with pytest.raises(DataError, match="a.hsb was encoded by the network hypersound-fmlp .* is another one"):
        streams.decode(data, "a.hsb", other, Resources())


def test_a_header_that_conceals_its_network_is_refused(results, tone):
    folder = quantised(results, "hypersound")
    data = header_with(load_network(folder, Resources()).encode(tone(3000)).to_bytes(), network=None)
    with pytest.raises(UsageError, match="a trained network of hypersound-fmlp, which is needed"):
        streams.decode(data, "a.hsb", None, Resources())
    with pytest.raises(DataError, match="is another one"):
        streams.decode(data, "a.hsb", folder, Resources())


def test_a_stream_in_float32_has_32_bits_a_number(results, tone):
    (name,) = [name for name in results.cells() if name.startswith("inr-fmlp")]
    network = load_network(results.folder(name), Resources())
    encoded = network.encode(tone(2048))
    (weights,) = encoded.weights
    assert encoded.bits == 32 * sum(value.size for value in weights.values())
    decoded = streams.decode(encoded.to_bytes(), "a.hsb", None, Resources())
    np.testing.assert_allclose(decoded.waveform, network.decode(encoded), atol=1e-6)


def test_another_process_decodes_the_same_sound(results, tone, tmp_path):
    network = load_network(quantised(results, "inr-siren"), Resources())
    encoded = network.encode(tone(3000))
    (tmp_path / "a.hsb").write_bytes(encoded.to_bytes())
    script = "import sys, numpy, hsbench; numpy.save(sys.argv[2], hsbench.decode(sys.argv[1])[0])"
    subprocess.run([sys.executable, "-c", script, tmp_path / "a.hsb", tmp_path / "a.npy"], check=True)
    np.testing.assert_allclose(np.load(tmp_path / "a.npy"), network.decode(encoded), atol=1e-6)


def header_with(data, **changes):
    header, clips = container.read(data, "a.hsb")
    return container.write(dataclasses.replace(header, **changes), clips)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": "inr-nothing"}, "the model 'inr-nothing', which is not registered"),
        ({"model": "recon-dir", "version": 1}, "writes none"),
        ({"model": "mse"}, "not registered"),
        ({"version": 1}, "version 1 of inr-siren"),
        ({"settings": {"width": "wide"}}, "settings"),
        ({"settings": {}}, "settings"),
        ({"samples": 100}, "should hold"),
        ({"total": 1 << 33}, "should hold"),
        ({"shapes": {"w0": [3, 3]}}, "states other shapes"),
    ],
)
def test_a_header_that_does_not_fit_gives_a_sentence(results, tone, changes, message):
    data = load_network(quantised(results, "inr-siren"), Resources()).encode(tone(3000)).to_bytes()
    with pytest.raises(HsbenchError, match=message):
        streams.decode(header_with(data, **changes), "a.hsb", None, Resources())


def test_settings_of_another_size_give_a_sentence(results, tone):
    data = load_network(quantised(results, "inr-siren"), Resources()).encode(tone(3000)).to_bytes()
    settings = dict(container.read(data, "a.hsb")[0].settings)
    for change in ({"width": 200}, {"layers": 0}, {"width": 0}, {"weight_format": "int9"}, {"weight_format": "fp32"}):
        with pytest.raises(DataError, match=r"a\.hsb has settings|expected a stream"):
            streams.decode(header_with(data, settings={**settings, **change}), "a.hsb", None, Resources())


def test_encode_and_decode_on_the_command_line(results, tone, sound, tmp_path):
    folder = quantised(results, "inr-siren", form="int8-rows")
    where = ["--results", str(results.root)]
    run = CliRunner().invoke
    audio, stream = sound("in.wav", tone(3000)), tmp_path / "new" / "a.hsb"
    encoded = run(app, ["encode", folder.path.name, str(audio), "-o", str(stream), *where])
    assert encoded.exit_code == 0, encoded.output
    assert f"wrote {stream}: {stream.stat().st_size} bytes for 0.14 s" in encoded.output
    for network in ([], [folder.path.name]):
        wav = tmp_path / "out.wav"
        decoded = run(app, ["decode", *network, str(stream), "-o", str(wav), *where])
        assert decoded.exit_code == 0, decoded.output
        assert "0.14 s at 22050 Hz, clips joined: 2" in decoded.output
    waveform, rate = hsbench.decode(stream)
    written, written_rate = soundfile.read(wav, dtype="float32")
    assert rate == written_rate == 22050
    np.testing.assert_allclose(written, waveform, atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.wav"], "expected a stream that hsbench encode wrote, and a.wav is of another kind"),
        (["missing.hsb"], "missing.hsb is no file"),
        (["a", "b", "c"], "expects a stream, or a network and a stream, got 3 arguments"),
    ],
)
def test_other_files_are_refused_on_the_command_line(arguments, message, sound, tone, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sound("a.wav", tone(100))
    result = CliRunner().invoke(app, ["decode", *arguments, "-o", "out.wav"])
    assert isinstance(result.exception, UsageError)
    assert message in str(result.exception)
    assert not Path("out.wav").exists()


def test_a_model_without_weights_is_not_encoded(echo, sound, tone, tmp_path):
    result = CliRunner().invoke(app, ["encode", str(echo), str(sound("a.wav", tone(100))), "-o", str(tmp_path / "b")])
    assert "encode expects a model that keeps the weights of each clip" in str(result.exception)
