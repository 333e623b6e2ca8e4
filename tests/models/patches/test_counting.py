"""Operation counts of patch-wise INRs equal those of PyTorch's own counter of matrix products."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from hsbench import cores, registry
from hsbench.models.patches import counting
from hsbench.models.patches.tiles import Tiles

SAMPLES = 1024


def counted(function):
    with cores.claimed(), torch.no_grad(), FlopCounterMode(display=False) as counter:
        function()
    return counter.get_total_flops()


def resolved(name, **changes):
    descriptor = registry.model(name)
    return registry.load_target(descriptor.resolve)({**descriptor.defaults, **changes}, {}, SAMPLES)


@pytest.mark.parametrize(
    ("name", "count", "changes"),
    [
        ("patch-inr", counting.one_pass, {}),
        ("coinpp", counting.few_steps, {}),
        ("coinpp", counting.few_steps, {"inner_steps": 1}),
        ("coinpp", counting.few_steps, {"inner_steps": 10}),
    ],
)
def test_encoding_and_decoding_of_a_clip(bare, name, count, changes):
    settings, training = resolved(name, **changes), registry.model(name).budgets["quick"]
    model, context = registry.model(name).load()(**settings), bare(SAMPLES, training=training)
    model.network = model.build(context)
    patches = torch.randn(4, 256)
    tiles = Tiles(torch.device("cpu"), 1, 12)
    derived = count(settings, training, SAMPLES)
    assert counted(lambda: model.encode(patches, tiles, context)) == derived.encode
    waveform = patches.flatten().numpy()
    assert counted(lambda: model.rebuilt(waveform, context, 1)) == pytest.approx(derived.each, rel=1e-9)


@pytest.mark.parametrize(("name", "count"), [("patch-inr", counting.one_pass), ("coinpp", counting.few_steps)])
def test_a_training_step(bare, name, count):
    settings, training = resolved(name), {**registry.model(name).budgets["quick"], "steps": 1, "patches": 24}
    model, context = registry.model(name).load()(**settings), bare(SAMPLES, training=training)
    model.network = model.build(context)
    step = model.step(Tiles(torch.device("cpu"), 1, 12), context)
    with cores.claimed(), FlopCounterMode(display=False) as counter:
        step(torch.randn(24, 256))
    # Left out of the count: the encoder needs no derivative by its input, and the first layer's weights.
    assert counter.get_total_flops() == pytest.approx(count(settings, training, SAMPLES).shared, rel=0.05)
