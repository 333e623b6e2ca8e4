"""patch-inr and coinpp as models: training, resuming, threads, payload, decoding at any times, refused settings."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from hsbench import registry
from hsbench.audio.randomness import uniform
from hsbench.errors import DataError, UnknownNameError, UsageError
from hsbench.fit.losses import MultiResolutionMelLoss
from hsbench.models.base import NETWORK, rebuild
from hsbench.models.patches.amortised import AmortisedStep
from hsbench.models.patches.coinpp import MetaStep
from hsbench.models.patches.crops import PatchCrops
from hsbench.models.patches.network import first_omega
from hsbench.models.patches.tiles import Tiles
from hsbench.testing import check_model

NAMES = ["patch-inr", "coinpp"]


def state(model):
    return {name: value.clone() for name, value in model.network.state_dict().items()}


def equal(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert torch.equal(value, other[name]), name


@pytest.mark.parametrize("name", NAMES)
def test_a_trained_network_is_kept_and_loaded(make, clips, name):
    rows = []
    model, context = make(name, context={"record": rows.append})
    facts = model.fit(clips, context)
    assert (facts["steps"], facts["clips_seen"]) == (6, 12)
    assert facts["total"] == sum(value.numel() for value in model.network.parameters())
    assert {"loss", "loss_silence", "loss_shuffled", "energy_ratio", "spread", "status", "seconds"} <= facts.keys()
    assert [row["step"] for row in rows] == [0, 1, 2, 3, 4, 5]
    assert [path.name for path in context.kept.iterdir()] == [NETWORK]
    loaded, _ = make(name)
    assert loaded.fit([], context) == facts
    first, second = (rebuild(each, clips, context) for each in (model, loaded))
    for clip_id, reconstruction in first.items():
        assert reconstruction.waveform.tobytes() == second[clip_id].waveform.tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_training_and_reconstruction_are_bit_equal_for_every_number_of_threads(make, clips, tmp_path, name):
    networks, waveforms = [], []
    for threads in (1, 2, 3):
        model, context = make(name, context={"threads": threads, "kept": tmp_path / f"{threads}"}, patches=32)
        model.fit(clips, context)
        networks.append(state(model))
        waveforms.append(rebuild(model, clips[:1], context)["c0"].waveform.tobytes())
    equal(networks[0], networks[1])
    equal(networks[0], networks[2])
    assert len(set(waveforms)) == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_clip_does_not_depend_on_the_clips_beside_it(make, clips, name):
    model, context = make(name)
    model.fit(clips, context)
    together = rebuild(model, clips, context)
    for clip in clips:
        assert rebuild(model, [clip], context)[clip.id].waveform.tobytes() == together[clip.id].waveform.tobytes()


@pytest.mark.usefixtures("eager_checkpoints")
@pytest.mark.parametrize("name", NAMES)
def test_an_interrupted_training_resumes_to_the_same_weights_bit_for_bit(make, clips, tmp_path, name):
    undisturbed, context = make(name, context={"kept": tmp_path / "undisturbed"})
    undisturbed.fit(clips, context)

    def interrupt(done, total):
        if done == 3:
            raise InterruptedError

    model, context = make(name, context={"progress": interrupt})
    with pytest.raises(InterruptedError):
        model.fit(clips, context)
    resumed, context = make(name)
    resumed.fit(clips, context)
    equal(state(resumed), state(undisturbed))


@pytest.mark.parametrize(("name", "steps"), [("patch-inr", 300), ("coinpp", 100)])
def test_clips_of_the_training_can_be_learned(make, clips, name, steps):
    rows = []
    model, context = make(
        name, context={"record": rows.append}, steps=steps, patches=16, compression_ratio=2.0, learning_rate=1e-3
    )
    facts = model.fit(clips, context)
    assert facts["status"] == "ok"
    assert facts["loss"] < 0.75 * facts["loss_silence"]
    assert facts["loss"] < 0.75 * facts["loss_shuffled"]
    assert rows[-1]["loss"] < 0.75 * rows[0]["loss"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("settings", "latent"), [({"compression_ratio": 8.0}, 8), ({"latent": 5}, 5)])
def test_the_payload_is_the_latents(make, clips, name, settings, latent):
    model, context = make(name, **settings)
    model.fit(clips, context)
    reconstruction = rebuild(model, clips[:1], context)["c0"]
    assert reconstruction.payload.numbers == latent * 16
    assert reconstruction.payload.bits == 32 * latent * 16
    assert reconstruction.weights["latents"].shape == (16, latent)
    assert reconstruction.facts["border_error"] > 0
    assert reconstruction.steps == (3 if name == "coinpp" else 0)


@pytest.mark.parametrize("name", NAMES)
def test_a_clip_can_be_decoded_at_any_times_from_its_latents(make, clips, name):
    model, context = make(name)
    model.fit(clips, context)
    reconstruction = rebuild(model, clips[:1], context)["c0"]
    own = model.play(reconstruction.weights, np.linspace(-1, 1, 1024), context)
    assert np.abs(own - reconstruction.waveform).max() < 1e-4
    finer = model.play(reconstruction.weights, np.linspace(-1, 1, 2 * 1024 - 1), context)
    assert np.abs(finer[::2] - own).max() < 1e-4


@pytest.mark.parametrize("name", NAMES)
def test_a_clip_of_another_length_is_reconstructed(make, clips, longer, name):
    model, context = make(name)
    model.fit(clips, context)
    assert rebuild(model, [longer], context)["long"].waveform.shape == (1100,)
    assert rebuild(model, [longer], context)["long"].payload.numbers == 16 * 18


@pytest.mark.parametrize("name", NAMES)
def test_recorded_steps_train_the_same_network(make, clips, name, fast, recorded_calls, tmp_path, monkeypatch):
    for step in (AmortisedStep, MetaStep):
        monkeypatch.setattr(step, "compile", lambda step: None)
    plain, context = make(name, context={"kept": tmp_path / "plain"})
    plain.fit(clips, context)
    assert recorded_calls == []
    fast()
    recorded, context = make(name)
    recorded.fit(clips, context)
    assert recorded_calls == [1] * context.training["steps"]
    for key, value in plain.trained.state_dict().items():
        assert torch.equal(value, recorded.trained.state_dict()[key]), key


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor")  # torch's tracer reads it
@pytest.mark.parametrize(("name", "functions"), [("patch-inr", 2), ("coinpp", 1)])
def test_a_compiled_step_trains_the_same_network(make, clips, name, functions, fast, compiled, tmp_path):
    """Compiled are the SIREN and its derivative, or the whole inner loop; a reconstruction compiles nothing."""
    plain, context = make(name, context={"kept": tmp_path / "plain"})
    plain.fit(clips, context)
    fast()
    reports = []
    fitted, context = make(name, context={"compiling": reports.append})
    fitted.fit(clips, context)
    assert (compiled, reports) == (["inductor"] * functions, [0, 1])
    for key, value in plain.trained.state_dict().items():
        assert torch.allclose(value, fitted.trained.state_dict()[key], rtol=1e-4, atol=1e-6), key
    torch._dynamo.utils.counters.clear()
    rebuild(fitted, clips, context)
    assert not torch._dynamo.utils.counters["frames"]


def test_the_gradient_of_a_step_equals_the_plain_computation(make, clips):
    model, context = make("patch-inr")
    network = model.network = model.build(context)
    patches = torch.from_numpy(np.stack([clip.waveform for clip in clips])).view(-1, 64)

    def loss(x, y):
        return (x - y).square().mean().sqrt()

    found = AmortisedStep(network, 64, Tiles(torch.device("cpu"), 2, 12), loss)(patches)
    gradients = {name: value.grad.clone() for name, value in network.named_parameters()}
    network.zero_grad()
    siren = network.siren
    latents = network.encoder.linear[1](F.elu(network.encoder.linear[0](patches)))
    modulation = siren.modulation(latents).view(-1, 2, 12)
    h = torch.linspace(-5, 5, 64).expand(len(patches), 1, 64)
    omegas = [first_omega(6881.0, 64, 22050), 50.0]
    for layer, matrix in enumerate([siren.first, siren.hidden[0]]):
        h = torch.sin(omegas[layer] * (matrix @ h + (siren.biases[layer] + modulation[:, layer])[:, :, None]))
    expected = loss(patches, (siren.output @ h).squeeze(1) + siren.output_bias)
    expected.backward()
    assert float(found) == pytest.approx(float(expected.detach()), rel=1e-5)
    for name, value in network.named_parameters():
        assert torch.allclose(value.grad, gradients[name], rtol=1e-3, atol=1e-5 * float(value.grad.abs().max())), name


def test_the_spectral_loss_needs_windows_of_more_than_1024_samples(make, clips):
    model, context = make("patch-inr", spectral_weight=0.3, patches=32)
    with pytest.raises(UsageError, match="more than 1024 samples"):
        model.fit(clips, context)


def test_the_spectral_loss_of_joined_patches_is_added_to_the_error(make):
    generator = torch.Generator().manual_seed(0)
    patches, estimates = (torch.randn(32, 128, generator=generator) / 4 for _ in range(2))
    model, context = make("patch-inr", patch=128, spectral_weight=0.3)
    assert model.run() == 16
    error = (estimates - patches).square().mean().sqrt()
    mel = MultiResolutionMelLoss(22050)(patches.view(2, 2048), estimates.view(2, 2048))
    assert float(model._loss(context)(patches, estimates)) == pytest.approx(float(error + 0.3 * mel), rel=1e-6)
    plain, _ = make("patch-inr", patch=128)
    assert plain.run() == 1
    assert float(plain._loss(context)(patches, estimates)) == pytest.approx(float(error), rel=1e-6)


def test_the_factor_omega_of_coinpp_in_hertz():
    assert first_omega(6881.0, 256, 22050) == pytest.approx(50, rel=1e-3)
    assert first_omega(6366.2, 201, 16000) == pytest.approx(50, rel=1e-3)


def test_more_inner_steps_use_the_same_network_and_do_not_diverge(make, clips):
    model, context = make("coinpp", steps=60, patches=16, learning_rate=1e-3)
    model.fit(clips, context)
    errors = []
    for steps in (1, 3, 10, 100):
        other, _ = make("coinpp", inner_steps=steps)
        other.fit([], context)
        found = rebuild(other, clips, context)
        errors.append(np.mean([np.square(found[c.id].waveform - c.waveform).mean() for c in clips]))
        assert {r.steps for r in found.values()} == {steps}
    assert errors[1] < errors[0]
    assert errors[2] <= errors[1]
    assert errors[3] <= errors[2]
    assert registry.model("coinpp").decode_settings == ("inner_steps", "latent_format")


def test_step_sizes_are_learned_only_if_the_budget_says_so(make, clips, tmp_path):
    for learned in (False, True):
        model, context = make(
            "coinpp", context={"kept": tmp_path / f"{learned}"}, learned_rates=learned, learning_rate=1e-2
        )
        model.fit(clips, context)
        rates = model.network.log_rates.detach().exp()
        assert bool((rates / 0.1 - 1).abs().max() > 1e-3) == learned


def test_the_published_budget_of_coinpp_has_the_published_sizes(bare):
    descriptor = registry.model("coinpp")
    settings = registry.load_target(descriptor.resolve)({**descriptor.defaults, "latent": 128, "patch": 200}, {}, 48000)
    model = descriptor.load()(**settings)
    network = model.build(bare(48000, sample_rate=16000, training=descriptor.budgets["paper"]))
    siren = network.siren
    base = sum(p.numel() for p in (siren.first, siren.hidden, siren.biases, siren.output, siren.output_bias))
    assert base == 527105
    assert siren.modulation.weight.numel() == 297216 - 9 * 256  # without c, which does the same as the biases
    assert not network.log_rates.requires_grad


def test_windows_of_a_crop_are_runs_of_successive_samples():
    class Ramp:
        batch, samples = 2, 100

        def __call__(self, step):
            return torch.arange(200.0).view(2, 100)

    patches = PatchCrops(Ramp(), 4, 12, 3, lambda *words: 5)(0)
    assert patches.shape == (12, 4)
    runs = patches.view(4, 12)
    assert (runs.diff(dim=1) == 1).all()
    assert (runs[:2] < 100).all()
    assert (runs[2:] >= 100).all()
    draws = uniform(torch.tensor([5]), 4)[0].double()
    assert runs[:, 0].tolist() == [int(draws[i] * 89) + 100 * (i // 2) for i in range(4)]


def test_a_window_may_begin_at_every_sample_where_it_fits_into_its_crop():
    class Ramp:
        batch, samples = 1, 13

        def __call__(self, step):
            return torch.arange(13.0)[None]

    drawn = [PatchCrops(Ramp(), 4, 3, 3, lambda *words: words[-1])(step).flatten() for step in range(20)]
    assert {int(window[0]) for window in drawn} == {0, 1}


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("patch-inr", {"hidden": "a-b"}, "hidden expects layer widths"),
        ("patch-inr", {"patches": 7}, "patches expects a multiple of 2"),
        ("patch-inr", {"steps": 0}, "steps expects a whole number from 1"),
        ("patch-inr", {"share": 1.5}, "share expects a number above 0 and at most 1"),
        ("patch-inr", {"patch": 2048}, "longer than a clip"),
        ("patch-inr", {"compression_ratio": 65.0}, "compression_ratio expects"),
        ("patch-inr", {"latent": 0}, "latent expects a whole number from 1"),
        ("patch-inr", {"first_hz": 0.0}, "first_hz expects a positive number"),
        ("coinpp", {"inner_steps": 0}, "inner_steps expects a whole number from 1"),
        ("coinpp", {"inner_rate": -1.0}, "inner_rate expects a positive number"),
        ("coinpp", {"layers": 0}, "layers expects a whole number from 1"),
    ],
)
def test_settings_out_of_range_are_refused_in_a_sentence(make, clips, name, changes, message):
    with pytest.raises(UsageError, match=message):  # noqa: PT012  the setting is checked by one of the two
        model, context = make(name, **changes)
        model.fit(clips, context)


def test_an_unknown_outer_loss_is_refused(make, clips):
    model, context = make("coinpp", outer_loss="mae")
    with pytest.raises(UnknownNameError, match="outer loss"):
        model.fit(clips, context)


@pytest.mark.parametrize("name", NAMES)
def test_a_corpus_without_training_clips_is_refused(make, clips, name):
    model, context = make(name)
    with pytest.raises(UsageError, match="no clips|has none there"):
        model.fit(clips[:0], context)


@pytest.mark.parametrize("name", NAMES)
def test_a_network_of_other_settings_is_refused(make, clips, name):
    model, context = make(name)
    model.fit(clips, context)
    other, _ = make(name, latent=3)
    with pytest.raises(DataError, match="other names or shapes"):
        other.fit(clips, context)


@pytest.mark.parametrize("name", NAMES)
def test_the_models_pass_the_conformance_checks(name):
    training = {"steps": 3, "batch": 2, "patches": 4}
    passed = check_model(name, settings={"patch": 64}, training=training)
    assert "a training that was interrupted ends the same" in passed
