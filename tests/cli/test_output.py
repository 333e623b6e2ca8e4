"""The file that `hsbench reconstruct` and `hsbench export` write: nothing is created before the input is valid."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

NETWORK = Path(__file__).parent.parent / "fixtures" / "28dda25" / "network.safetensors"
LONG = "x" * 300


@pytest.fixture
def sound(tmp_path):
    """Return a short sound file in a folder of its own."""
    (tmp_path / "in").mkdir()
    soundfile.write(tmp_path / "in" / "sound.wav", 0.3 * np.sin(np.arange(3000) * 0.05), 22050)
    return tmp_path / "in" / "sound.wav"


@pytest.mark.parametrize("verb", ["reconstruct", "export"])
def test_missing_folders_are_created_with_the_file(hsbench_here, sound, tmp_path, verb):
    output = tmp_path / "new" / "deep" / "out.wav"
    arguments = (NETWORK, sound) if verb == "reconstruct" else (NETWORK,)
    code, out, err = hsbench_here(verb, *arguments, "-o", output)
    assert code == 0, err
    assert f"wrote {output}" in out
    assert output.is_file()


@pytest.mark.parametrize("invalid", ["cell", "sound", "rate"])
def test_nothing_is_created_if_the_input_is_invalid(hsbench_here, sound, tmp_path, invalid):
    cell = "nothing" if invalid == "cell" else NETWORK
    if invalid == "sound":
        sound.write_bytes(b"RIFF")
    if invalid == "rate":
        soundfile.write(sound, np.ones(3000), 1_000_000_000)
    code, _, err = hsbench_here("reconstruct", cell, sound, "-o", tmp_path / "new" / "deep" / "out.wav")
    assert code == 2
    assert "Traceback" not in err
    assert not (tmp_path / "new").exists()


def test_a_failed_export_creates_nothing(hsbench_here, tmp_path):
    assert hsbench_here("export", "nothing", "-o", tmp_path / "new" / "out", "--results", tmp_path / "results")[0] == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("in", "-o expects a file to write, got the folder {}/in; name a file in it."),
        ("in/sound.wav/out.wav", "-o expects a file in a folder, and {}/in/sound.wav is a file; name another path."),
        (f"{LONG}.wav", "-o expects a file that can be written, got {}/" + LONG + ".wav (File name too long)"),
        ("/dev/null", "-o expects a file to write, and /dev/null is a device or a pipe; name another file."),
        ("out.flac", "-o expects a WAV file to write, got {}/out.flac; name it {}/out.wav."),
    ],
)
def test_an_output_that_cannot_be_written_is_refused_before_the_work_begins(
    hsbench_here, sound, tmp_path, monkeypatch, output, sentence
):
    monkeypatch.setattr("hsbench.api.networks.reconstruct_file", lambda *_: pytest.fail("the work has begun"))
    code, out, err = hsbench_here("reconstruct", NETWORK, sound, "-o", tmp_path / output)
    assert (code, out) == (2, "")
    assert sentence.replace("{}", str(tmp_path)) in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == [sound.parent]


@pytest.mark.parametrize(
    ("number", "code", "sentence"),
    [(28, 3, "the disk is full"), (2, 2, "-o expects a file that can be written, got ")],
)
def test_created_folders_are_removed_if_the_file_cannot_be_written(
    hsbench_here, sound, tmp_path, monkeypatch, number, code, sentence
):
    (tmp_path / "old").mkdir()

    def refused(path, *_):
        path.parent.mkdir(parents=True)
        raise OSError(number, "refused")

    monkeypatch.setattr("hsbench.api.networks.write_wav", refused)
    result = hsbench_here("reconstruct", NETWORK, sound, "-o", tmp_path / "old" / "new" / "deep" / "out.wav")
    assert result[:2] == (code, "")
    assert sentence in result[2]
    assert list((tmp_path / "old").iterdir()) == []


def test_a_pipe_as_input_is_refused_at_once(hsbench_here, tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    code, _, err = hsbench_here("reconstruct", NETWORK, tmp_path / "pipe.wav", "-o", tmp_path / "out.wav")
    assert code == 2
    assert f"cannot read the audio file {tmp_path / 'pipe.wav'} (it is no regular file); give another path." in err
