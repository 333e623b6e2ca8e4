"""PESQ, STOI and CDPAM: agreement with their packages, physical properties, and cases without a value."""

import io
import pickle
import warnings

import numpy as np
import pystoi
import pytest
import soundfile
import torch
from torch.nn import functional as F

from hsbench import score
from hsbench.audio.resample import resample
from hsbench.errors import BackendMissingError, UsageError
from hsbench.metrics import cdpam_weights, known
from hsbench.metrics.base import Undefined
from hsbench.metrics.cdpam_network import DirectEncoder, Network, network
from hsbench.metrics.intelligibility import SENTINEL, estoi, stoi
from hsbench.metrics.learned import Cdpam, cdpam
from hsbench.metrics.perceptual import pesq

SPEECH = known.speech(3)


def noisy(level, seed=0):
    return SPEECH + level * np.random.default_rng(seed).standard_normal(SPEECH.size)


def value(x, y, metric, rate=22050):
    result = score(x, y, rate, [metric])[metric]
    assert result.status == "ok", result
    return result.value


@pytest.mark.parametrize("rate", [16000, 24000, 44100, 48000])
def test_stoi_hardly_depends_on_the_sample_rate(rate):
    x, y = (resample(signal, 22050, rate) for signal in (SPEECH, noisy(0.02)))
    assert value(x, y, "stoi", rate) == pytest.approx(value(SPEECH, noisy(0.02), "stoi"), abs=5e-3)


@pytest.mark.parametrize("filters", ["ignore", "default", "error"])
def test_too_few_frames_for_stoi_are_a_status_and_never_pystois_number(filters):
    x = SPEECH[:6000]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert pystoi.stoi(x, x, 22050) == SENTINEL
        warnings.simplefilter(filters)
        with pytest.raises(Undefined, match="not_enough_frames"):
            stoi(x, x, 22050)


def test_a_changed_warning_of_pystoi_does_not_turn_its_sentinel_into_a_score(monkeypatch):
    monkeypatch.setattr(pystoi, "stoi", lambda x, y, rate: SENTINEL)
    with pytest.raises(Undefined, match="not_enough_frames"):
        stoi(SPEECH, SPEECH, 22050)


@pytest.mark.parametrize("rate", [8000, 10000, 16000, 22050, 44100, 44101])
def test_a_clip_shorter_than_one_frame_of_stoi_is_a_status(rate):
    frame = 256 * rate // 10000
    for samples in (1, frame - 1, frame, frame + 1, frame + 2):
        with pytest.raises(Undefined, match="not_enough_frames"):
            stoi(SPEECH[:samples], SPEECH[:samples], rate)


def test_estoi_is_the_extended_measure_of_pystoi():
    y = noisy(0.02)
    assert value(SPEECH, y, "estoi") == pytest.approx(pystoi.stoi(SPEECH, y, 22050, extended=True), abs=1e-9)
    assert value(SPEECH, y, "estoi") < value(SPEECH, y, "stoi")


def test_estoi_depends_neither_on_level_and_polarity_nor_on_the_state_of_numpys_generator():
    y = noisy(0.02)
    for gain in (0.5, -1.0):
        assert value(SPEECH, gain * y, "estoi") == pytest.approx(value(SPEECH, y, "estoi"), abs=1e-9)
    x = np.where(np.arange(SPEECH.size) % 4096 < 2048, SPEECH, 0.0)  # digitally silent bands
    np.random.seed(1)
    before = np.random.get_state()[1].copy()
    first = value(x, 0.5 * x, "estoi")
    assert (np.random.get_state()[1] == before).all()
    np.random.seed(2)
    assert value(x, 0.5 * x, "estoi") == first


def test_too_few_frames_for_estoi_are_a_status():
    with pytest.raises(Undefined, match="not_enough_frames"):
        estoi(SPEECH[:6000], SPEECH[:6000], 22050)


def test_stoi_leaves_out_frames_in_which_the_reference_is_silent():
    middle = slice(8000, 16000)
    x, y, z = SPEECH.copy(), noisy(0.02), noisy(0.02)
    x[middle] = 0
    z[middle.start + 1000 : middle.stop - 1000] = 0
    assert value(x, y, "stoi") == pytest.approx(value(x, z, "stoi"), abs=1e-12)


@pytest.mark.parametrize("metric", ["pesq", "stoi", "estoi", "cdpam"])
def test_speech_metrics_fall_with_noise(metric):
    values = [value(SPEECH, noisy(level), metric) for level in (0.002, 0.02, 0.1)]
    assert values == sorted(values, reverse=metric != "cdpam")
    assert len(set(values)) == 3


def test_identity_is_ideal():
    assert value(SPEECH, SPEECH, "pesq") == pytest.approx(4.6439, abs=1e-3)
    assert value(SPEECH, SPEECH, "stoi") == pytest.approx(1, abs=1e-12)
    assert value(SPEECH, SPEECH, "estoi") == pytest.approx(1, abs=1e-9)
    assert value(SPEECH, SPEECH, "cdpam") == 0


def test_cdpam_depends_on_the_level_and_pesq_and_stoi_do_not():
    y = noisy(0.01)
    assert value(SPEECH, 0.5 * y, "stoi") == pytest.approx(value(SPEECH, y, "stoi"), abs=1e-9)
    assert value(SPEECH, 0.5 * y, "pesq") == pytest.approx(value(SPEECH, y, "pesq"), abs=0.05)
    assert abs(value(SPEECH, 0.5 * y, "cdpam") - value(SPEECH, y, "cdpam")) > 0.01


def test_neither_pesq_nor_stoi_depends_on_the_polarity():
    y = noisy(0.01)
    assert value(SPEECH, -y, "stoi") == pytest.approx(value(SPEECH, y, "stoi"), abs=1e-9)
    assert value(SPEECH, -y, "pesq") == pytest.approx(value(SPEECH, y, "pesq"), abs=0.02)


def test_pesq_without_speech_or_of_a_short_clip_is_a_status():
    with pytest.raises(Undefined, match="no_utterances"):
        pesq(np.zeros(16000), SPEECH[:16000], 16000)
    with pytest.raises(Undefined, match="too_short"):
        pesq(SPEECH[:3000], SPEECH[:3000], 16000)


def test_pesq_on_its_published_pair(conformance):
    x, rate = soundfile.read(conformance / "pesq" / "speech.wav")
    y, _ = soundfile.read(conformance / "pesq" / "speech_bab_0dB.wav")
    assert rate == 16000
    assert value(x, y, "pesq", rate) == pytest.approx(1.0832337141036987, abs=1e-6)


def test_cdpam_on_its_published_pair(conformance):
    x, rate = soundfile.read(conformance / "cdpam" / "ref.wav")
    y, _ = soundfile.read(conformance / "cdpam" / "2.wav")
    assert rate == 22050
    assert value(x, y, "cdpam", rate) == pytest.approx(0.16962898, abs=2e-6)


def plain_embedding(waveform):
    """Return the embedding [512] of a waveform [samples] by the published network, layer by layer as published."""
    state = cdpam_weights.load(cdpam_weights.find())
    x = waveform.view(1, 1, -1).double()
    for index in range(16):
        layer, norm = f"base_encoder.encoder.{index}", f"base_encoder.ebatch.{index}"
        x = F.conv1d(x, state[f"{layer}.weight"].double(), state[f"{layer}.bias"].double(), padding=7)
        moments = [state[f"{norm}.{part}"].double() for part in ("running_mean", "running_var", "weight", "bias")]
        x = F.leaky_relu(F.batch_norm(x, *moments), 0.1)
        if index % 4 == 3:
            x = x[:, :, ::2]
    return x.mean(dim=2)[0, :512]


@pytest.mark.parametrize("samples", [4096, 5001, 22050])
def test_the_fast_encoder_computes_what_the_published_network_computes(samples):
    waveform = torch.from_numpy(np.round(SPEECH[:samples] * 32768))
    plain = plain_embedding(waveform)
    fast = network("cpu").embed(waveform)
    assert (plain - fast).abs().max() < 2e-6 * plain.abs().max()


def test_the_encoder_for_a_gpu_computes_the_same_embedding():
    """The encoder that a GPU uses, run on the CPU."""
    direct = DirectEncoder(cdpam_weights.load(cdpam_weights.find()), "cpu")
    waveform = torch.from_numpy(np.round(SPEECH[:4096] * 32768)).float()
    want = network("cpu").embed(waveform)
    assert torch.allclose(direct(waveform), want, atol=2e-6 * want.abs().max().item())


def test_neither_the_previous_clip_nor_the_number_of_threads_changes_an_embedding(threads):
    long, short = (torch.from_numpy(np.round(SPEECH[:samples] * 32768)) for samples in (9001, 4097))
    threads(1)
    want = network("cpu").embed(short)
    threads(3)
    network("cpu").embed(long)
    got = network("cpu").embed(short)
    assert torch.get_num_threads() == 3
    assert torch.allclose(got, want, atol=1e-6 * want.abs().max().item())


def test_cdpam_scales_to_16_bit_integers_without_which_distances_would_look_perfect():
    net = network("cpu")
    x, y = (torch.from_numpy(signal).float() for signal in (SPEECH, noisy(0.1)))
    assert net.distance(net.embed(x), net.embed(y)) < 1e-3
    assert value(SPEECH, noisy(0.1), "cdpam") > 0.3


def test_a_reference_is_embedded_once_and_kept_by_content(tmp_path, monkeypatch):
    monkeypatch.setenv("HSBENCH_CACHE", str(tmp_path))
    metric, calls = Cdpam(), []
    original = Network.embed

    def counting(self, waveform):
        calls.append(waveform.numel())
        return original(self, waveform)

    monkeypatch.setattr(Network, "embed", counting)
    short, other = SPEECH[:4096], noisy(0.1)[:4096]
    first = metric(short, other, 22050)
    assert metric(short, other, 22050) == first
    assert len(calls) == 3
    (kept,) = tmp_path.rglob("*.f32")
    kept.write_bytes(b"damaged")
    assert metric(short, other, 22050) == first
    assert len(calls) == 5
    assert metric.prepare(other, 22050).shape == (512,)
    assert len(list(tmp_path.rglob("*.f32"))) == 2


def test_cdpam_works_without_a_writable_cache(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("HSBENCH_CACHE", str(tmp_path / "file"))
    assert cdpam(SPEECH[:4096], SPEECH[:4096], 22050) == 0


def test_weights_with_another_checksum_are_refused(tmp_path):
    path = tmp_path / "weights.pth"
    path.write_bytes(b"something else")
    with pytest.raises(BackendMissingError, match="should have the SHA-256 453c8b6edee1a94f"):
        cdpam_weights.load(path)


class Evil:
    def __reduce__(self):
        return (print, ("this must not run",))


@pytest.mark.parametrize("place", ["magic", "system", "object"])
def test_reading_weights_runs_no_code_from_the_file(place, capsys):
    parts = {"magic": 0x1950A86A20F9469CFC6C, "protocol": 1001, "system": {}, "object": {}} | {place: Evil()}
    file = io.BytesIO(
        b"".join(pickle.dumps(part, protocol=2) for part in parts.values()) + pickle.dumps([], protocol=2)
    )
    with pytest.raises(BackendMissingError, match="which is not allowed"):
        cdpam_weights.unpickle(file)
    assert capsys.readouterr().out == ""


def test_weights_in_another_format_are_refused():
    with pytest.raises(BackendMissingError, match="not in the format"):
        cdpam_weights.unpickle(io.BytesIO(pickle.dumps(3, protocol=2)))


@pytest.mark.parametrize(("source", "target"), [(22050, 16000), (16000, 22050), (48000, 22050)])
def test_the_resampler_keeps_a_tone_and_removes_one_above_half_the_new_rate(source, target):
    time = np.arange(source) / source
    limit = min(source, target) / 2
    low = resample(np.sin(2 * np.pi * 1000 * time), source, target)
    wanted = np.sin(2 * np.pi * 1000 * np.arange(low.size) / target)
    inner = slice(500, -500)
    assert low.dtype == np.float32
    assert low.size == target
    assert np.abs(low - wanted)[inner].max() < 2e-3
    if target < source:
        high = resample(np.sin(2 * np.pi * limit * 1.1 * time), source, target)
        assert np.abs(high)[inner].max() < 1e-3
    assert resample(low, target, target) is low


@pytest.mark.parametrize("rate", [0, -5, 22050.5])
def test_a_rate_that_is_not_a_positive_whole_number_is_refused(rate):
    with pytest.raises(UsageError, match="positive whole number of Hz"):
        resample(SPEECH, rate, 16000)


def test_waveforms_are_resampled_to_the_rate_that_a_metric_needs():
    x, y = (signal[:16000] for signal in (SPEECH, noisy(0.02)))
    for metric, needed in (("pesq", 16000), ("cdpam", 22050)):
        by_hand = value(resample(x, 44100, needed), resample(y, 44100, needed), metric, needed)
        assert value(x, y, metric, 44100) == pytest.approx(by_hand, abs=1e-6)
        assert value(x, y, metric, 22050) != pytest.approx(by_hand, abs=1e-3)


def test_known_values_are_those_of_the_golden_pairs(golden):
    pairs = known.pairs()
    for name in ("noise20", "half_gain_noise30", "shift3", "half_digital_silence", "identical"):
        for ours, theirs in zip(pairs[name], golden["pairs"][name], strict=True):
            assert np.abs(ours - theirs).max() < 1e-7
    labels = {"mse": "MSE", "lsd": "LSD", "si_snr": "SI-SNR", "pesq": "PESQ", "stoi": "STOI", "cdpam": "CDPAM"}
    for expected in known.values():
        if expected.source == "HyperSound reference":
            assert expected.want == golden["values"][expected.pair][labels[expected.metric]]
            tolerance = golden["tolerance"][labels[expected.metric]]
            assert expected.tolerance <= tolerance.get("abs", 0) + tolerance.get("rel", 0) * abs(expected.want)
