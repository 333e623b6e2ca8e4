"""Composed networks against plain numpy evaluations of their formulas, in float64, and their initial statistics."""

import math

import numpy as np
import pytest
import torch

from hsbench import registry
from hsbench.errors import UnknownNameError, UsageError
from hsbench.models.targets import create
from hsbench.models.targets.activations import ACTIVATIONS, Layer
from hsbench.models.targets.encodings import ENCODINGS, SEED
from hsbench.models.targets.initial import INITIAL, centroid

HIDDEN = [7, 6, 5]
TIMES = np.linspace(-1, 1, 33)
NUMBERS = {
    "omega_0": 9.0,
    "omega_i": 4.0,
    "encoding_length": 3,
    "frequencies": 4,
    "sigma": 5.0,
    "top": 40.0,
    "alpha": 1.5,
    "winner_scale": 60.0,
}
SCALARS = {"a": 0.2, "b": -0.3, "c": 0.4, "d": 0.1}


def network(encoding="time", activation="sine", init="siren", **settings):
    return create(
        "mine", HIDDEN, encoding=encoding, activation=activation, init=init, **{**NUMBERS, **SCALARS, **settings}
    )


def parameters(net, seed=0):
    """Parameters of two clips, [2, *shape] float64, of a size at which every activation is curved."""
    rng = np.random.default_rng(seed)
    return {name: torch.tensor(0.4 * rng.standard_normal((2, *shape))) for name, shape in net.shapes().items()}


def activate(name, z, first, scalars):
    omega = NUMBERS["omega_0" if first else "omega_i"]
    a, b, c, d = scalars
    return {
        "relu": lambda: np.where(z > 0, z, 0),
        "sine": lambda: np.sin(omega * z),
        "finer": lambda: np.sin(omega * (abs(z) + 1) * z),
        "hsiren": lambda: np.sin(omega * np.sinh(2 * z)) if first else np.sin(omega * z),
        "incode": lambda: np.exp(a) * np.sin(np.exp(b) * omega * z + c) + d,
        "gauss": lambda: np.exp(-((omega * z) ** 2)),
    }[name]()


def encode(name):
    t = TIMES
    if name == "time":
        return t[None]
    if name == "octaves":
        phases = np.stack([2.0**i * np.pi * t for i in range(3)])
        return np.concatenate([np.sin(phases), np.cos(phases)])
    if name == "log":
        ratios = np.exp(np.linspace(0, np.log(40.0 / np.pi), 4)) * np.pi
        return np.concatenate([np.cos(ratios[:, None] * t), np.sin(ratios[:, None] * t)])
    drawn = torch.randn(4, generator=torch.Generator().manual_seed(SEED), dtype=torch.float64).numpy() * 5.0
    return np.concatenate([np.sin(drawn[:, None] * t), np.cos(drawn[:, None] * t)])


def plain(params, encoding, activation, scalars):
    """Evaluate one clip's network: [time]."""
    x = encode(encoding)
    for layer in range(len(HIDDEN)):
        z = params[f"w{layer}"] @ x + params[f"b{layer}"][:, None]
        x = activate(activation, z, layer == 0, scalars)
    last = len(HIDDEN)
    return (params[f"w{last}"] @ x + params[f"b{last}"][:, None])[0]


@pytest.mark.parametrize(
    ("encoding", "activation"),
    [*(("time", name) for name in ACTIVATIONS), *((name, "relu") for name in ENCODINGS), ("random", "gauss")],
)
def test_parity_with_a_plain_evaluation_in_float64(encoding, activation):
    learned = "a b c d" if activation == "incode" else ""
    net = network(encoding, activation, learned=learned)
    params = parameters(net)
    y = net.apply(params, torch.tensor(TIMES).view(1, -1, 1))
    for clip in range(2):
        one = {name: value[clip].numpy() for name, value in params.items()}
        scalars = one["learned"] if learned else (0, 0, 0, 0)
        assert np.abs(y[clip].numpy() - plain(one, encoding, activation, scalars)).max() < 1e-8


def test_constants_that_are_not_learned_come_from_the_settings():
    net = network(activation="incode")
    params = parameters(net)
    one = {name: value[0].numpy() for name, value in params.items()}
    y = net.apply(params, torch.tensor(TIMES).view(1, -1, 1))[0].numpy()
    assert np.abs(y - plain(one, "time", "incode", SCALARS.values())).max() < 1e-8


def test_no_gradient_flows_through_the_factor_of_finer():
    z = torch.tensor([[[0.7]]], dtype=torch.float64, requires_grad=True)
    net = network(activation="finer")
    net._activation(z, Layer(True, 3.0, {})).sum().backward()
    assert z.grad.item() == pytest.approx(3.0 * 1.7 * math.cos(3.0 * 1.7 * 0.7))


WIDE = [200, 200, 200]


def drawn(init, **settings):
    net = create(
        "mine", WIDE, encoding="octaves", activation="sine", init=init, **{**NUMBERS, "encoding_length": 10, **settings}
    )
    tone = torch.sin(2 * math.pi * 0.05 * torch.arange(4000.0))
    return net.draw(torch.Generator().manual_seed(1), waveform=tone)


UNIFORM = 1 / math.sqrt(3)
"""Standard deviation of U(1)."""


@pytest.mark.parametrize(
    ("init", "first", "later", "last", "bias"),
    [
        ("siren", 1 / 20, math.sqrt(6 / 200) / 4, math.sqrt(6 / 200) / 4, 1 / math.sqrt(200)),
        ("scaled", 1.5 / 20, 1.5 * math.sqrt(6 / 200) / 4, math.sqrt(6 / 200) / 4, 1 / math.sqrt(200)),
        ("default", 1 / math.sqrt(20), 1 / math.sqrt(200), 1 / math.sqrt(200), 1 / math.sqrt(200)),
        ("zero_bias", 1 / math.sqrt(20), 1 / math.sqrt(200), 1 / math.sqrt(200), 0.0),
    ],
)
def test_initial_values_are_uniform_within_their_bounds(init, first, later, last, bias):
    values = drawn(init)
    for name, bound in (("w0", first), ("w1", later), ("w2", later), ("w3", last), ("b1", bias)):
        assert values[name].abs().max() <= bound, name
        assert values[name].std().item() == pytest.approx(bound * UNIFORM, rel=0.12), name
        assert abs(values[name].mean()) <= 0.25 * bound, name


def test_kaiming_weights_are_normal():
    values = drawn("kaiming")
    assert values["w0"].std().item() == pytest.approx(math.sqrt(2 / 20), rel=0.05)
    assert values["w1"].std().item() == pytest.approx(math.sqrt(2 / 200), rel=0.02)
    kurtosis = (values["w1"] ** 4).mean() / values["w1"].var() ** 2
    assert kurtosis == pytest.approx(3.0, rel=0.05)
    assert values["b1"].abs().max() <= 1 / math.sqrt(200)


def test_winner_adds_noise_that_the_spectrum_of_the_clip_sets():
    values = drawn("winner")
    assert centroid(torch.sin(2 * math.pi * 0.05 * torch.arange(4000.0))) == pytest.approx(0.05, abs=2e-3)
    first = math.hypot(UNIFORM / 20, 60.0 * (1 - math.exp(-7 * 0.05)) / 9.0)
    second = math.hypot(UNIFORM * math.sqrt(6 / 200) / 4, 3 * 0.05 / 4)
    assert values["w0"].std().item() == pytest.approx(first, rel=0.05)
    assert values["w1"].std().item() == pytest.approx(second, rel=0.02)
    assert values["w2"].abs().max() <= math.sqrt(6 / 200) / 4


@pytest.mark.parametrize("init", ["scaled", "winner"])
def test_a_siren_of_its_own_class_draws_the_same_way(init):
    net = create("siren", WIDE, omega_0=9.0, omega_i=4.0, init=init, alpha=1.5, winner_scale=60.0)
    tone = torch.sin(2 * math.pi * 0.05 * torch.arange(4000.0))
    values = net.draw(torch.Generator().manual_seed(1), waveform=tone)
    plain_values = create("siren", WIDE, omega_0=9.0, omega_i=4.0).draw(torch.Generator().manual_seed(1))
    if init == "scaled":
        assert all(
            torch.allclose(value, plain_values[name] * (1.5 if name in ("w0", "w1", "w2") else 1))
            for name, value in values.items()
        )
    else:
        spread = 60.0 * (1 - math.exp(-7 * 0.05)) / 9.0
        assert values["w0"].std().item() == pytest.approx(math.hypot(UNIFORM, spread), rel=0.15)
        assert values["w2"].abs().max() <= math.sqrt(6 / 200) / 4


def test_the_first_bias_and_the_learned_constants_start_from_their_settings():
    values = drawn("siren", first_bias=0.001, learned="alpha")
    assert 0.0009 < values["b0"].abs().max() <= 0.001
    assert values["learned"].tolist() == [1.5]


def test_an_unknown_name_or_a_missing_clip_is_a_sentence():
    with pytest.raises(UnknownNameError, match="did you mean 'finer'"):
        network(activation="fine")
    with pytest.raises(UnknownNameError, match="unknown activation 'no_such_module:relu'"):
        network(activation="no_such_module:relu")
    with pytest.raises(UnknownNameError, match="unknown encoding 'times'"):
        network(encoding="times")
    with pytest.raises(UnknownNameError, match="unknown initialisation 'sirens'"):
        network(init="sirens")
    with pytest.raises(UnknownNameError, match="unknown learned constant 'beta'"):
        network(learned="beta")
    with pytest.raises(UsageError, match="init=winner follows the clip"):
        network(init="winner").draw(torch.Generator())


def test_every_activation_of_the_table_is_offered_by_a_model():
    offered = {registry.model(name).defaults.get("activation") for name in registry.names("models")}
    assert set(ACTIVATIONS) - offered == {"sine"}, "inr-siren has a class of its own"
    assert set(INITIAL) - {registry.model(name).defaults.get("init") for name in registry.names("models")} == {
        "scaled",
        "winner",
    }
