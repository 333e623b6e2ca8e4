"""A sound, an output path or an option that cannot be used gives one sentence and exit code 2."""

import numpy as np
import pytest


def test_a_model_that_is_no_function_of_time_has_one_rate(refused, echo):
    sentence = refused("reconstruct", echo, "--sample-rate", 44100)
    assert "echo is no function of time and decodes at its own 22050 Hz only, got --sample-rate 44100" in sentence


@pytest.mark.parametrize("rate", [0, -1])
def test_a_rate_that_is_not_positive(refused, results, rate, path):
    sentence = refused("reconstruct", path(results, "inr-siren"), "--sample-rate", rate)
    assert f"--sample-rate expects a positive whole number of Hz, got {rate}" in sentence


def test_a_sound_that_cannot_be_used(refused, echo, tmp_path, sound):
    assert "cannot read the audio file" in refused("reconstruct", echo, audio=tmp_path / "none.wav")
    empty = sound("empty.wav", np.zeros(0, np.float32))
    assert "should hold finite samples and has none" in refused("reconstruct", echo, audio=empty)
    wild = sound("wild.wav", np.array([0, np.nan, 0], np.float32))
    assert "has some that are not finite" in refused("reconstruct", echo, audio=wild)


def test_an_output_that_cannot_be_written(refused, echo, tmp_path):
    (tmp_path / "folder").mkdir()
    assert "-o expects a WAV file to write, got" in refused("reconstruct", echo, output="out.flac")
    assert "-o expects a file to write, got the folder" in refused("reconstruct", echo, output="folder")
    assert "-o expects a file to write, got the folder" in refused("export", echo, output="folder")


def test_an_unknown_device(refused, echo):
    assert "did you mean 'cuda'" in refused("reconstruct", echo, "--device", "cudaa")
