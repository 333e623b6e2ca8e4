"""Codecs: aligned, as long as the clip, and paid for to the byte."""

import io

import numpy as np
import pytest
import soundfile

from hsbench import registry, score
from hsbench.audio.clip import Clip
from hsbench.errors import BackendMissingError, UsageError
from hsbench.models import codecs
from hsbench.models.base import rebuild

LEVELS = {"opus": {"kbps": 24}, "mp3": {"kbps": 32}, "mp3-soundfile": {"compression_level": 0.9}}


def make(name, **settings):
    if missing := registry.model(name).missing():
        pytest.skip(f"{', '.join(missing)} is not installed")
    descriptor = registry.model(name)
    return descriptor.load()(**{**descriptor.defaults, **settings})


def code(name, clip, bare, **settings):
    return rebuild(make(name, **settings), [clip], bare(clip.waveform.size, clip.sample_rate))[clip.id]


def lag(reference, estimate):
    """Samples by which the estimate is late, where the cross-correlation is largest."""
    size = 2 * reference.size
    spectra = np.fft.rfft(estimate, size) * np.conj(np.fft.rfft(reference, size))
    peak = int(np.fft.irfft(spectra).argmax())
    return peak if peak < reference.size else peak - size


def bursts(samples, rate):
    """Noise in the middle of the band, in bursts: it has one place in time."""
    rng = np.random.default_rng(0)
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    frequencies = np.fft.rfftfreq(samples, 1 / rate)
    spectrum[(frequencies < 200) | (frequencies > 3000)] = 0
    x = np.fft.irfft(spectrum, samples) * (np.sin(2 * np.pi * 4 * np.arange(samples) / rate) > 0)
    return Clip("bursts", (x / np.abs(x).max()).astype(np.float32), rate)


@pytest.mark.parametrize(("name", "settings"), LEVELS.items())
@pytest.mark.parametrize("rate", [16000, 22050])
def test_the_sound_comes_back_in_its_place_and_length(name, settings, rate, bare):
    for samples in (32768, 30011):
        clip = bursts(samples, rate)
        made = code(name, clip, bare, **settings)
        assert made.waveform.shape == (samples,)
        assert lag(clip.waveform, made.waveform) == 0


@pytest.mark.parametrize(("name", "settings"), LEVELS.items())
def test_speech_is_better_than_noise_and_worse_than_itself(name, settings, speech, bare):
    made = code(name, speech, bare, **settings)
    assert lag(speech.waveform, made.waveform) == 0
    noise = code("noise", speech, bare)
    for metric in ("pesq", "stoi", "si_snr"):
        best, coded, worst = (
            score(speech.waveform, y, 22050, [metric])[metric].value
            for y in (speech.waveform, made.waveform, noise.waveform)
        )
        assert best > coded > worst, metric


@pytest.mark.parametrize(
    ("name", "rates", "tolerance"),
    [("opus", (8, 16, 32, 64), 0.2), ("mp3", (16, 32, 64), 0.05)],
    ids=["variable", "constant"],
)
def test_more_bits_are_nearer_and_the_bits_are_about_those_asked_for(name, rates, tolerance, speech, bare):
    made = [code(name, speech, bare, kbps=kbps) for kbps in rates]
    decibels = [score(speech.waveform, one.waveform, 22050, ["si_snr"])["si_snr"].value for one in made]
    assert decibels == sorted(decibels)
    seconds = speech.waveform.size / 22050
    for kbps, one in zip(rates, made, strict=True):
        assert one.payload.numbers == 0
        assert one.payload.bits / 1000 / seconds == pytest.approx(kbps, rel=tolerance)


def test_the_bits_of_a_stream_are_its_packets_without_the_container(speech):
    av = pytest.importorskip("av")
    file, size = codecs._encode(speech.waveform, 22050, "libmp3lame", "fltp", "mp3", 32)
    with av.open(io.BytesIO(file)) as given:
        assert size == sum(packet.size for packet in given.demux(audio=0))
    assert 0 < len(file) - size < 400, "an ID3 tag and one header frame"


def test_the_bits_of_libsndfile_are_those_of_its_file(speech, bare, tmp_path):
    made = code("mp3-soundfile", speech, bare)
    path = tmp_path / "a.mp3"
    soundfile.write(path, speech.waveform, 22050, bitrate_mode="AVERAGE", compression_level=0.9)
    assert made.payload.bits == 8 * path.stat().st_size


@pytest.mark.parametrize("name", LEVELS)
@pytest.mark.parametrize("samples", [1, 700])
def test_silence_and_snippets_come_back_as_long_as_they_were(name, samples, bare):
    for level in (0.0, 0.5):
        made = code(name, Clip("a", np.full(samples, level, np.float32), 22050), bare)
        assert made.waveform.shape == (samples,)
        assert np.isfinite(made.waveform).all()
        assert level or np.abs(made.waveform).max() < 1e-3


def test_what_cannot_be_coded_is_said_in_a_sentence(bare, monkeypatch):
    with pytest.raises(UsageError, match="opus.kbps expects 6 to 256 kbit/s, got 2"):
        make("opus", kbps=2)
    with pytest.raises(UsageError, match=r"mp3-soundfile.compression_level expects 0 to below 1, got 1.0"):
        make("mp3-soundfile", compression_level=1.0)
    with pytest.raises(UsageError, match="rates of MPEG .* got 20000 Hz; prepare the corpus"):
        code("mp3", Clip("a", np.zeros(100, np.float32), 20000), bare)
    monkeypatch.setattr(soundfile, "available_formats", dict)
    with pytest.raises(BackendMissingError, match="needs a libsndfile that writes MP3"):
        make("mp3-soundfile")
