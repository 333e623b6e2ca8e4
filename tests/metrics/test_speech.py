"""PESQ, STOI and CDPAM: parity with their packages, physics, edges."""

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
from hsbench.metrics.intelligibility import stoi
from hsbench.metrics.learned import Cdpam, cdpam
from hsbench.metrics.perceptual import pesq

SPEECH = known.speech(3)


def noisy(level, seed=0):
    return SPEECH + level * np.random.default_rng(seed).standard_normal(SPEECH.size)


def value(x, y, metric, rate=22050):
    one = score(x, y, rate, [metric])[metric]
    assert one.status == "ok", one
    return one.value


@pytest.mark.parametrize("rate", [8000, 10000, 16000, 22050, 24000, 44100, 48000])
@pytest.mark.parametrize("level", [0.003, 0.05])
def test_stoi_is_pystois(rate, level):
    x, y = SPEECH, noisy(level)
    assert stoi(x, y, rate) == pytest.approx(pystoi.stoi(x, y, rate), abs=1e-12)


@pytest.mark.parametrize("samples", [12345, 20000, 32767])
def test_stoi_is_pystois_at_any_length(samples):
    x, y = SPEECH[:samples], noisy(0.02)[:samples]
    assert stoi(x, y, 22050) == pytest.approx(pystoi.stoi(x, y, 22050), abs=1e-12)


def test_stoi_gives_a_status_where_pystoi_gives_a_sentinel():
    x = SPEECH[:6000]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert pystoi.stoi(x, x, 22050) == 1e-5
    with pytest.raises(Undefined, match="not_enough_frames"):
        stoi(x, x, 22050)
    with pytest.raises(Undefined, match="not_enough_frames"):
        stoi(x[:100], x[:100], 22050)


def test_stoi_of_a_prepared_reference_is_the_same():
    prepared = stoi.prepare(SPEECH, 22050)
    for level in (0.01, 0.1):
        assert stoi.compare(prepared, noisy(level), 22050) == stoi(SPEECH, noisy(level), 22050)


@pytest.mark.parametrize("metric", ["pesq", "stoi", "cdpam"])
def test_speech_metrics_fall_with_noise(metric):
    values = [value(SPEECH, noisy(level), metric) for level in (0.002, 0.02, 0.1)]
    assert values == sorted(values, reverse=metric != "cdpam")
    assert len(set(values)) == 3


def test_identity_is_ideal():
    assert value(SPEECH, SPEECH, "pesq") == pytest.approx(4.6439, abs=1e-3)
    assert value(SPEECH, SPEECH, "stoi") == pytest.approx(1, abs=1e-12)
    assert value(SPEECH, SPEECH, "cdpam") == 0


def test_level_is_heard_by_cdpam_and_not_by_pesq_and_stoi():
    y = noisy(0.01)
    assert value(SPEECH, 0.5 * y, "stoi") == pytest.approx(value(SPEECH, y, "stoi"), abs=1e-9)
    assert value(SPEECH, 0.5 * y, "pesq") == pytest.approx(value(SPEECH, y, "pesq"), abs=0.05)
    assert abs(value(SPEECH, 0.5 * y, "cdpam") - value(SPEECH, y, "cdpam")) > 0.01


def test_polarity_is_heard_by_none_of_the_two():
    y = noisy(0.01)
    assert value(SPEECH, -y, "stoi") == pytest.approx(value(SPEECH, y, "stoi"), abs=1e-9)
    assert value(SPEECH, -y, "pesq") == pytest.approx(value(SPEECH, y, "pesq"), abs=0.02)


def test_pesq_without_speech_has_a_status():
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
    """The published network, layer by layer and without a trick: [samples] -> [512]."""
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
def test_the_fast_encoder_is_the_plain_one(samples):
    waveform = torch.from_numpy(np.round(SPEECH[:samples] * 32768))
    plain = plain_embedding(waveform)
    fast = network("cpu").embed(waveform)
    assert (plain - fast).abs().max() < 2e-6 * plain.abs().max()


def test_the_encoder_for_a_gpu_is_the_same_function():
    """What CUDA takes, run on the CPU: plain strided convolutions."""
    direct = DirectEncoder(cdpam_weights.load(cdpam_weights.find()), "cpu")
    waveform = torch.from_numpy(np.round(SPEECH[:4096] * 32768)).float()
    want = network("cpu").embed(waveform)
    assert torch.allclose(direct(waveform), want, atol=2e-6 * want.abs().max().item())


def test_the_encoder_does_not_remember_the_clip_before_nor_mind_the_threads(threads):
    long, short = (torch.from_numpy(np.round(SPEECH[:samples] * 32768)) for samples in (9001, 4097))
    threads(1)
    want = network("cpu").embed(short)
    threads(3)
    network("cpu").embed(long)
    got = network("cpu").embed(short)
    assert torch.get_num_threads() == 3
    assert torch.allclose(got, want, atol=1e-6 * want.abs().max().item())


def test_forgetting_the_scale_would_look_perfect_and_is_not_what_we_do():
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


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("HSBENCH_CACHE", str(tmp_path / "file"))
    assert cdpam(SPEECH[:4096], SPEECH[:4096], 22050) == 0


def test_weights_that_are_not_the_published_ones_are_refused(tmp_path):
    path = tmp_path / "weights.pth"
    path.write_bytes(b"something else")
    with pytest.raises(BackendMissingError, match="should have the SHA-256 453c8b6edee1a94f"):
        cdpam_weights.load(path)


class Evil:
    def __reduce__(self):
        return (print, ("this must not run",))


@pytest.mark.parametrize("place", ["magic", "system", "object"])
def test_the_reader_of_weights_runs_no_code(place, capsys):
    parts = {"magic": 0x1950A86A20F9469CFC6C, "protocol": 1001, "system": {}, "object": {}} | {place: Evil()}
    file = io.BytesIO(
        b"".join(pickle.dumps(part, protocol=2) for part in parts.values()) + pickle.dumps([], protocol=2)
    )
    with pytest.raises(BackendMissingError, match="which is not allowed"):
        cdpam_weights.unpickle(file)
    assert capsys.readouterr().out == ""


def test_another_format_of_weights_is_refused():
    with pytest.raises(BackendMissingError, match="not in the format"):
        cdpam_weights.unpickle(io.BytesIO(pickle.dumps(3, protocol=2)))


@pytest.mark.parametrize(("source", "target"), [(22050, 16000), (16000, 22050), (48000, 22050)])
def test_the_resampler_keeps_a_tone_and_removes_what_does_not_fit(source, target):
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
def test_a_rate_that_is_none_is_a_sentence(rate):
    with pytest.raises(UsageError, match="positive whole number of Hz"):
        resample(SPEECH, rate, 16000)


def test_another_rate_is_resampled_where_a_metric_needs_it():
    x, y = (signal[:16000] for signal in (SPEECH, noisy(0.02)))
    for metric, needed in (("pesq", 16000), ("cdpam", 22050)):
        by_hand = value(resample(x, 44100, needed), resample(y, 44100, needed), metric, needed)
        assert value(x, y, metric, 44100) == pytest.approx(by_hand, abs=1e-6)
        assert value(x, y, metric, 22050) != pytest.approx(by_hand, abs=1e-3)


def test_known_values_are_the_golden_ones(golden):
    pairs = known.pairs()
    for name in ("noise20", "half_gain_noise30", "shift3", "half_digital_silence", "identical"):
        for mine, theirs in zip(pairs[name], golden["pairs"][name], strict=True):
            assert np.abs(mine - theirs).max() < 1e-7
    labels = {"mse": "MSE", "lsd": "LSD", "si_snr": "SI-SNR", "pesq": "PESQ", "stoi": "STOI", "cdpam": "CDPAM"}
    for one in known.values():
        if one.source == "HyperSound reference":
            assert one.want == golden["values"][one.pair][labels[one.metric]]
            tolerance = golden["tolerance"][labels[one.metric]]
            assert one.tolerance <= tolerance.get("abs", 0) + tolerance.get("rel", 0) * abs(one.want)
