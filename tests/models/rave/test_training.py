"""Training of rave-v1: gradients in both phases, checkpoints, resuming, and refused settings."""

import pytest
import torch

from hsbench.audio import pqmf
from hsbench.audio.clip import Clip
from hsbench.audio.passages import joined
from hsbench.errors import DataError, UsageError
from hsbench.models.base import NETWORK, rebuild
from hsbench.models.rave.discriminators import Discriminators
from hsbench.models.rave.encoder import divergence
from hsbench.models.rave.model import RaveV1
from hsbench.models.rave.network import Rave
from hsbench.models.rave.step import TrainingStep

TINY = {
    "steps": 4,
    "phase_1_steps": 2,
    "batch": 2,
    "signal": 18432,
    "learning_rate": 1e-3,
    "beta": 0.1,
    "capacity": 2,
    "discriminator_capacity": 1,
    "train_clips": None,
    "augment": True,
}
DECODING = {"latent": "full", "noise": True, "align": "none"}


class Clips:
    """Training clips as hsbench.models.base.Training describes them."""

    def __init__(self, waveforms):
        self.clips = [Clip(f"c{index}", waveform.numpy(), 22050) for index, waveform in enumerate(waveforms)]

    def __len__(self):
        return len(self.clips)

    def __getitem__(self, index):
        return self.clips[index]

    def __iter__(self):
        return iter(self.clips)

    def first(self, count):
        return Clips([torch.from_numpy(clip.waveform) for clip in self.clips[:count]])

    def passages(self):
        return joined([(clip.waveform * 32767).astype("int16") for clip in self.clips])


@pytest.fixture
def clips(golden_speech):
    return Clips(golden_speech)


def gradients(module):
    return {name for name, parameter in module.named_parameters() if parameter.grad is not None}


def test_phase_2_alternates_discriminators_and_generator_and_freezes_the_encoder():
    network, discriminators = Rave(2), Discriminators(1)
    step = TrainingStep(network, discriminators, 2, 0.1, lambda *words: hash(words) & 0xFFFF)
    waveform = 0.1 * torch.randn(2, 18432, generator=torch.Generator().manual_seed(0))
    noise = {f"generator.noise.{index}.1.{what}" for index in (0, 2, 4) for what in ("weight", "bias")}
    everything = {name for name, _ in network.named_parameters()}
    mean = network.encoder.net[1].running_mean
    generator = {name for name in everything if name.startswith("generator.")}
    all_discriminators = {name for name, _ in discriminators.named_parameters()}
    trained = {1: (everything - noise, set()), 2: (set(), all_discriminators), 3: (generator, set())}
    for number, (of_network, of_discriminators) in trained.items():
        network.zero_grad()
        discriminators.zero_grad()
        before = mean.clone()
        loss = step(number, waveform)
        assert torch.isfinite(loss)
        assert gradients(network) == of_network
        assert gradients(discriminators) == of_discriminators
        assert torch.equal(mean, before) == (number >= 2), "batch norm is frozen in the second phase"


def test_a_step_depends_on_seed_and_number_and_not_on_torchs_generator():
    waveform = 0.1 * torch.randn(2, 18432, generator=torch.Generator().manual_seed(0))

    def loss(number, seed):
        step = TrainingStep(Rave(2), Discriminators(1), 1, 0.1, lambda *words: hash((seed, *words)) & 0xFFFF)
        torch.manual_seed(seed + 99)
        return float(step(number, waveform))

    for number in (0, 1):
        assert loss(number, 0) == loss(number, 0)
        assert loss(number, 0) != loss(number, 1)


@pytest.mark.parametrize("first", [1, 0])
def test_beta_is_the_weight_of_the_divergence(first):
    waveform = 0.1 * torch.randn(2, 18432, generator=torch.Generator().manual_seed(0))
    losses = {}
    for beta in (0.0, 0.1, 1.0):
        network = Rave(2)
        losses[beta] = float(TrainingStep(network, Discriminators(1), first, beta, lambda *words: 5)(0, waveform))
    network.encoder.train(first > 0)
    latent_divergence = float(divergence(*network.encoder(pqmf.analyse(waveform))).detach())
    assert losses[1.0] - losses[0.0] == pytest.approx(latent_divergence, rel=1e-3)
    assert losses[0.1] - losses[0.0] == pytest.approx(0.1 * latent_divergence, rel=1e-2)


def test_a_trained_network_is_kept_and_loaded(bare, clips):
    rows = []
    context = bare(32768, training=TINY, record=rows.append)
    model = RaveV1(**DECODING)
    facts = model.fit(clips, context)
    assert (facts["steps"], facts["clips_seen"], facts["ratio"]) == (4, 8, 2048)
    assert facts["total"] == sum(parameter.numel() for parameter in Rave(2).parameters())
    assert {"loss", "loss_silence", "loss_noise", "loss_shuffled", "energy_ratio", "spread", "status"} <= facts.keys()
    assert [row["step"] for row in rows] == [0, 1, 2, 3]
    assert [path.name for path in context.kept.iterdir()] == [NETWORK]
    loaded = RaveV1(**DECODING)
    assert loaded.fit([], context) == facts
    first, second = (rebuild(each, list(clips), context) for each in (model, loaded))
    for name, reconstruction in first.items():
        assert reconstruction.waveform.tobytes() == second[name].waveform.tobytes()
        assert (reconstruction.payload.numbers, reconstruction.payload.bits) == (2048, 65536)


@pytest.mark.usefixtures("eager_checkpoints")
@pytest.mark.parametrize("stop", [2, 4])
def test_an_interrupted_training_resumes_to_the_same_weights_bit_for_bit(bare, clips, tmp_path, stop):
    undisturbed = RaveV1(**DECODING)
    undisturbed.fit(clips, bare(32768, training=TINY, kept=tmp_path / "undisturbed"))

    def interrupt(done, total):
        if done == stop:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        RaveV1(**DECODING).fit(clips, bare(32768, training=TINY, progress=interrupt))
    resumed = RaveV1(**DECODING)
    resumed.fit(clips, bare(32768, training=TINY))
    expected = undisturbed.autoencoder().state_dict()
    for name, value in resumed.autoencoder().state_dict().items():
        assert torch.equal(value, expected[name]), name


def test_recorded_steps_train_the_same_network(bare, clips, fast, recorded_calls, tmp_path, monkeypatch):
    monkeypatch.setattr(TrainingStep, "compile", lambda step: None)
    plain = RaveV1(**DECODING)
    plain.fit(clips, bare(32768, training=TINY, kept=tmp_path / "plain"))
    assert recorded_calls == []
    fast()
    recorded = RaveV1(**DECODING)
    recorded.fit(clips, bare(32768, training=TINY))
    assert recorded_calls == [2, 2, 3, 3], "phase 1 draws latents, phase 2 noise too"
    for name, value in plain.autoencoder().state_dict().items():
        assert torch.equal(value, recorded.autoencoder().state_dict()[name]), name


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor")  # torch's tracer reads it
def test_compiled_networks_train_the_same_network_and_rebuild_as_they_are(bare, clips, fast, compiled, tmp_path):
    plain, reports = RaveV1(**DECODING), []
    context = bare(32768, training=TINY, kept=tmp_path / "plain")
    plain.fit(clips, context)
    fast()
    fitted = RaveV1(**DECODING)
    fitted.fit(clips, bare(32768, training=TINY, compiling=reports.append))
    assert compiled == ["inductor"] * 3, "encoder, generator, discriminators"
    assert reports == [0, 1] * 3, "autoencoder, discriminators, generator"
    for name, value in plain.autoencoder().state_dict().items():
        other = fitted.autoencoder().state_dict()[name]
        assert torch.allclose(value, other, rtol=1e-4, atol=1e-6), name
    torch._dynamo.utils.counters.clear()
    first, second = (rebuild(each, list(clips), context) for each in (plain, fitted))
    assert not torch._dynamo.utils.counters["frames"], "a reconstruction compiles nothing"
    for name, reconstruction in first.items():
        assert reconstruction.waveform == pytest.approx(second[name].waveform, abs=1e-4)


def test_each_kind_of_step_is_recorded_once():
    step = TrainingStep(Rave(2), Discriminators(1), 2, 0.1, lambda *words: 5)
    kinds = [step.work(number, torch.zeros(2, 18432)).kind for number in range(6)]
    assert kinds == ["autoencoder"] * 2 + ["discriminators", "generator"] * 2


def test_a_network_of_other_settings_is_refused(bare, clips):
    context = bare(32768, training=TINY)
    RaveV1(**DECODING).fit(clips, context)
    with pytest.raises(DataError, match=r"should hold the \d+ tensors of a Rave of these settings"):
        RaveV1(**DECODING).fit(clips, bare(32768, training=TINY | {"capacity": 3}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 0}, "steps expects a whole number from 1, got 0"),
        ({"signal": 30000}, "signal expects a multiple of 2048 samples from 18432, got 30000"),
        ({"signal": 16384}, "from 18432, got 16384"),
        ({"train_clips": 0}, "training expects clips in the train split"),
    ],
)
def test_settings_out_of_range_are_refused_in_a_sentence(bare, clips, change, message):
    with pytest.raises(UsageError, match=message):
        RaveV1(**DECODING).fit(clips, bare(32768, training=TINY | change))


def test_latent_exported_is_refused(bare):
    with pytest.raises(UsageError, match="rave-v1.latent expects full or mean, got exported"):
        RaveV1(**(DECODING | {"latent": "exported"}))


@pytest.mark.slow
def test_its_training_clips_can_be_learned(bare, clips):
    training = TINY | {"steps": 150, "phase_1_steps": 150, "signal": 32768, "capacity": 8, "augment": False}
    facts = RaveV1(**DECODING).fit(clips, bare(32768, training=training))
    assert facts["loss"] < 0.6 * facts["loss_silence"]
    assert facts["loss"] < facts["loss_noise"]
    assert facts["loss"] < facts["loss_shuffled"]
