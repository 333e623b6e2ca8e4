"""Block transforms: what they store, that they are exact where they must be, and what the learned basis minimises."""

import dataclasses
import itertools

import numpy as np
import pytest
import torch

from hsbench import registry
from hsbench.audio.clip import Clip
from hsbench.audio.passages import joined
from hsbench.errors import DataError, UsageError
from hsbench.fit import checkpoint
from hsbench.models.base import NETWORK, Payload, rebuild
from hsbench.testing import check_model
from hsbench.testing.sounds import Sounds, voice_clip

SIZE = 16


class Recordings(Sounds):
    """A training split whose passages are given integer recordings."""

    def __init__(self, *recordings):
        super().__init__([voice_clip(0, 64, 22050)])
        self.recordings = [np.asarray(recording, np.int16) for recording in recordings]

    def passages(self):
        return joined(self.recordings)


@pytest.fixture(scope="module")
def sounds():
    """Clips of different lengths; all are longer than a block."""
    return Sounds(voice_clip(number, 700 + 40 * number, 22050) for number in range(5))


def make(name, **settings):
    descriptor = registry.model(name)
    return descriptor.load()(**{**descriptor.defaults, **settings})


@pytest.fixture
def fitted(bare, sounds):
    """Return a function that constructs a model and fits it, each time in a folder of its own."""
    numbers = itertools.count()

    def of(name, train=sounds, **settings):
        model, context = make(name, **{"size": SIZE, **settings}), bare(4096)
        model.fit(train, dataclasses.replace(context, kept=context.kept / str(next(numbers))))
        return model

    return of


@pytest.fixture
def decoded(bare):
    """Return a function that reconstructs one waveform."""

    def of(model, waveform):
        clip = Clip("a", np.asarray(waveform, np.float32), 22050)
        return rebuild(model, [clip], bare(clip.waveform.size))["a"]

    return of


def training_blocks(train, size=SIZE):
    """Return every block of a training split, [blocks, size], cut without the code under test."""
    passages = train.passages()
    blocks = []
    for start, length in zip(passages.starts, passages.lengths, strict=True):
        samples = passages.samples[start : start + length].astype(np.float64)
        blocks += [samples[at : at + size] / np.abs(samples).max() for at in range(length - size + 1)]
    return np.stack(blocks)


def error(blocks, basis):
    """Mean over blocks of the squared error of a block's projection on basis vectors."""
    return float(np.mean(np.sum((blocks - blocks @ basis @ basis.T) ** 2, axis=1)))


@pytest.mark.parametrize("name", ["dct", "klt"])
@pytest.mark.parametrize("samples", [1, 5, SIZE, 333])
def test_all_coefficients_reconstruct_the_clip(name, samples, fitted, decoded):
    waveform = np.random.default_rng(0).uniform(-1, 1, samples).astype(np.float32)
    reconstruction = decoded(fitted(name), waveform)
    assert reconstruction.waveform.dtype == np.float32
    assert np.abs(reconstruction.waveform - waveform).max() < 1e-6
    assert reconstruction.payload.numbers == -(-samples // SIZE) * SIZE


@pytest.mark.parametrize("name", ["dct", "klt"])
def test_payloads_are_exact(name, fitted, decoded):
    for ratio, size, samples, kept, blocks in (
        *((2.0, 16, 160, 8, 10), (4.0, 16, 161, 4, 11), (3.0, 16, 15, 5, 1)),
        *((16.0, 16, 32, 1, 2), (1000.0, 16, 32, 1, 2), (1.0, 1, 7, 1, 7), (8.0, 256, 32768, 32, 128)),
    ):
        payload = decoded(fitted(name, compression_ratio=ratio, size=size), np.zeros(samples)).payload
        assert payload == Payload(kept * blocks, 32 * kept * blocks)


@pytest.mark.parametrize("name", ["dct", "klt"])
def test_the_vectors_are_orthonormal_and_energy_is_preserved(name, fitted, sounds):
    basis, block = fitted(name).basis(), sounds[0].waveform[:SIZE].astype(np.float64)
    assert np.abs(basis.T @ basis - np.eye(SIZE)).max() < 1e-12
    assert np.sum((block @ basis) ** 2) == pytest.approx(np.sum(block**2), rel=1e-12)


def test_the_dct_is_that_of_scipy_with_the_lowest_frequencies_first(fitted):
    from scipy.fft import dct

    block = np.random.default_rng(1).standard_normal(SIZE)
    assert np.allclose(block @ fitted("dct", compression_ratio=2.0).basis(), dct(block, norm="ortho")[: SIZE // 2])


def test_the_dct_keeps_a_low_tone_and_loses_a_high_one(fitted, decoded):
    model, time = fitted("dct", compression_ratio=4.0, size=256), np.arange(2560)
    for frequency, share in ((0.02, 1.0), (0.45, 0.0)):
        tone = np.sin(2 * np.pi * frequency * time)
        kept = decoded(model, tone).waveform
        assert np.mean(kept**2) == pytest.approx(share * np.mean(tone**2), abs=0.02)


@pytest.mark.parametrize("name", ["dct", "klt"])
def test_an_estimate_is_a_projection_so_gain_passes_and_silence_stays_silent(name, fitted, decoded, sounds):
    model, waveform = fitted(name, compression_ratio=4.0), sounds[2].waveform[: 40 * SIZE]
    once = decoded(model, waveform).waveform
    assert np.abs(once - waveform).max() > 1e-2
    assert np.abs(decoded(model, once).waveform - once).max() < 1e-6
    assert np.abs(decoded(model, -0.25 * waveform).waveform + 0.25 * once).max() < 1e-6
    assert not decoded(model, np.zeros(100)).waveform.any()
    assert np.sum(once**2.0) + np.sum((waveform - once) ** 2.0) == pytest.approx(np.sum(waveform**2.0), rel=1e-5)


@pytest.mark.parametrize("kept", [1, 3, 8, 15])
def test_the_klt_has_the_smallest_error_on_its_training_blocks(kept, fitted, sounds):
    blocks, ratio = training_blocks(sounds), SIZE / kept
    klt = error(blocks, fitted("klt", compression_ratio=ratio).basis())
    left_out = np.linalg.eigvalsh(blocks.T @ blocks / len(blocks))[: SIZE - kept].sum()
    assert klt == pytest.approx(left_out, rel=1e-6, abs=1e-8)
    assert klt < error(blocks, fitted("dct", compression_ratio=ratio).basis())
    random = np.linalg.qr(np.random.default_rng(2).standard_normal((SIZE, kept)))[0]
    assert klt < error(blocks, random)


def test_of_many_passages_some_at_equal_distances_are_used(bare, monkeypatch):
    monkeypatch.setattr("hsbench.models.blocks.PASSAGES", 3)
    noise = np.random.default_rng(5).integers(-1000, 1000, (7, 90))
    calls, some, chosen = [], make("klt", size=SIZE), make("klt", size=SIZE)
    context = bare(90, progress=lambda *call: calls.append(call))
    facts = some.fit(Recordings(*noise), dataclasses.replace(context, kept=context.kept / "some"))
    chosen.fit(Recordings(*noise[[0, 2, 4]]), dataclasses.replace(context, kept=context.kept / "chosen"))
    assert np.array_equal(some.basis(), chosen.basis())
    assert facts["clips_seen"] == 3
    assert calls == [(1, 3), (2, 3), (3, 3)] * 2


def test_a_second_fit_loads_the_basis_without_training_clips(bare, sounds):
    first, second = (make("klt", size=SIZE, compression_ratio=4.0) for _ in range(2))
    facts = first.fit(sounds, bare(4096))
    assert facts == {"total": 4 * SIZE, "clips_seen": 5, "seconds": facts["seconds"], "status": "ok"}
    assert second.fit(Sounds(), bare(4096)) == facts
    assert np.array_equal(first.basis(), second.basis())


def test_a_damaged_basis_is_learned_again_and_one_of_other_settings_is_refused(bare, sounds):
    model, context = make("klt", size=SIZE), bare(4096)
    model.fit(sounds, context)
    before = model.basis()
    (context.kept / NETWORK).write_bytes((context.kept / NETWORK).read_bytes()[:-9])
    model.fit(sounds, context)
    assert np.array_equal(model.basis(), before)
    with pytest.raises(DataError, match=r"a float64 basis \[16, 8\] and has basis float64 \[16, 16\]; restore it"):
        make("klt", size=SIZE, compression_ratio=2.0).fit(sounds, context)
    checkpoint.write(context.kept / NETWORK, {"weight": torch.zeros(1)}, {})
    with pytest.raises(DataError, match=r"has weight float32 \[1\]; restore it or train again"):
        model.fit(sounds, context)


def test_a_corpus_without_training_clips_is_refused(bare):
    with pytest.raises(UsageError, match="klt expects clips in the train split, and the corpus has none there"):
        make("klt").fit(Sounds(), bare(4096))


@pytest.mark.parametrize("name", ["dct", "klt"])
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"compression_ratio": 0.5}, "compression_ratio expects a number from 1, got 0.5"),
        ({"compression_ratio": float("nan")}, "compression_ratio expects a number from 1, got nan"),
        ({"compression_ratio": None}, "compression_ratio expects a number from 1, got None"),
        ({"size": 0}, "size expects a whole number of samples from 1 to 4096, got 0"),
        ({"size": 4097}, "size expects a whole number of samples from 1 to 4096, got 4097"),
        ({"size": 2.5}, "size expects a whole number of samples from 1 to 4096, got 2.5"),
    ],
)
def test_settings_out_of_range_are_refused_in_a_sentence(name, settings, message):
    with pytest.raises(UsageError, match=f"{name}.{message}"):
        make(name, **settings)


@pytest.mark.parametrize("name", ["dct", "klt"])
def test_the_conformance_checks_pass(name):
    passed = check_model(name, settings={"compression_ratio": 8.0})
    assert ("a training that was interrupted ends the same" in passed) == (name == "klt")
