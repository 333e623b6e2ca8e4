"""Networks of the golden values and a small HyperSound for quick tests."""

import math

import numpy as np
import pytest
import torch

from hsbench.models.hypersound.combine import Combination
from hsbench.models.hypersound.encoder import Encoder, _Causal, _Norm
from hsbench.models.hypersound.network import HyperSoundNetwork
from hsbench.models.targets import create

PAPER = [400, 768, 768, 768, 768, 400]
TEXT = {"additive_bias": "sum", "multiplicative_bias": "product"}
CODE = {"additive_bias": "generated", "multiplicative_bias": "scale"}


def golden_parameter(number, shape, scale):
    """Values of parameter `number` of the golden networks: normal, with this standard deviation."""
    values = np.random.RandomState(7000 + number).standard_normal(tuple(shape)) * scale
    return torch.from_numpy(values.astype(np.float32))


def fill_encoder(encoder):
    """Fill an encoder with the golden parameters; return the number of its convolutions and norms."""
    number = 0
    with torch.no_grad():
        for module in encoder.modules():
            if isinstance(module, _Causal):
                module.weight.copy_(
                    golden_parameter(number, module.weight.shape, 1 / math.sqrt(math.prod(module.weight.shape[1:])))
                )
            elif isinstance(module, _Norm):
                module.weight.copy_(1 + golden_parameter(number, module.weight.shape, 0.1))
            else:
                continue
            module.bias.copy_(golden_parameter(number + 1, module.bias.shape, 0.1))
            number += 2
    return number // 2


def golden_network(kind, head_weight, head_bias, **omegas):
    """Network of the golden training steps, whose target network has hidden layers of 26 units."""
    net = create(kind, [26] * 5, **omegas)
    network = HyperSoundNetwork(net, Combination(net, "replace", 0, CODE), 32768, 16, "element", PAPER)
    fill_encoder(network.encoder)
    layers = [*network.hypernetwork.hidden, network.hypernetwork.head]
    with torch.no_grad():
        for index, layer in enumerate(layers):
            head = index == len(layers) - 1
            scale = head_weight if head else math.sqrt(2 / layer.in_features)
            layer.weight.copy_(golden_parameter(1000 + 2 * index, layer.weight.shape, scale))
            layer.bias.copy_(golden_parameter(1001 + 2 * index, layer.bias.shape, head_bias if head else 0.01))
    return network


@pytest.fixture(scope="session")
def golden_encoder():
    encoder = Encoder(32768)
    assert fill_encoder(encoder) == 59
    return encoder


@pytest.fixture
def golden_steps():
    return {
        "fmlp_h26": lambda: golden_network("fmlp", 0.01, 0.15),
        "siren_30_30_h26": lambda: golden_network("siren", 0.0005, 0.008, omega_0=30.0, omega_i=30.0),
    }


@pytest.fixture
def small_network():
    """Build a small HyperSound for clips of 2048 samples that has every part of a large one."""

    def build(kind="fmlp", way="replace", shared=0, switches=TEXT, seed=0, norm="element", **settings):
        net = create(kind, [6, 5, 6], **settings)
        network = HyperSoundNetwork(net, Combination(net, way, shared, switches), 2048, 2, norm, [16, 12])
        network.initialise(seed)
        return network

    return build
