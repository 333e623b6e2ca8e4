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
WAYS = {"latent": "full", "noise": True, "align": "none"}


class Some:
    """Two voices' worth of training clips."""

    def __init__(self, waveforms):
        self.clips = [Clip(f"c{index}", one.numpy(), 22050) for index, one in enumerate(waveforms)]

    def __len__(self):
        return len(self.clips)

    def __getitem__(self, index):
        return self.clips[index]

    def __iter__(self):
        return iter(self.clips)

    def first(self, count):
        return Some([torch.from_numpy(clip.waveform) for clip in self.clips[:count]])

    def passages(self):
        return joined([(clip.waveform * 32767).astype("int16") for clip in self.clips])


@pytest.fixture
def clips(golden_speech):
    return Some(golden_speech)


def gradients(module):
    return {name for name, parameter in module.named_parameters() if parameter.grad is not None}


def test_the_players_take_turns_in_the_second_phase_and_the_encoder_rests():
    network, critics = Rave(2), Discriminators(1)
    step = TrainingStep(network, critics, 2, 0.1, lambda *words: hash(words) & 0xFFFF)
    waveform = 0.1 * torch.randn(2, 18432, generator=torch.Generator().manual_seed(0))
    noise = {f"generator.noise.{index}.1.{what}" for index in (0, 2, 4) for what in ("weight", "bias")}
    everything = {name for name, _ in network.named_parameters()}
    mean = network.encoder.net[1].running_mean
    generator = {name for name in everything if name.startswith("generator.")}
    all_critics = {name for name, _ in critics.named_parameters()}
    wanted = {1: (everything - noise, set()), 2: (set(), all_critics), 3: (generator, set())}
    for number, (ours, theirs) in wanted.items():
        network.zero_grad()
        critics.zero_grad()
        before = mean.clone()
        loss = step(number, waveform)
        assert torch.isfinite(loss)
        assert gradients(network) == ours
        assert gradients(critics) == theirs
        assert torch.equal(mean, before) == (number >= 2), "batch norm is frozen in the second phase"


def test_a_step_is_a_function_of_its_number():
    waveform = 0.1 * torch.randn(2, 18432, generator=torch.Generator().manual_seed(0))

    def loss(number, seed):
        step = TrainingStep(Rave(2), Discriminators(1), 1, 0.1, lambda *words: hash((seed, *words)) & 0xFFFF)
        torch.manual_seed(seed + 99)
        return float(step(number, waveform))

    for number in (0, 1):
        assert loss(number, 0) == loss(number, 0)
        assert loss(number, 0) != loss(number, 1)


@pytest.mark.parametrize("first", [1, 0])
def test_the_divergence_of_the_latents_weighs_beta(first):
    waveform = 0.1 * torch.randn(2, 18432, generator=torch.Generator().manual_seed(0))
    losses = {}
    for beta in (0.0, 0.1, 1.0):
        network = Rave(2)
        losses[beta] = float(TrainingStep(network, Discriminators(1), first, beta, lambda *words: 5)(0, waveform))
    network.encoder.train(first > 0)
    spread = float(divergence(*network.encoder(pqmf.analyse(waveform))).detach())
    assert losses[1.0] - losses[0.0] == pytest.approx(spread, rel=1e-3)
    assert losses[0.1] - losses[0.0] == pytest.approx(0.1 * spread, rel=1e-2)


def test_training_keeps_the_network_and_a_second_session_loads_it(bare, clips):
    rows = []
    context = bare(32768, training=TINY, record=rows.append)
    model = RaveV1(**WAYS)
    facts = model.fit(clips, context)
    assert (facts["steps"], facts["clips_seen"], facts["ratio"]) == (4, 8, 2048)
    assert facts["total"] == sum(parameter.numel() for parameter in Rave(2).parameters())
    assert {"loss", "loss_silence", "loss_noise", "loss_shuffled", "energy_ratio", "spread", "status"} <= facts.keys()
    assert [row["step"] for row in rows] == [0, 1, 2, 3]
    assert [path.name for path in context.kept.iterdir()] == [NETWORK]
    again = RaveV1(**WAYS)
    assert again.fit([], context) == facts
    one, other = (rebuild(each, list(clips), context) for each in (model, again))
    for name, made in one.items():
        assert made.waveform.tobytes() == other[name].waveform.tobytes()
        assert (made.payload.numbers, made.payload.bits) == (2048, 65536)


@pytest.mark.usefixtures("eager_checkpoints")
@pytest.mark.parametrize("stop", [2, 4])
def test_a_stopped_training_goes_on_bit_for_bit(bare, clips, tmp_path, stop):
    calm = RaveV1(**WAYS)
    calm.fit(clips, bare(32768, training=TINY, kept=tmp_path / "calm"))

    def interrupt(done, total):
        if done == stop:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        RaveV1(**WAYS).fit(clips, bare(32768, training=TINY, progress=interrupt))
    resumed = RaveV1(**WAYS)
    resumed.fit(clips, bare(32768, training=TINY))
    wanted = calm.autoencoder().state_dict()
    for name, value in resumed.autoencoder().state_dict().items():
        assert torch.equal(value, wanted[name]), name


def test_a_network_of_other_settings_is_refused(bare, clips):
    context = bare(32768, training=TINY)
    RaveV1(**WAYS).fit(clips, context)
    with pytest.raises(DataError, match=r"should hold the \d+ tensors of a Rave of these settings"):
        RaveV1(**WAYS).fit(clips, bare(32768, training=TINY | {"capacity": 3}))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"steps": 0}, "steps expects a whole number from 1, got 0"),
        ({"signal": 30000}, "signal expects a multiple of 2048 samples from 18432, got 30000"),
        ({"signal": 16384}, "from 18432, got 16384"),
        ({"train_clips": 0}, "training expects clips in the train split"),
    ],
)
def test_settings_out_of_range_get_a_sentence(bare, clips, change, sentence):
    with pytest.raises(UsageError, match=sentence):
        RaveV1(**WAYS).fit(clips, bare(32768, training=TINY | change))


def test_exported_latents_are_an_export_s(bare):
    with pytest.raises(UsageError, match="rave-v1.latent expects full or mean, got exported"):
        RaveV1(**(WAYS | {"latent": "exported"}))


@pytest.mark.slow
def test_it_learns_the_clips_that_it_is_given(bare, clips):
    training = TINY | {"steps": 150, "phase_1_steps": 150, "signal": 32768, "capacity": 8, "augment": False}
    facts = RaveV1(**WAYS).fit(clips, bare(32768, training=training))
    assert facts["loss"] < 0.6 * facts["loss_silence"]
    assert facts["loss"] < facts["loss_noise"]
    assert facts["loss"] < facts["loss_shuffled"]
