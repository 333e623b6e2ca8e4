"""Codecs: estimates are aligned and as long as the clip, and every byte of the bitstream is counted."""

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
    """Lag of the estimate in samples, where the cross-correlation is largest."""
    size = 2 * reference.size
    spectra = np.fft.rfft(estimate, size) * np.conj(np.fft.rfft(reference, size))
    peak = int(np.fft.irfft(spectra).argmax())
    return peak if peak < reference.size else peak - size


def bursts(samples, rate):
    """Bursts of noise in the middle of the band, whose position in time is unambiguous."""
    rng = np.random.default_rng(0)
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    frequencies = np.fft.rfftfreq(samples, 1 / rate)
    spectrum[(frequencies < 200) | (frequencies > 3000)] = 0
    x = np.fft.irfft(spectrum, samples) * (np.sin(2 * np.pi * 4 * np.arange(samples) / rate) > 0)
    return Clip("bursts", (x / np.abs(x).max()).astype(np.float32), rate)


@pytest.mark.parametrize(("name", "settings"), LEVELS.items())
@pytest.mark.parametrize("rate", [16000, 22050])
def test_the_estimate_is_aligned_and_as_long_as_the_clip(name, settings, rate, bare):
    for samples in (32768, 30011):
        clip = bursts(samples, rate)
        coded = code(name, clip, bare, **settings)
        assert coded.waveform.shape == (samples,)
        assert lag(clip.waveform, coded.waveform) == 0


@pytest.mark.parametrize(("name", "settings"), LEVELS.items())
def test_coded_speech_scores_between_the_original_and_noise(name, settings, speech, bare):
    coded = code(name, speech, bare, **settings)
    assert lag(speech.waveform, coded.waveform) == 0
    noise = code("noise", speech, bare)
    for metric in ("pesq", "stoi", "si_snr"):
        best, middle, worst = (
            score(speech.waveform, y, 22050, [metric])[metric].value
            for y in (speech.waveform, coded.waveform, noise.waveform)
        )
        assert best > middle > worst, metric


@pytest.mark.parametrize(
    ("name", "rates", "tolerance"),
    [("opus", (8, 16, 32, 64), 0.2), ("mp3", (16, 32, 64), 0.05)],
    ids=["variable", "constant"],
)
def test_a_higher_bitrate_is_more_accurate_and_bitrates_are_near_the_target(name, rates, tolerance, speech, bare):
    coded = [code(name, speech, bare, kbps=kbps) for kbps in rates]
    decibels = [score(speech.waveform, clip.waveform, 22050, ["si_snr"])["si_snr"].value for clip in coded]
    assert decibels == sorted(decibels)
    seconds = speech.waveform.size / 22050
    for kbps, clip in zip(rates, coded, strict=True):
        assert clip.payload.numbers == 0
        assert clip.payload.bits / 1000 / seconds == pytest.approx(kbps, rel=tolerance)


def test_the_payload_counts_packets_and_not_the_container(speech):
    av = pytest.importorskip("av")
    file, size = codecs._encode(speech.waveform, 22050, "libmp3lame", "fltp", "mp3", 32)
    with av.open(io.BytesIO(file)) as container:
        assert size == sum(packet.size for packet in container.demux(audio=0))
    assert 0 < len(file) - size < 400, "an ID3 tag and one header frame"


def test_the_payload_of_libsndfile_is_its_whole_file(speech, bare, tmp_path):
    coded = code("mp3-soundfile", speech, bare)
    path = tmp_path / "a.mp3"
    soundfile.write(path, speech.waveform, 22050, bitrate_mode="AVERAGE", compression_level=0.9)
    assert coded.payload.bits == 8 * path.stat().st_size


@pytest.mark.parametrize("name", LEVELS)
@pytest.mark.parametrize("samples", [1, 700])
def test_silence_and_very_short_clips_keep_their_length(name, samples, bare):
    for level in (0.0, 0.5):
        coded = code(name, Clip("a", np.full(samples, level, np.float32), 22050), bare)
        assert coded.waveform.shape == (samples,)
        assert np.isfinite(coded.waveform).all()
        assert level or np.abs(coded.waveform).max() < 1e-3


def test_settings_and_clips_that_cannot_be_coded_are_refused_in_a_sentence(bare, monkeypatch):
    with pytest.raises(UsageError, match="opus.kbps expects 6 to 256 kbit/s, got 2"):
        make("opus", kbps=2)
    with pytest.raises(UsageError, match=r"mp3-soundfile.compression_level expects 0 to below 1, got 1.0"):
        make("mp3-soundfile", compression_level=1.0)
    with pytest.raises(UsageError, match="rates of MPEG .* got 20000 Hz; prepare the corpus"):
        code("mp3", Clip("a", np.zeros(100, np.float32), 20000), bare)
    monkeypatch.setattr(soundfile, "available_formats", dict)
    with pytest.raises(BackendMissingError, match="needs a libsndfile that writes MP3"):
        make("mp3-soundfile")


def test_a_lag_that_is_left_is_removed_and_stated(speech, bare, monkeypatch):
    model = make("mp3-soundfile", aligned=True)
    (aligned,) = model.reconstruct([speech], bare(speech.waveform.size))
    assert aligned.facts == {"lag": 0}
    decode = codecs._cut_or_pad
    for late in (3, -2):
        monkeypatch.setattr(codecs, "_cut_or_pad", lambda *given: np.roll(decode(*given), late))  # noqa: B023
        (moved,) = model.reconstruct([speech], bare(speech.waveform.size))
        assert moved.facts == {"lag": late}
        np.testing.assert_array_equal(moved.waveform[5:-5], aligned.waveform[5:-5])
    (kept,) = make("mp3-soundfile").reconstruct([speech], bare(speech.waveform.size))
    assert kept.facts == {}
