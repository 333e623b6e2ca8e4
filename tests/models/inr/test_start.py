"""A learned start of individual INRs: what it gains, that it is reproducible, and how it is kept and refused."""

import dataclasses

import numpy as np
import pytest
import torch

from hsbench import protocols, registry
from hsbench.audio.clip import Clip
from hsbench.errors import DataError, UnknownNameError, UsageError
from hsbench.models.base import CHECKPOINT, NETWORK
from hsbench.models.inr import individual
from hsbench.models.inr.descriptors import START, resolve
from hsbench.models.inr.start import OuterStep
from hsbench.models.targets.base import grid
from hsbench.testing.sounds import Sounds, voice_clip

SAMPLES, RATE = 2048, 22050
SMALL = {"width": 24, "layers": 3}
TRAINING = {
    "steps": 4,
    "coordinates": 512,
    "schedule": "constant",
    "learning_rate": 1e-3,
    **START,
    "start_steps": 12,
    "start_batch": 2,
    "start_rate": 1e-3,
    "start_inner_steps": 4,
}


def make(name="inr-siren", **settings):
    descriptor = registry.model(name)
    switches = protocols.switches("fixed", descriptor.switches)
    model = descriptor.load()(**resolve({**descriptor.defaults, **SMALL, **settings}, switches, SAMPLES))
    return model, switches


def sounds(numbers=range(4)):
    return Sounds(voice_clip(number, SAMPLES, RATE) for number in numbers)


@pytest.fixture
def context(bare, tmp_path):
    def build(switches, place="one", **changes):
        training = TRAINING | changes.pop("training", {})
        kept = tmp_path / place
        return bare(SAMPLES, switches=switches, training=training, scratch=kept / "scratch", kept=kept, **changes)

    return build


def learn(context, name="inr-siren", numbers=range(4), **changes):
    """A model with a learned start, the context that it has learned in, and the facts."""
    model, switches = make(name, start="learned")
    ctx = context(switches, **changes)
    return model, ctx, model.fit(sounds(numbers), ctx)


def error(made, clip):
    return float(np.abs(made.waveform - clip.waveform).mean())


@pytest.mark.parametrize(("name", "omega", "rate"), [("inr-siren", {"omega_0": 200.0}, 1e-3), ("inr-fmlp", {}, 5e-3)])
def test_four_steps_from_a_start_learned_on_a_clip_fit_it_better(name, omega, rate, context):
    (clip,) = sounds([0])
    training = {"learning_rate": rate, "start_steps": 40, "start_rate": 2 * rate, "start_inner_rate": rate}
    errors = {}
    for start in ("random", "learned"):
        model, switches = make(name, start=start, **omega)
        ctx = context(switches, training=training)
        facts = model.fit(sounds([0]), ctx)
        (made,) = model.reconstruct([clip], ctx)
        errors[start] = error(made, clip)
    assert errors["learned"] < 0.8 * errors["random"]
    assert facts["loss"] < 0.8 * facts["loss_random"]


def test_a_random_start_learns_and_keeps_nothing(context):
    model, switches = make()
    ctx = context(switches)
    assert model.fit(sounds(), ctx) is None
    assert not ctx.kept.exists()


def test_settings_of_the_training_change_no_bit_of_a_fit_from_a_random_start(context):
    (clip,) = sounds([7])
    weights = []
    for training in (TRAINING, dict.fromkeys(START), {"start_steps": 3}):
        model, switches = make()
        (made,) = model.reconstruct([clip], context(switches, training=training))
        weights.append(made.weights)
    assert all(np.array_equal(other[key], weights[0][key]) for other in weights for key in weights[0])


def test_a_clip_starts_from_what_was_learned_whatever_is_beside_it(context):
    model, ctx, _ = learn(context)
    start = model._initial(["a", "b"], ctx, torch.device("cpu"))
    assert all(torch.equal(value[0], model.start[key]) for key, value in start.items())
    assert all(torch.equal(value[0], value[1]) for value in start.values())
    alone, others = (
        {made.clip_id: made.waveform for made in model.reconstruct(sounds(numbers), ctx)} for numbers in ([9], [8, 9])
    )
    assert np.array_equal(alone["check_9"], others["check_9"])


def test_the_payload_is_that_of_a_random_start(context):
    model, ctx, facts = learn(context)
    plain, switches = make()
    (made,) = model.reconstruct(sounds([9]), ctx)
    (other,) = plain.reconstruct(sounds([9]), context(switches))
    assert made.payload == other.payload
    assert facts["total"] == model.net.count() == made.payload.numbers


def test_facts_and_curve(context):
    rows, done = [], []
    _, ctx, facts = learn(context, record=rows.append, progress=lambda *pair: done.append(pair))
    assert (facts["steps"], facts["clips_seen"], facts["status"]) == (12, 24, "ok")
    assert [row["step"] for row in rows] == list(range(12))
    assert done[-1] == (12, 12)
    assert (ctx.kept / NETWORK).exists()
    assert not (ctx.kept / CHECKPOINT).exists()


@pytest.mark.parametrize("name", ["inr-siren", "inr-fmlp"])
@pytest.mark.parametrize("batch", [2, 5])
def test_the_start_is_bit_equal_for_every_number_of_threads(name, batch, context, threads):
    starts = []
    for count in (1, 2, 4):
        threads(count)
        training = {"start_batch": batch, "start_steps": 3, "start_inner_steps": 2}
        model, _, _ = learn(context, name, place=f"{count}", threads=count, training=training)
        starts.append(model.start)
    assert all(torch.equal(other[key], starts[0][key]) for other in starts for key in starts[0])


def test_other_seeds_learn_other_starts(context):
    first, second = (learn(context, place=f"{seed}", seed=seed)[0].start for seed in (0, 1))
    assert not torch.equal(first["w1"], second["w1"])


def test_a_learned_start_is_loaded_and_not_learned_again(context):
    model, ctx, facts = learn(context)
    again, _ = make(start="learned")
    assert again.fit(Sounds(), dataclasses.replace(ctx, seed=5)) == facts
    assert all(torch.equal(again.start[key], value) for key, value in model.start.items())


def test_a_training_resumed_from_its_checkpoint_is_bit_equal(context, eager_checkpoints):
    class Killed(BaseException):
        pass

    def kill(done, total):
        if done >= 6:
            raise Killed

    calm, _, facts = learn(context)
    with pytest.raises(Killed):
        learn(context, place="two", progress=kill)
    rows = []
    resumed, _, again = learn(context, place="two", record=rows.append)
    assert rows[0]["step"] == 5
    assert all(torch.equal(resumed.start[key], value) for key, value in calm.start.items())
    assert {**again, "seconds": 0} == {**facts, "seconds": 0}


def test_an_outer_step_points_away_from_where_plain_fits_of_the_clips_end(context):
    model, switches = make(start="learned")
    ctx = context(switches, training={"start_coordinates": SAMPLES})
    start = {key: value[0].requires_grad_() for key, value in model._initial(["a"], ctx, torch.device("cpu")).items()}

    def build(params, coordinates):
        return individual._steps(model.net, params, coordinates, ctx)

    outer = OuterStep(model.net, start, build, sounds(), ctx)
    losses = outer(3)
    ends, last = [], []
    for clip in outer.batches(3):
        params = {key: value.detach().clone()[None].requires_grad_() for key, value in start.items()}
        optimiser = torch.optim.Adam(params.values(), lr=ctx.training["start_inner_rate"])
        for _ in range(ctx.training["start_inner_steps"]):
            optimiser.zero_grad()
            loss = (model.net.apply(params, grid(SAMPLES)) - clip).abs().mean()
            loss.backward()
            optimiser.step()
        ends.append(params)
        last.append(loss.item())
    assert losses.tolist() == pytest.approx(last, rel=1e-3)
    for key, value in start.items():
        away = value.detach() - sum(params[key][0].detach() for params in ends) / 2
        assert torch.allclose(value.grad, away, rtol=1e-2, atol=0.05 * float(away.abs().max())), key


def test_silence_among_the_training_clips_is_harmless(context):
    model, switches = make(start="learned")
    silent = Clip("silence", np.zeros(SAMPLES, np.float32), RATE)
    facts = model.fit(Sounds([silent, *sounds([0])]), context(switches))
    assert facts["status"] == "ok"
    assert all(torch.isfinite(value).all() for value in model.start.values())


@pytest.mark.parametrize(
    ("training", "sentence"),
    [
        ({"start_steps": 0}, "start_steps expects a whole number from 1, got 0"),
        ({"start_steps": None}, "start_steps expects a whole number from 1, got None"),
        ({"start_batch": 1.5}, "start_batch expects a whole number from 1, got 1.5"),
        ({"start_inner_steps": True}, "start_inner_steps expects a whole number from 1, got True"),
        ({"start_rate": 0.0}, "start_rate expects a positive learning rate, got 0.0"),
        ({"start_inner_rate": "x"}, "start_inner_rate expects a positive learning rate, got 'x'"),
    ],
)
def test_training_settings_out_of_range_are_sentences(training, sentence, context):
    with pytest.raises(UsageError, match=sentence):
        learn(context, training=training)


def test_a_start_needs_training_clips(context):
    with pytest.raises(UsageError, match="expects clips in the train split"):
        learn(context, numbers=())


def test_a_fit_without_the_start_is_refused(context):
    model, switches = make(start="learned")
    with pytest.raises(UsageError, match="start=learned needs a training split to learn from"):
        list(model.reconstruct(sounds([0]), context(switches)))


def test_the_start_of_another_network_is_refused(context):
    _, ctx, _ = learn(context)
    other, _ = make(start="learned", width=25)
    with pytest.raises(DataError, match="should hold the start of a network of"):
        other.fit(sounds(), ctx)


def test_a_cell_that_decodes_needs_no_start(context):
    model, ctx, _ = learn(context)
    (made,) = model.reconstruct(sounds([9]), ctx)
    decoder, switches = make(start="learned")
    decoding = context(switches, place="empty", fitted=lambda clip_id: made.weights)
    assert decoder.fit(sounds(), decoding) is None
    (again,) = decoder.reconstruct(sounds([9]), decoding)
    assert np.array_equal(again.waveform, made.waveform)


def test_an_unknown_start_is_named():
    with pytest.raises(UnknownNameError, match="unknown start 'lerned'; did you mean 'learned'"):
        make(start="lerned")


def test_shared_start_makes_no_difference_to_a_learned_start():
    settings = {**registry.model("inr-siren").defaults, **SMALL, "start": "learned"}
    one, other = (resolve({**settings, "shared_start": shared}, {}, SAMPLES) for shared in (False, True))
    assert one == other
    assert one["shared_start"]
