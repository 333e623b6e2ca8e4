import math

import numpy as np
import pytest
import torch

from hsbench import protocols, registry, score, widths
from hsbench.audio.clip import Clip
from hsbench.errors import UsageError
from hsbench.models.base import Context, verdict
from hsbench.models.inr import curve, individual, steps
from hsbench.models.inr.coordinates import Coordinates

SAMPLES = 2048


def clip(name="a", seed=0, samples=SAMPLES):
    rng = np.random.default_rng(seed)
    t = np.linspace(-1, 1, samples)
    x = sum(rng.uniform(0.2, 1) * np.sin(2 * np.pi * rng.uniform(2, 40) * t + rng.uniform(0, 6)) for _ in range(5))
    return Clip(name, (x / np.abs(x).max()).astype(np.float32), 22050)


def make(name, protocol="fixed", **settings):
    descriptor = registry.model(name)
    switches = protocols.switches(protocol, descriptor.switches)
    full = widths.resolve({**descriptor.defaults, "width": 24, "layers": 3, **settings}, switches, SAMPLES)
    return descriptor.load()(**full), switches


@pytest.fixture
def context(tmp_path):
    def build(switches, **changes):
        training = {"steps": 60, "coordinates": 512, "schedule": "one_cycle", "learning_rate": 1e-2}
        training |= changes.pop("training", {})
        rows = []
        facts = {
            "seed": 0,
            "sample_rate": 22050,
            "samples": SAMPLES,
            "switches": switches,
            "training": training,
            "device": "cpu",
            "threads": 2,
            "scratch": tmp_path / "scratch",
            "kept": tmp_path / "kept",
            "record": rows.append,
            "progress": lambda done, total: None,
        }
        made = Context(**(facts | changes))
        object.__setattr__(made, "rows", rows)
        return made

    return build


@pytest.mark.parametrize("name", ["inr-fmlp", "inr-siren"])
@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["fixed", "paper"])
def test_it_learns_a_clip(name, protocol, context):
    model, switches = make(name, protocol, **({"omega_0": 200.0} if name == "inr-siren" else {}))
    rate = 1e-2 if name == "inr-fmlp" else 3e-3
    ctx = context(switches, training={"steps": 500, "learning_rate": rate})
    (made,) = model.reconstruct([clip()], ctx)
    assert made.status == "ok"
    assert score(clip().waveform, made.waveform, 22050, ["si_snr"])["si_snr"].value > 15
    losses = [row["loss"] for row in ctx.rows]
    assert losses[-1] < 0.3 * losses[0]
    assert [row["step"] for row in ctx.rows][:3] == [0, 5, 10]


def test_a_diverging_fit_is_a_status_and_leaves_the_others_alone(context):
    model, switches = make("inr-fmlp", "paper")
    wild = Clip("wild", np.full(SAMPLES, np.nan, np.float32), 22050)
    calm = {one.clip_id: one for one in model.reconstruct([clip("b", 1), clip("a")], context(switches))}
    made = {one.clip_id: one for one in model.reconstruct([wild, clip("a")], context(switches))}
    assert made["wild"].status == "diverged"
    assert made["a"].status == "ok"
    assert np.array_equal(made["a"].waveform, calm["a"].waveform)


def test_the_loss_of_the_curve_is_null_and_not_nan_when_all_diverge(context):
    model, switches = make("inr-fmlp")
    ctx = context(switches, training={"steps": 3})
    list(model.reconstruct([Clip("wild", np.full(SAMPLES, np.nan, np.float32), 22050)], ctx))
    assert {row["loss"] for row in ctx.rows} == {None}


def test_verdicts():
    x = clip().waveform
    assert verdict(x, x) == "ok"
    assert verdict(x, 0 * x + 0.3) == "collapsed"
    assert verdict(x, 0.01 * x) == "collapsed"
    assert verdict(x, 0.1 * x) == "ok"
    assert verdict(x, 100 * x) == "diverged"
    assert verdict(x, np.where(x > 0.9, np.nan, x)) == "diverged"
    assert verdict(0 * x, x) == "ok"


@pytest.mark.parametrize("name", ["inr-fmlp", "inr-siren"])
@pytest.mark.parametrize("loss", ["l1", "mse"])
def test_steps_give_the_gradient_of_the_full_batch(name, loss, context):
    """Clip by clip as on a CPU, and as one batch as on a GPU."""
    model, _ = make(name)
    target = torch.from_numpy(np.stack([clip("a", 0).waveform, clip("b", 1).waveform]))
    coordinates = torch.linspace(-1, 1, SAMPLES).view(1, -1, 1)
    params = model._initial(["a", "b"], context({}), torch.device("cpu"))
    whole = {key: value.clone().requires_grad_() for key, value in params.items()}
    error = model.net.apply(whole, coordinates) - target
    plain = (error.abs() if loss == "l1" else error**2).mean(dim=1)
    plain.sum().backward()

    def draw(_number):
        return model.net.features(coordinates), target

    clips = steps.ClipSteps(model.net, params, draw, individual.LOSSES[loss], threads=2)
    batch = steps.BatchSteps(model.net, params, draw, individual.LOSSES[loss])
    for step in (clips, batch):
        assert torch.allclose(step(0), plain.detach(), rtol=1e-5)
    for key, value in whole.items():
        by_clip = torch.cat([clips.parameters[f"{number}.{key}"].grad for number in range(2)])
        for gradient in (by_clip, batch.parameters[key].grad):
            assert torch.allclose(gradient, value.grad, rtol=1e-3, atol=1e-5 * value.grad.abs().max().item()), key


@pytest.mark.parametrize("name", ["inr-fmlp", "inr-siren"])
def test_a_step_in_bf16_stays_near_that_in_fp32(name, context):
    model, _ = make(name)
    target = torch.from_numpy(clip().waveform)[None]
    features = model.net.features(torch.linspace(-1, 1, SAMPLES).view(1, -1, 1))
    params = model._initial(["a"], context({}), torch.device("cpu"))

    def run(policy, steps_of):
        step = steps_of(policy)
        losses = step(0)
        return losses, torch.cat([value.grad.flatten() for value in step.parameters.values()])

    for steps_of in (
        lambda policy: steps.ClipSteps(model.net, params, lambda _: (features, target), torch.square, 2, policy),
        lambda policy: steps.BatchSteps(model.net, params, lambda _: (features, target), torch.square, policy),
    ):
        (loss, gradient), (loss_tf32, gradient_tf32), (loss_bf16, gradient_bf16) = (
            run(policy, steps_of) for policy in ("fp32", "tf32", "bf16")
        )
        assert torch.equal(loss_tf32, loss)
        assert torch.equal(gradient_tf32, gradient)
        assert loss_bf16.dtype == gradient_bf16.dtype == torch.float32
        assert not torch.equal(loss_bf16, loss)
        assert torch.allclose(loss_bf16, loss, rtol=0.02)
        assert (gradient_bf16 - gradient).norm() < 0.1 * gradient.norm()


def test_each_pass_over_the_clip_visits_every_coordinate_once(context):
    ctx = context({})
    position = torch.arange(SAMPLES, dtype=torch.float32).view(1, -1)
    draw = Coordinates(position.view(1, 1, -1), position, 512, ctx.key)
    passes = []
    for start in (0, 4):
        parts = [draw(number) for number in range(start, start + 4)]
        assert all(torch.equal(features[0, 0], target[0]) for features, target in parts)
        passes.append(torch.cat([target[0] for _, target in parts]))
        assert torch.equal(passes[-1].sort().values, position[0])
    assert not torch.equal(*passes)
    assert torch.equal(draw(2)[1], draw(2)[1])


@pytest.mark.parametrize("name", ["inr-fmlp", pytest.param("inr-siren", marks=pytest.mark.slow)])
def test_a_fit_resumed_from_its_checkpoint_is_bit_equal(name, context, eager_checkpoints, tmp_path):
    class Killed(BaseException):
        pass

    def kill(done, total):
        if done >= 40 * 2:
            raise Killed

    model, switches = make(name)
    clips = [clip("a", 0), clip("b", 1)]
    calm = list(model.reconstruct(clips, context(switches, scratch=tmp_path / "calm")))
    with pytest.raises(Killed):
        list(model.reconstruct(clips, context(switches, progress=kill)))
    resumed = context(switches)
    again = list(model.reconstruct(clips, resumed))
    assert min(row["step"] for row in resumed.rows) >= 39
    for before, after in zip(calm, again, strict=True):
        assert np.array_equal(before.waveform, after.waveform)


@pytest.fixture
def batched(monkeypatch, fast):
    """Fit all clips as one batch, compiled and recorded, as on a GPU."""

    def steps_of_a_gpu(net, params, coordinates, context, _rounding):
        return steps.BatchSteps(net, params, coordinates, individual.LOSSES[context.switches["inr_loss"]])

    monkeypatch.setattr(individual, "_steps", steps_of_a_gpu)
    return fast


@pytest.mark.parametrize("coordinates", [None, 512])
def test_recorded_steps_fit_the_same_networks(coordinates, batched, recorded_calls, compiled, context, tmp_path):
    model, switches = make("inr-fmlp")
    asked = {"training": {"steps": 9, "coordinates": coordinates}}
    plain = list(model.reconstruct([clip("a", 0), clip("b", 1)], context(switches, **asked)))
    assert recorded_calls == compiled == []
    batched()
    reports = []
    ctx = context(switches, **asked, compiling=reports.append, scratch=tmp_path / "recorded")
    again = list(model.reconstruct([clip("a", 0), clip("b", 1)], ctx))
    assert compiled == ["inductor"]
    assert recorded_calls == [2] * again[0].steps == [2] * 8
    assert reports == [0, 1]
    assert [set(row["losses"]) for row in ctx.rows[:2]] == [{"a", "b"}] * 2
    for one, other in zip(plain, again, strict=True):
        assert np.array_equal(one.waveform, other.waveform)


def test_the_reference_is_evaluated_before_the_last_update(context):
    model, switches = make("inr-fmlp", "reference")
    training = {"steps": 1, "coordinates": None, "schedule": "constant", "learning_rate": 1e-4}
    (made,) = model.reconstruct([clip()], context(switches, training=training))
    drawn = model.net.draw(torch.Generator().manual_seed(context(switches).key("init", "a")))
    assert made.steps == 0
    assert all(np.array_equal(made.weights[key], drawn[key].numpy()) for key in drawn)
    model, switches = make("inr-fmlp", "paper")
    (made,) = model.reconstruct([clip()], context(switches, training=training))
    assert made.steps == 1
    assert not np.array_equal(made.weights["w1"], drawn["w1"].numpy())


def test_one_step_is_adam_on_the_mean_absolute_error(context):
    model, switches = make("inr-siren", "paper")
    training = {"steps": 1, "coordinates": None, "schedule": "constant", "learning_rate": 1e-4}
    (made,) = model.reconstruct([clip()], context({**switches, "inr_loss": "l1"}, training=training))
    drawn = model._initial(["a"], context(switches), torch.device("cpu"))
    params = {key: value.requires_grad_() for key, value in drawn.items()}
    optimiser = torch.optim.Adam(params.values(), lr=1e-4)
    y = model.net.apply(params, torch.linspace(-1, 1, SAMPLES).view(1, -1, 1))
    (y - torch.from_numpy(clip().waveform)).abs().mean().backward()
    optimiser.step()
    for key, value in params.items():
        assert np.allclose(made.weights[key], value[0].detach().numpy(), atol=2e-6), key


def test_payload_weights_and_steps_travel_along(context):
    model, switches = make("inr-siren")
    (made,) = model.reconstruct([clip()], context(switches))
    assert made.payload.numbers == model.net.count() == sum(value.size for value in made.weights.values())
    assert made.payload.bits == 32 * made.payload.numbers
    assert {key: value.shape for key, value in made.weights.items()} == model.net.shapes()
    assert made.seconds > 0
    params = {key: torch.from_numpy(value)[None] for key, value in made.weights.items()}
    y = model.net.apply(params, torch.linspace(-1, 1, SAMPLES).view(1, -1, 1))[0]
    assert np.allclose(y.numpy(), made.waveform, atol=1e-6)


def test_the_first_rows_of_a_curve_hold_the_loss_of_each_clip(context):
    model, switches = make("inr-siren")
    ctx = context(switches, training={"steps": 60})
    list(model.reconstruct([clip("a", 0), clip("b", 1)], ctx))
    first = [row for row in ctx.rows if "losses" in row]
    assert first == ctx.rows[: curve.FIRST_ROWS]
    assert all(set(row["losses"]) == {"a", "b"} for row in first)
    assert all(row["loss"] == pytest.approx(np.mean(list(row["losses"].values()))) for row in first)
    other = context(switches, training={"steps": 60})
    list(model.reconstruct([clip("b", 1)], other))
    assert [row["losses"]["b"] for row in other.rows[:4]] == [row["losses"]["b"] for row in first]


@pytest.mark.parametrize(
    ("training", "sentence"),
    [
        ({"steps": 0}, "steps expects a whole number from 1, got 0"),
        ({"steps": 1.5}, "steps expects a whole number"),
        ({"coordinates": 0}, "coordinates expects a whole number from 1 to 2048"),
        ({"coordinates": 4096}, "coordinates expects a whole number from 1 to 2048"),
    ],
)
def test_training_settings_out_of_range_are_sentences(training, sentence, context):
    model, switches = make("inr-fmlp")
    with pytest.raises(UsageError, match=sentence):
        list(model.reconstruct([clip()], context(switches, training=training)))


def test_unequal_clips_are_refused(context):
    model, switches = make("inr-fmlp")
    with pytest.raises(UsageError, match="clips of 2048 samples"):
        list(model.reconstruct([clip(), clip("b", samples=1000)], context(switches)))


@pytest.mark.parametrize("name", ["inr-fmlp", "inr-siren"])
def test_the_paper_budget_is_the_published_training(name):
    descriptor = registry.model(name)
    budget = descriptor.key_settings(descriptor.effective_training(descriptor.defaults, descriptor.budgets["paper"]))
    precision = {"precision": "tf32"}  # on a GPU, that of the published runs if they ran on an Ampere card
    assert budget == {"steps": 100_000, "coordinates": None, "schedule": "constant", "learning_rate": 1e-4, **precision}


@pytest.mark.parametrize(("shared", "same"), [(False, False), (True, True)])
def test_clips_start_alike_only_where_they_share_their_start(context, shared, same):
    model, switches = make("inr-fmlp", shared_start=shared)
    start = model._initial(["a", "b"], context(switches), torch.device("cpu"))
    assert all(torch.equal(value[0], value[1]) == same for value in start.values())
    alone = model._initial(["b"], context(switches), torch.device("cpu"))
    assert all(torch.equal(value[1], alone[name][0]) for name, value in start.items())


def test_seeds_and_purposes_have_keys_of_their_own(context):
    ctx = context({})
    keys = {ctx.key("init", "a"), ctx.key("init", "b"), ctx.key("coordinates", 0), ctx.key("coordinates", 1)}
    keys |= {context({}, seed=1).key("init", "a")}
    assert len(keys) == 5
    assert all(0 <= key < 2**63 for key in keys)
    assert ctx.key("init", "a") == context({}).key("init", "a")
    assert math.log2(max(keys)) > 50


@pytest.mark.parametrize("name", ["inr-fmlp", "inr-siren"])
def test_a_clip_is_played_at_any_times_from_its_own_parameters(name, context):
    model, switches = make(name)
    ctx = context(switches)
    (made,) = model.reconstruct([clip()], ctx)
    own = model.play(made.weights, np.linspace(-1, 1, SAMPLES), ctx)
    assert own == pytest.approx(made.waveform, abs=1e-3)
    double = model.play(made.weights, np.linspace(-1, 1, 2 * SAMPLES - 1), ctx)
    assert double[::2] == pytest.approx(own, abs=1e-3)
