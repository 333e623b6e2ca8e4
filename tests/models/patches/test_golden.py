"""The outer loop of COIN++ has the loss curve of a plain implementation with autograd (tests/golden/coinpp.py)."""

import importlib.util
import json
from pathlib import Path

import pytest
import torch

from hsbench.fit import loop
from hsbench.fit.recipe import Recipe
from hsbench.models.patches.coinpp import MetaNetwork, MetaStep
from hsbench.models.patches.network import SharedSIREN
from hsbench.models.patches.tiles import Tiles

GOLDEN = Path(__file__).parents[2] / "golden"


@pytest.fixture(scope="module")
def plain():
    spec = importlib.util.spec_from_file_location("golden_coinpp", GOLDEN / "coinpp.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_outer_loop_has_the_golden_loss_curve(plain):
    siren = SharedSIREN(plain.LATENT, plain.WIDTH, plain.LAYERS, plain.OMEGA, plain.OMEGA)
    network = MetaNetwork(siren, plain.LATENT, learned_rates=True)
    network = network.double()
    network.load_state_dict(plain.initial())
    patches, losses = plain.patches(), []
    step = MetaStep(network, patches.shape[2], Tiles(torch.device("cpu"), 1, 4), plain.INNER, "rmse")

    def recorded(number):
        losses.append(step(patches[number]))
        return losses[-1]

    recipe = Recipe(plain.STEPS, plain.STEPS, "constant", plain.RATE)
    hooks = loop.Hooks(record=lambda row: None, progress=lambda done: None)
    loop.optimise(dict(network.named_parameters()), recorded, recipe, hooks)
    golden = json.loads((GOLDEN / "coinpp.json").read_text())["losses"]
    assert [float(loss) for loss in losses] == pytest.approx(golden, rel=1e-6)
    assert golden[-1] < 0.97 * golden[0]
