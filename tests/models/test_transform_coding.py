"""Transform coding: streams decode, the error follows the step, and settings out of range are refused."""

import dataclasses

import numpy as np
import pytest

from hsbench import registry
from hsbench.errors import DataError, UsageError
from hsbench.models.base import rebuild
from hsbench.testing import check_model
from hsbench.testing.sounds import Sounds, voice_clip

SAMPLES = 4000


@pytest.fixture(scope="module")
def sounds():
    return Sounds(voice_clip(number, SAMPLES, 22050) for number in range(4))


@pytest.fixture
def coder(bare, sounds):
    """Return a function that builds a model and fits it."""

    def build(name, **settings):
        descriptor, context = registry.model(name), bare(SAMPLES)
        model = descriptor.load()(**{**descriptor.defaults, "size": 64, **settings})
        model.fit(sounds, context)
        return model, context

    return build


def snr(reference, estimate):
    return 10 * np.log10(np.sum(reference**2) / np.sum((reference - estimate) ** 2))


@pytest.mark.parametrize("name", ["mdct-coder", "klt-coder"])
def test_half_the_step_costs_bits_and_gains_up_to_6_db(name, coder, sounds):
    clip, made = sounds[0], []
    for step in (0.04, 0.02, 0.01):
        model, context = coder(name, step=step)
        made.append(rebuild(model, [clip], context)[clip.id])
    gains = np.diff([snr(clip.waveform, each.waveform) for each in made])
    assert ((gains > 3) & (gains < 7)).all()
    assert made[0].payload.bits < made[1].payload.bits < made[2].payload.bits
    assert made[0].payload.numbers == 0


@pytest.mark.parametrize("name", ["mdct-coder", "klt-coder"])
def test_the_estimate_is_the_one_that_the_stream_decodes_to(name, coder, sounds):
    model, context = coder(name)
    made = rebuild(model, list(sounds), context)
    for clip in sounds:
        stream = made[clip.id].stream
        weights = model.unpack(stream, SAMPLES)
        np.testing.assert_array_equal(model.waveform(weights, SAMPLES), made[clip.id].waveform)
        assert model.pack(weights) == stream
        assert made[clip.id].payload.bits == 8 * len(stream)


def test_the_error_is_at_most_two_thirds_of_a_step_for_each_coefficient(coder, sounds):
    model, _ = coder("mdct-coder", step=0.05)
    waveform = sounds[1].waveform
    error = (
        model.transform(waveform.astype(float)) - 0.05 * model.unpack(model.encode(waveform), SAMPLES)["coefficients"]
    )
    assert 0.05 / 2 < np.abs(error).max() <= 0.05 * 2 / 3 * (1 + 1e-9)


@pytest.mark.parametrize("name", ["mdct-coder", "klt-coder"])
def test_it_passes_the_conformance_checks(name):
    check_model(name)


@pytest.mark.parametrize("name", ["mdct-coder", "klt-coder"])
def test_settings_out_of_range_and_foreign_streams_are_refused(name, coder, sounds):
    for settings in ({"step": 0}, {"step": np.nan}, {"step": "small"}, {"size": 1}, {"size": 2.5}):
        with pytest.raises(UsageError, match=rf"{name}\.(step|size) expects"):
            coder(name, **settings)
    model, _ = coder(name)
    with pytest.raises(DataError, match="coded numbers are damaged"):
        model.unpack(b"no stream", SAMPLES)
    fine, _ = coder(name, step=1e-9)
    with pytest.raises(UsageError, match="use a larger step"):
        fine.encode(sounds[0].waveform)


def test_steps_share_one_basis(coder, sounds):
    descriptor = registry.model("klt-coder")
    assert descriptor.decode_settings == ("step",)
    model, context = coder("klt-coder", step=0.1)
    other = descriptor.load()(step=0.02, size=64)
    other.fit(sounds, dataclasses.replace(context))
    np.testing.assert_array_equal(other._learner.basis(), model._learner.basis())
