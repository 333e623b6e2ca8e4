"""HyperSound as a model: training, resuming, reconstruction, decoding at any times, and refused settings."""

import numpy as np
import pytest
import torch

from hsbench import protocols, registry, score, widths
from hsbench.audio.clip import Clip
from hsbench.audio.passages import joined
from hsbench.errors import UsageError
from hsbench.models.base import Context
from hsbench.models.hypersound import descriptors, encoder
from hsbench.models.hypersound import model as hypersound
from hsbench.models.hypersound.step import TrainingStep
from hsbench.models.targets.form import form_of

SAMPLES = 2048


class Clips(list):
    """Training clips as hsbench.models.base.Training describes them."""

    def first(self, count):
        return Clips(self[:count])

    def passages(self):
        return joined([np.round(clip.waveform * 32767).astype(np.int16) for clip in self])


def clip(name, seed, samples=SAMPLES):
    rng = np.random.default_rng(seed)
    t = np.linspace(-1, 1, samples)
    x = sum(rng.uniform(0.2, 1) * np.sin(2 * np.pi * rng.uniform(2, 30) * t + rng.uniform(0, 6)) for _ in range(4))
    return Clip(name, (x / np.abs(x).max()).astype(np.float32), 22050)


def clips(count=4):
    return Clips(clip(f"c{number}", number) for number in range(count))


@pytest.fixture
def make(tmp_path):
    """Build a small HyperSound and its context. `context.rows` is the learning curve; `stop` interrupts a step."""

    def build(name="hypersound-fmlp", protocol="fixed", folder="kept", stop=None, samples=SAMPLES, **changes):
        descriptor = registry.model(name)
        switches = protocols.switches(protocol, descriptor.switches)
        settings = {**descriptor.defaults, "width": 12, "layers": 2}
        training = {**descriptor.budgets["smoke"], "epochs": 3, "epoch_samples": 12, "coordinates": 1500}
        for key, value in changes.items():
            (settings if key in settings else training)[key] = value
        full = widths.resolve(settings, switches, samples)
        rows = []

        def progress(done, total):
            if done == stop:
                raise KeyboardInterrupt

        context = Context(
            seed=0,
            sample_rate=22050,
            samples=samples,
            switches=switches,
            training=training,
            device="cpu",
            threads=1,
            scratch=tmp_path / folder / "scratch",
            kept=tmp_path / folder,
            record=rows.append,
            progress=progress,
        )
        object.__setattr__(context, "rows", rows)
        return descriptor.load()(**full), context

    return build


@pytest.mark.parametrize("name", ["hypersound-fmlp", "hypersound-siren"])
def test_a_trained_network_is_kept_and_loaded(make, name):
    model, context = make(name)
    facts = model.fit(clips(), context)
    assert (facts["steps"], facts["clips_seen"], facts["generated"]) == (9, 36, model.net.count())
    assert facts["total"] == sum(value.numel() for value in model.network.parameters())
    assert [row["step"] for row in context.rows] == list(range(9))
    before = list(model.reconstruct(clips(), context))
    loaded, later = make(name)
    assert loaded.fit(clips(), later) == facts
    assert later.rows == []
    for first, second in zip(before, loaded.reconstruct(clips(), later), strict=True):
        assert np.array_equal(first.waveform, second.waveform)
    assert not (context.kept / "training.safetensors").exists()


@pytest.mark.parametrize(
    ("changes", "through"),
    [
        ({}, 9),
        ({"frequency_weight_p": 0.5}, 6),
        ({"combine": "biases_only"}, 9),
        ({"combine": "global_residual", "ramp_epochs": 4}, 9),
        ({"coordinates": None, "schedule": "constant"}, 9),
    ],
)
def test_recorded_steps_train_the_same_network(make, recorded_calls, changes, through, fast, monkeypatch):
    """A step is not recorded while the frequency weighting grows: here in the first of three epochs."""
    monkeypatch.setattr(TrainingStep, "compile", lambda step: None)
    plain, context = make(folder="plain", **changes)
    plain.fit(clips(), context)
    assert recorded_calls == []
    fast()
    model, context = make(folder="recorded", **changes)
    model.fit(clips(), context)
    assert len(recorded_calls) == through
    for name, value in plain.network.state_dict().items():
        assert torch.equal(value, model.network.state_dict()[name]), name


def change_by_compilation(make, fast):
    """Largest relative difference of a parameter between a training and the same training with compiled networks."""
    plain, context = make(folder="plain")
    plain.fit(clips(), context)
    fast()
    model, context = make(folder="compiled")
    model.fit(clips(), context)
    pairs = [(value, model.network.state_dict()[name]) for name, value in plain.network.state_dict().items()]
    return max(float((eager - compiled).norm() / eager.norm()) for eager, compiled in pairs)


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor")  # torch's tracer reads it
@pytest.mark.slow
def test_compiled_parts_train_the_same_network(make, compiled, fast):
    """Compiled code uses torch's ELU instead of hsbench's own."""
    assert change_by_compilation(make, fast) < 1e-4
    assert compiled == ["inductor"] * 4, "encoder, hypernetwork, target network, spectral loss"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor")
@pytest.mark.filterwarnings("ignore:.torch.jit.script_method. is deprecated:DeprecationWarning")  # inside torch 2.11
def test_code_generated_by_torch_trains_the_same_network(make, monkeypatch, tmp_path, fast):
    """The networks are compiled in the forms that a GPU gets, and the code lies in the cache folder."""

    def as_on_a_gpu():
        fast()
        monkeypatch.setattr(encoder, "preferred", lambda x: True)
        monkeypatch.setattr(hypersound, "form_of", lambda policy, device: form_of("bf16", torch.device("cuda")))

    monkeypatch.setenv("HSBENCH_CACHE", str(tmp_path))
    assert 0 < change_by_compilation(make, as_on_a_gpu) < 1e-3
    assert list((tmp_path / "inductor").glob("*"))


@pytest.mark.parametrize(
    ("changes", "channels_last"),
    [
        ({}, False),
        ({}, True),
        ({"combine": "biases_only"}, False),
        ({"combine": "global_residual", "ramp_epochs": 2}, False),
    ],
)
def test_an_interrupted_training_resumes_to_the_same_weights_bit_for_bit(
    make, eager_checkpoints, changes, channels_last, monkeypatch
):
    """The ramp has the factors 0, 0.5 and 1 in the three epochs of three steps; the stop is in its second epoch.

    Channels-last, as on a GPU, the parameters of the norm have another order of memory than those of the checkpoint.
    """
    monkeypatch.setattr(encoder, "preferred", lambda x: channels_last)
    undisturbed, context = make(folder="undisturbed", augment=True, **changes)
    undisturbed.fit(clips(), context)
    model, context = make(folder="stopped", augment=True, stop=5, **changes)
    with pytest.raises(KeyboardInterrupt):
        model.fit(clips(), context)
    assert (context.kept / "training.safetensors").exists()
    model, context = make(folder="stopped", augment=True, **changes)
    model.fit(clips(), context)
    assert context.rows[0]["step"] == 4, "the checkpoint before the stop"
    for name, value in undisturbed.network.state_dict().items():
        assert torch.equal(value, model.network.state_dict()[name]), name


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("hypersound-fmlp", {"epochs": 450, "learning_rate": 3e-4}),
        ("hypersound-siren", {"epochs": 120, "learning_rate": 3e-5, "omega_0": 300.0}),
    ],
)
def test_two_clips_can_be_learned(make, name, changes):
    """Two clips of a demo voice, a third of a second each; the SIREN at the learning rate of the budget quick."""
    from hsbench.corpora.demo import DemoCorpus

    corpus = DemoCorpus()
    items = corpus.manifest("train").evaluation()[:2]
    speech = [corpus.load(item) for item in items]
    cut = Clips(Clip(whole.id, whole.waveform[8192:16384].copy(), 22050) for whole in speech)
    training = {"coordinates": None, "train_clips": None, "epoch_samples": 2, "batch": 2}
    model, context = make(name, samples=8192, width=40, layers=5, hidden="128-128", channels=4, **training, **changes)
    facts = model.fit(cut, context)
    assert facts["status"] == "ok", facts
    assert facts["loss"] < 0.5 * min(facts["loss_silence"], facts["loss_noise"], facts["loss_shuffled"])
    reconstructions = list(model.reconstruct(cut, context))
    for original, reconstruction in zip(cut, reconstructions, strict=True):
        assert reconstruction.status == "ok"
        assert score(original.waveform, reconstruction.waveform, 22050, ["si_snr"])["si_snr"].value > 3


def test_the_payload_counts_generated_parameters_only(make):
    model, context = make(shared_layers=1)
    model.fit(clips(), context)
    (reconstruction,) = model.reconstruct(clips(1), context)
    generated = model.net.count() - 12 * 21
    payload = reconstruction.payload
    assert (payload.numbers, payload.bits, reconstruction.steps) == (generated, 32 * generated, 0)
    assert set(reconstruction.weights) == {"w1", "b1", "w2", "b2"}
    assert reconstruction.weights["w1"].shape == (12, 12)


@pytest.mark.parametrize(("way", "generated"), [("biases_only", 12 + 12 + 1), ("global_residual", 421)])
def test_the_payload_of_the_ways_with_a_network_of_shared_weights(make, way, generated):
    model, context = make(combine=way)
    assert model.fit(clips(), context)["generated"] == generated
    (reconstruction,) = model.reconstruct(clips(1), context)
    assert (reconstruction.payload.numbers, reconstruction.payload.bits) == (generated, 32 * generated)
    assert sum(value.size for value in reconstruction.weights.values()) == generated


def test_a_clip_of_another_length_is_refused_in_a_sentence(make):
    model, context = make()
    model.fit(clips(), context)
    with pytest.raises(UsageError, match="trained for clips of 2048 samples and got one of 1000; cut the sound"):
        list(model.reconstruct([clip("short", 0, 1000)], context))


def test_a_network_whose_output_is_silence_has_collapsed(make):
    model, context = make(output_scale=0.0, learning_rate=0.0)
    facts = model.fit(clips(), context)
    assert facts["status"] == "collapsed"
    assert facts["loss"] == pytest.approx(facts["loss_silence"])
    assert {clip.status for clip in model.reconstruct(clips(), context)} == {"collapsed"}


def test_a_training_that_diverges_has_that_status(make):
    model, context = make(learning_rate=1e9, clip_norm=None, schedule="constant")
    facts = model.fit(clips(), context)
    assert facts["status"] in ("diverged", "collapsed")
    assert {clip.status for clip in model.reconstruct(clips(), context)} <= {"diverged", "collapsed"}


@pytest.mark.parametrize(("ramp_epochs", "expected"), [(None, 1.0), (0, 1.0), (8, 0.25)])
def test_a_network_keeps_the_factor_of_its_last_epoch(make, eager_checkpoints, monkeypatch, ramp_epochs, expected):
    """Also where all three epochs were trained, and the sanity check was interrupted and is repeated."""
    settings = {"combine": "global_residual", "ramp_epochs": ramp_epochs}

    def interrupted(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("hsbench.models.hypersound.training.sanity", interrupted)
        model, context = make(**settings)
        with pytest.raises(KeyboardInterrupt):
            model.fit(clips(), context)
    model, context = make(**settings)
    facts = model.fit(clips(), context)
    assert context.rows == [], "no step was left"
    assert model.network.factor == expected
    (estimate,) = model.reconstruct(clips(1), context)
    whole, other = make(folder="whole", **settings)
    assert whole.fit(clips(), other)["loss"] == facts["loss"]
    loaded, later = make(**settings)
    loaded.fit(clips(), later)
    assert loaded.network.factor == expected
    (again,) = loaded.reconstruct(clips(1), later)
    assert np.array_equal(estimate.waveform, again.waveform)


def test_a_training_of_one_epoch_has_trained_the_shared_parameters_only(make):
    """Its generated parameters have the factor 0, so all outputs are equal, and the status says so."""
    model, context = make(combine="global_residual", epochs=1)
    facts = model.fit(clips(), context)
    assert (facts["spread"], facts["status"]) == (0.0, "collapsed")


def test_the_ramp_is_part_of_the_key_only_where_its_length_is_given():
    descriptor = registry.model("hypersound-siren")
    for name, training in descriptor.budgets.items():
        assert "ramp_epochs" not in descriptor.key_settings(training)
        assert descriptor.key_settings({**training, "ramp_epochs": 50})["ramp_epochs"] == 50
        assert descriptor.training_settings(descriptor.key_settings(training), name) == training


def test_train_clips_takes_the_first_clips(make):
    counts = []

    class RecordingClips(Clips):
        def first(self, count):
            counts.append(count)
            return Clips(self[:count])

    model, context = make(train_clips=2)
    model.fit(RecordingClips(clips()), context)
    assert 2 in counts


def test_the_protocol_decides_the_schedule(make):
    model, context = make(protocol="reference", schedule="protocol", learning_rate=1e-4)
    model.fit(clips(), context)
    assert {row["lr"] for row in context.rows[:3]} == {context.rows[0]["lr"]}
    model, context = make(protocol="paper", schedule="protocol", learning_rate=1e-4, folder="other")
    model.fit(clips(), context)
    assert len({row["lr"] for row in context.rows}) == 9


def test_frequency_weighting_warms_up(make):
    def losses(folder, **changes):
        model, context = make(folder=folder, learning_rate=0.0, coordinates=None, **changes)
        model.fit(clips(4), context)
        return [row["loss"] for row in context.rows]

    def differences(**changes):
        weighted = losses(f"weighted-{len(changes)}", frequency_weight_p=1.0, warmup_epochs=3, **changes)
        return np.array([abs(a / b - 1) for a, b in zip(weighted, plain, strict=True)])

    plain = losses("plain")
    from_zero, from_one = differences(), differences(warmup_first_epoch=1)
    assert from_zero[:3].max() < 1e-6, "the first epoch has no weighting, as in the reference code"
    assert from_zero[3:].min() > 1e-4
    assert from_one.min() > 1e-4, "the first version of hsbench began with a third of the weighting"


def test_the_warm_up_is_part_of_the_key_only_where_there_is_one():
    descriptor = registry.model("hypersound-fmlp")
    switches = protocols.switches("fixed", descriptor.switches)
    plain, weighted = (
        descriptor.key_settings(descriptors.resolve({**descriptor.defaults, "frequency_weight_p": p}, switches, 32768))
        for p in (0.0, 0.5)
    )
    assert "warmup_first_epoch" not in plain
    assert weighted["warmup_first_epoch"] == 0
    assert descriptor.model_settings(plain)["warmup_first_epoch"] == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden": "400-x"}, "hidden expects layer widths such as 400-768-400"),
        ({"epochs": 0}, "epochs expects a whole number from 1, got 0"),
        ({"batch": 2.5}, "batch expects a whole number from 1"),
        ({"schedule": "cosine"}, "unknown schedule"),
        ({"spectral_loss": "pwg", "frequency_weight_p": 0.5}, "pwg takes no frequency weighting"),
        ({"precision": "fp8"}, "unknown precision"),
        ({"combine": "residual"}, "unknown way to use the weights 'residual'; did you mean 'global_residual'"),
        ({"combine": "global_residual", "ramp_epochs": -1}, "ramp_epochs expects a whole number of epochs from 0"),
    ],
)
def test_settings_out_of_range_are_refused_in_a_sentence(make, changes, message):
    model, context = make(**changes)
    with pytest.raises(UsageError, match=message):
        model.fit(clips(), context)


def test_a_corpus_without_training_clips_is_refused_in_a_sentence(make):
    model, context = make()
    with pytest.raises(UsageError, match="the corpus has none there"):
        model.fit(Clips(), context)


def test_the_error_for_lack_of_memory_names_a_setting(make, monkeypatch):
    def train(*arguments, **options):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("hsbench.models.hypersound.model.train", train)
    model, context = make()
    with pytest.raises(UsageError, match="--set hypersound-fmlp.micro_batch=4"):
        model.fit(clips(), context)


@pytest.mark.parametrize("changes", [{"combine": "add"}, {"combine": "biases_only"}, {"combine": "global_residual"}])
@pytest.mark.parametrize("name", ["hypersound-fmlp", "hypersound-siren"])
def test_a_clip_can_be_decoded_at_any_times_from_its_stored_weights(make, name, changes):
    model, context = make(name, **changes)
    model.fit(clips(), context)
    (reconstruction,) = model.reconstruct(clips(1), context)
    own_rate = model.play(reconstruction.weights, np.linspace(-1, 1, SAMPLES), context)
    assert own_rate == pytest.approx(reconstruction.waveform, abs=1e-4)
    double_rate = model.play(reconstruction.weights, np.linspace(-1, 1, 2 * SAMPLES - 1), context)
    assert double_rate[::2] == pytest.approx(own_rate, abs=1e-4)
    assert np.abs(np.diff(double_rate)).max() < np.abs(np.diff(own_rate)).max()


def test_the_sanity_facts_of_a_single_clip_need_no_other_clip(make):
    model, context = make(learning_rate=0.0, output_scale=0.2)
    facts = model.fit(clips(1), context)
    assert not {"spread", "loss_shuffled"} & set(facts)
    assert facts["loss_silence"] > 0
    assert (facts["status"] == "ok") == (0.1 <= facts["energy_ratio"] <= 10)
