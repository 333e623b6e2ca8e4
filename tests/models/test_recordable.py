"""The rules of a step that is recorded as a CUDA graph, checked without a GPU: the step works on meta tensors.

A meta tensor has a shape and no numbers, and belongs to a device of its own. So a step that copies something from the
CPU, or wants to know a number that it computed, betrays itself as it would on a GPU.
"""

from collections import Counter

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from hsbench import protocols, registry
from hsbench.audio.passages import joined
from hsbench.fit.batches import Batches
from hsbench.fit.losses import MultiResolutionMelLoss
from hsbench.models.hypersound import encoder
from hsbench.models.hypersound.combine import Combination
from hsbench.models.hypersound.network import HyperSoundNetwork
from hsbench.models.hypersound.step import TrainingStep
from hsbench.models.inr.steps import BatchSteps
from hsbench.models.patches.tiles import Tiles
from hsbench.models.rave.discriminators import Discriminators
from hsbench.models.rave.network import Rave
from hsbench.models.rave.step import TrainingStep as RaveStep
from hsbench.models.targets import create
from hsbench.models.targets.base import grid
from hsbench.models.targets.form import form_of
from hsbench.models.targets.tiles import TILE

META, CUDA = torch.device("meta"), torch.device("cuda")
SAMPLES = 4096
RANDOM = ("rand", "normal", "uniform", "bernoulli", "dropout")
FAMILIES = sorted(name for name in registry.names("models") if name.startswith("inr-"))


class Watched(TorchDispatchMode):
    """Count the operations that break a rule, by name."""

    def __init__(self):
        super().__init__()
        self.broken, self.operations = Counter(), 0

    def __torch_dispatch__(self, operation, types, arguments=(), keywords=None):
        result = operation(*arguments, **(keywords or {}))
        tensors = [value for value in tree_leaves((arguments, keywords, result)) if isinstance(value, torch.Tensor)]
        self.operations += 1
        if any(tensor.device != META for tensor in tensors):
            self.broken[f"{operation} uses the CPU"] += 1
        if any(word in str(operation) for word in RANDOM):
            self.broken[f"{operation} is random"] += 1
        return result


def broken_rules(step):
    """Call a step twice and return the rules that the second call breaks; the first creates constants."""
    step()
    with Watched() as watched:
        step()
    assert watched.operations > 10
    return dict(watched.broken)


@pytest.mark.parametrize(
    ("rest", "broken"),
    [
        (lambda x: x, []),
        (lambda x: x + torch.ones(8).to(x), ["aten._to_copy.default uses the CPU", "aten.ones.default uses the CPU"]),
        (lambda x: x + torch.rand_like(x), ["aten.rand_like.default is random"]),
    ],
)
def test_a_broken_rule_is_noticed(rest, broken):
    assert sorted(broken_rules(lambda: rest(sum(torch.ones(8, device=META) for _ in range(10))))) == broken


def test_reading_a_number_is_noticed():
    with pytest.raises(RuntimeError, match=r"item\(\) cannot be called on meta tensors"):
        broken_rules(lambda: torch.ones(1, device=META).item())


def settings_of(name):
    """Return settings and switches of a model."""
    descriptor = registry.model(name)
    switches = protocols.switches("fixed", descriptor.switches)
    return registry.load_target(descriptor.resolve)(dict(descriptor.defaults), switches, SAMPLES), switches


@pytest.mark.parametrize("name", FAMILIES)
def test_a_step_of_individual_inrs_can_be_recorded(name):
    settings, _ = settings_of(name)
    model = registry.model(name).load()(**settings)
    params = {key: value[None].to(META) for key, value in model.net.draw(torch.Generator().manual_seed(0)).items()}
    features, target = model.net.features(grid(SAMPLES)).to(META), torch.zeros(1, SAMPLES, device=META)
    steps = BatchSteps(model.net, params, lambda _: (features, target), torch.abs, "tf32", form_of("tf32", CUDA))
    work = steps.recordable(0)
    assert broken_rules(lambda: work.gradients(*work.inputs)) == {}


@pytest.mark.parametrize(
    ("kind", "way", "norm"),
    [
        ("fmlp", "replace", "element"),
        ("fmlp", "add", "none"),
        ("fmlp", "biases_only", "element"),
        ("siren", "multiply", "channel"),
        ("siren", "global_residual", "element"),
    ],
)
def test_a_step_of_hypersound_can_be_recorded(kind, way, norm, monkeypatch):
    monkeypatch.setattr(encoder, "preferred", lambda x: True)
    _, switches = settings_of(f"hypersound-{kind}")
    net = create(kind, [24, 24])
    network = HyperSoundNetwork(net, Combination(net, way, 0, switches), SAMPLES, 4, norm, [32]).to(META)
    step = TrainingStep(network, MultiResolutionMelLoss(22050), TILE["cuda"], 4, "tf32", form_of("tf32", CUDA))
    waveform, chosen = torch.zeros(4, SAMPLES, device=META), torch.zeros(4, 3000, dtype=torch.long, device=META)
    assert broken_rules(lambda: step(waveform, chosen, 10.0)) == {}


def test_cutting_and_augmenting_a_batch_can_be_recorded():
    batches = Batches(joined([np.ones(500, np.int16)] * 8), 100, 22050, 4, 8, lambda *words: 5, torch.device("cpu"))
    batches._flat = batches._flat.to(META)
    places, keys, frequency = (drawn[0].to(META) for drawn in batches._drawn(0, 1))
    assert broken_rules(lambda: batches.crops(places, keys, frequency)) == {}


@pytest.mark.parametrize("number", [0, 1, 2])
def test_every_kind_of_step_of_rave_can_be_recorded(number):
    step = RaveStep(Rave(2).to(META), Discriminators(1).to(META), 1, 0.1, lambda *words: 5)
    work = step.work(number, torch.zeros(2, 18432, device=META))
    assert broken_rules(lambda: work.gradients(*work.inputs)) == {}


@pytest.mark.parametrize(
    ("name", "changes"), [("patch-inr", {}), ("patch-inr", {"spectral_weight": 0.3}), ("coinpp", {})]
)
def test_a_step_of_patch_wise_inrs_can_be_recorded(name, changes, bare):
    settings, _ = settings_of(name)
    model = registry.model(name).load()(**(settings | changes))
    context = bare(SAMPLES, training=registry.model(name).budgets["smoke"])
    model.network = model.build(context).to(META)
    step = model.step(Tiles(META, 1, model.tile), context)
    patches = torch.zeros(4 * model.run(), model.patch, device=META)
    assert broken_rules(lambda: step(patches)) == {}
