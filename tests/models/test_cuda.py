"""What only a CUDA device can show: equality with the CPU, recorded steps, resuming, TF32; `pytest -m cuda`."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from hsbench import protocols, registry, score
from hsbench.audio.clip import Clip
from hsbench.audio.passages import joined
from hsbench.errors import UsageError
from hsbench.fit.losses import MultiResolutionMelLoss
from hsbench.models.base import Context
from hsbench.models.hypersound.combine import Combination
from hsbench.models.hypersound.encoded import EncodedBatch
from hsbench.models.hypersound.encoder import Encoder
from hsbench.models.hypersound.network import HyperSoundNetwork
from hsbench.models.hypersound.step import TrainingStep
from hsbench.models.rave.step import TrainingStep as RaveStep
from hsbench.models.targets import create
from hsbench.models.targets.form import form_of
from hsbench.models.targets.tiles import TILE
from hsbench.planning.request import Request
from hsbench.planning.selection import select

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.filterwarnings("ignore"),  # torch's compiler warns of what it cannot do
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU"),
]
SAMPLES = 4096


class Clips(list):
    def first(self, count):
        return Clips(self[:count])

    def passages(self):
        return joined([np.round(clip.waveform * 32767).astype(np.int16) for clip in self])


def clip(seed, samples=SAMPLES):
    rng, t = np.random.default_rng(seed), np.linspace(-1, 1, samples)
    x = sum(rng.uniform(0.2, 1) * np.sin(2 * np.pi * rng.uniform(2, 30) * t + rng.uniform(0, 6)) for _ in range(4))
    return Clip(f"c{seed}", (x / np.abs(x).max()).astype(np.float32), 22050)


def prepare(name, folder, training, **changes):
    """Return a model and a context of it on the GPU; `changes` are those of the context."""
    descriptor = registry.model(name)
    switches = protocols.switches("fixed", descriptor.switches)
    small = {key: value for key, value in (("width", 24), ("layers", 3)) if key in descriptor.defaults}
    settings = {**descriptor.defaults, **small}
    if descriptor.resolve is not None:
        settings = registry.load_target(descriptor.resolve)(settings, switches, SAMPLES)
    facts = {
        "seed": 0,
        "sample_rate": 22050,
        "samples": SAMPLES,
        "switches": switches,
        "training": {**descriptor.budgets["smoke"], **training},
        "device": "cuda",
        "threads": 1,
        "scratch": folder / "scratch",
        "kept": folder / "kept",
        "record": lambda row: None,
        "progress": lambda done, total: None,
    }
    return descriptor.load()(**settings), Context(**(facts | changes))


def apart(one, other):
    return float((one - other).norm() / one.norm())


@pytest.mark.parametrize("kind", ["fmlp", "siren"])
@pytest.mark.parametrize("policy", ["fp32", "tf32", "bf16"])
def test_a_step_has_the_gradients_of_the_cpu(kind, policy):
    net = create(kind, [24, 24])
    switches = {"additive_bias": "generated", "multiplicative_bias": "scale"}
    network = HyperSoundNetwork(net, Combination(net, "replace", 0, switches), SAMPLES, 4, "element", [32])
    network.initialise(0)
    x, found = torch.randn(4, SAMPLES, generator=torch.Generator().manual_seed(0)), []
    for device, precision in (("cpu", "fp32"), ("cuda", policy)):
        network = network.to(device)
        form = form_of(precision, torch.device(device))
        step = TrainingStep(network, MultiResolutionMelLoss(22050), TILE[device], 4, precision, form)
        network.zero_grad(set_to_none=True)
        loss = step(x.to(device), None, 0)
        found.append((float(loss), torch.cat([value.grad.flatten().cpu() for value in network.parameters()])))
    (loss, gradient), (loss_cuda, gradient_cuda) = found
    within = {"fp32": 1e-4, "tf32": 2e-2, "bf16": 0.2}[policy]
    assert loss_cuda == pytest.approx(loss, rel=within)
    assert apart(gradient, gradient_cuda) < within
    assert not torch.backends.cuda.matmul.allow_tf32


@pytest.mark.parametrize("schedule", ["one_cycle", "constant"])
def test_compiled_and_recorded_steps_train_the_network_of_eager_steps(schedule, tmp_path):
    networks = []
    for eager in (True, False):
        training = {"epochs": 3, "epoch_samples": 24, "train_clips": 6, "schedule": schedule}
        model, context = prepare("hypersound-fmlp", tmp_path / str(eager), training, eager=eager)
        model.fit(Clips(map(clip, range(6))), context)
        networks.append(torch.cat([value.detach().flatten() for value in model.network.parameters()]).cpu())
    assert apart(*networks) < 1e-3


@pytest.mark.parametrize(
    ("name", "samples", "training"),
    [
        ("rave-v1", 20480, {"steps": 6, "phase_1_steps": 2, "signal": 18432, "batch": 2}),
        ("patch-inr", SAMPLES, {"steps": 6, "batch": 2, "patches": 8}),
        ("coinpp", SAMPLES, {"steps": 6, "batch": 2, "patches": 8}),
    ],
)
def test_recorded_steps_train_the_network_of_eager_steps(name, samples, training, tmp_path, monkeypatch):
    """RAVE's three kinds of steps are not compiled here, which takes a minute; speed/gpu.py trains it compiled."""
    monkeypatch.setattr(RaveStep, "compile", lambda step: None)
    networks = []
    for eager in (True, False):
        model, context = prepare(name, tmp_path / str(eager), training, eager=eager, samples=samples)
        model.fit(Clips(clip(seed, samples) for seed in range(6)), context)
        networks.append(torch.cat([value.detach().flatten() for value in model.network.parameters()]).cpu())
    assert apart(*networks) < 1e-3


@pytest.mark.parametrize("coordinates", [None, 512])
def test_recorded_fits_are_those_of_eager_steps_and_resume_after_a_kill(coordinates, tmp_path, eager_checkpoints):
    def stop(done, total):
        if done >= 2 * 30:
            raise KeyboardInterrupt

    found, training = [], {"steps": 60, "coordinates": coordinates}
    for eager, killed in ((True, False), (False, False), (False, True)):
        folder = tmp_path / f"{eager}-{killed}"
        if killed:
            model, context = prepare("inr-fmlp", folder, training, eager=eager, progress=stop)
            with pytest.raises(KeyboardInterrupt):
                list(model.reconstruct([clip(0), clip(1)], context))
        model, context = prepare("inr-fmlp", folder, training, eager=eager)
        made = list(model.reconstruct([clip(0), clip(1)], context))
        found.append(torch.from_numpy(np.stack([one.waveform for one in made])))
    assert apart(found[0], found[1]) < 1e-2
    assert apart(found[1], found[2]) < 1e-3


def test_a_hypernetwork_resumes_after_a_kill(tmp_path, eager_checkpoints):
    def stop(done, total):
        if done >= 5:
            raise KeyboardInterrupt

    networks, training = [], {"epochs": 3, "epoch_samples": 24, "train_clips": 6}
    for killed in (False, True):
        if killed:
            model, context = prepare("hypersound-fmlp", tmp_path / str(killed), training, progress=stop)
            with pytest.raises(KeyboardInterrupt):
                model.fit(Clips(map(clip, range(6))), context)
        model, context = prepare("hypersound-fmlp", tmp_path / str(killed), training)
        model.fit(Clips(map(clip, range(6))), context)
        networks.append(torch.cat([value.detach().flatten() for value in model.network.parameters()]).cpu())
    assert apart(*networks) < 1e-3


def test_cudnn_transposes_nothing_in_bf16():
    """Given [batch, channels, time], it would transpose both factors and the result of every convolution."""
    encoder, waveform = Encoder(SAMPLES, 16).cuda(), torch.randn(4, SAMPLES, device="cuda")
    encoder.lay_out()

    def step():
        batch = EncodedBatch(encoder, waveform, 4, "bf16")
        batch.latent.grad = torch.ones_like(batch.latent)
        batch.backward()

    step()
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        step()
        torch.cuda.synchronize()
    names = [event.key for event in profile.key_averages()]
    assert len(names) > 10
    assert [name for name in names if "nchwtonhwc" in name.lower() or "nhwctonchw" in name.lower()] == []


def test_out_of_memory_names_the_setting(tmp_path, monkeypatch):
    def exhausted(*_arguments):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(TrainingStep, "__call__", exhausted)
    model, context = prepare("hypersound-fmlp", tmp_path, {}, eager=True)
    with pytest.raises(UsageError, match="--set hypersound-fmlp.micro_batch=4"):
        model.fit(Clips(map(clip, range(8))), context)


def test_cdpam_is_that_of_the_cpu():
    pytest.importorskip("cdpam")
    from hsbench.metrics.suite import Scorer

    noisy = (clip(0).waveform + 0.05 * np.random.default_rng(0).standard_normal(SAMPLES)).astype(np.float32)
    on_cpu = score(clip(0).waveform, noisy, 22050, ["cdpam"])["cdpam"].value
    with Scorer(22050, "cuda") as scorer:
        ((_, scores),) = scorer.score([("pair", clip(0).waveform, noisy, ["cdpam"])])
        on_gpu = scores["cdpam"].value
    assert on_gpu == pytest.approx(on_cpu, rel=1e-3)


def rows_of_experiments():
    """Return (experiment, row): one or more of each experiment, so that every model occurs that needs no option.

    The name of a row is part of no other row's name, since it is also the filter that selects the row.
    """
    covered, pairs = set(), []
    for name in registry.names("experiments"):
        (selection,) = select(Request((name,), budget="smoke"))
        names = [row.name for row in selection.rows]
        usable = [
            row
            for row in selection.rows
            if row.model not in ("rave", "recon-dir", "exported") and row.corpus in (None, "demo")
        ]
        rows = [row for row in usable if sum(row.name in other for other in names) == 1]
        first = {row.model: row.name for row in reversed(rows) if row.model not in covered}
        covered |= first.keys()
        pairs += [(name, row) for row in first.values() or [rows[0].name]]
    return pairs


def run_row(experiment, row, results, device):
    """Run a row of an experiment on one clip; return its exit code and what it printed.

    Resolution is meant for a corpus that does not ship with hsbench.
    """
    command = [sys.executable, "-m", "hsbench", "run", experiment, "-k", f"row~{row}", "--budget", "smoke"]
    command += ["--corpus", "demo"] if experiment == "resolution" else []
    options = ["--limit", "1", "--device", device, "--eager", "--no-html", "--results", str(results)]
    process = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    return process.returncode, process.stdout + process.stderr


def test_every_experiment_runs_at_smoke(tmp_path):
    """Not compiled, which takes a minute for each network. A metric or codec whose package is missing exits with 4."""
    pairs = rows_of_experiments()
    with ThreadPoolExecutor(12) as pool:
        runs = [
            pool.submit(run_row, *pair, tmp_path / f"results-{number}", "cuda") for number, pair in enumerate(pairs)
        ]
    ends = {pair: run.result() for pair, run in zip(pairs, runs, strict=True)}
    assert {name for name, _ in ends} == set(registry.names("experiments"))
    assert {pair: end for pair, end in ends.items() if end[0] not in (0, 4)} == {}
