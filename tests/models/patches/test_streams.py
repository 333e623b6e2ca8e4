"""Latents in few bits: the estimate is decoded from the stream, whose bits are those that count."""

import numpy as np
import pytest

from hsbench import registry
from hsbench.errors import DataError, UsageError
from hsbench.models.base import rebuild
from hsbench.models.hypersound.model import HyperSound
from hsbench.models.patches.model import PatchModel

NAMES = ["patch-inr", "coinpp"]


@pytest.mark.parametrize("name", NAMES)
def test_the_estimate_is_decoded_from_the_stream(make, clips, longer, name):
    model, context = make(name, latent_format="int6-rows")
    model.fit(clips, context)
    for clip in (clips[0], longer):
        made = rebuild(model, [clip], context)[clip.id]
        latents = model.unpack(made.stream, clip.waveform.size)["latents"]
        np.testing.assert_array_equal(latents, made.weights["latents"])
        assert model.pack(made.weights) == made.stream
        assert made.payload.bits == 8 * len(made.stream) == made.facts["bits_side"] + made.facts["bits_coded"]
        assert made.payload.bits < 1.1 * (6 * latents.size + 16 * latents.shape[1])
        levels = latents / np.abs(latents).max(0) * 31
        np.testing.assert_allclose(levels, np.round(levels), atol=0.05)
    times = np.linspace(-1, 1, context.samples)
    made = rebuild(model, clips[:1], context)["c0"]
    np.testing.assert_allclose(model.play(made.weights, times, context), made.waveform, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_fewer_bits_are_fewer_bits_and_further_from_float32(make, clips, name):
    whole, context = make(name)
    whole.fit(clips, context)
    plain = rebuild(whole, clips[:1], context)["c0"]
    assert plain.stream is None
    assert plain.payload.bits == 32 * plain.payload.numbers
    sizes, errors = [], []
    for bits in (8, 7, 6, 5):
        model, _ = make(name, latent_format=f"int{bits}-rows")
        model.fit([], context)
        made = rebuild(model, clips[:1], context)["c0"]
        sizes.append(made.payload.bits)
        errors.append(float(np.square(made.weights["latents"] - plain.weights["latents"]).mean()))
    assert sizes == sorted(sizes, reverse=True)
    assert errors == sorted(errors)


@pytest.mark.parametrize("name", NAMES)
def test_formats_are_neutral_in_float32_and_others_are_refused(make, name):
    descriptor = registry.model(name)
    assert "latent_format" in descriptor.decode_settings
    assert "latent_format" not in descriptor.key_settings(dict(descriptor.defaults))
    with pytest.raises(UsageError, match="latent_format int8 rounded"):
        make(name, latent_format="int8")


def test_the_stream_of_another_clip_length_is_refused(make, clips):
    model, context = make("patch-inr", latent_format="int8-rows")
    model.fit(clips, context)
    stream = rebuild(model, clips[:1], context)["c0"].stream
    with pytest.raises(DataError, match="expected a stream"):
        model.unpack(stream[:20], 1024)


def test_all_models_with_weights_write_streams():
    from hsbench.models.base import Streaming
    from hsbench.models.inr.individual import IndividualINR
    from hsbench.models.transform_coding import KLTCoder, MDCTCoder

    for model in (IndividualINR, HyperSound, PatchModel, KLTCoder, MDCTCoder):
        assert issubclass(model, Streaming)
