"""Combination of generated and shared parameters, and initialisation, against the reference code."""

import math

import pytest
import torch

from hsbench.errors import UnknownNameError, UsageError
from hsbench.models.hypersound.combine import Combination
from hsbench.models.hypersound.hypernetwork import Hypernetwork
from hsbench.models.targets import create

PAPER = [400, 768, 768, 768, 768, 400]
TEXT = {"additive_bias": "sum", "multiplicative_bias": "product"}
CODE = {"additive_bias": "generated", "multiplicative_bias": "scale"}
NETS = {
    "fmlp": ("fmlp", {}),
    "siren_2000_30": ("siren", {"omega_0": 2000.0, "omega_i": 30.0}),
    "siren_30_30": ("siren", {"omega_0": 30.0, "omega_i": 30.0}),
}


def ramp(shape, scale, phase):
    return (scale * torch.cos(0.7 * torch.arange(math.prod(shape), dtype=torch.float64) + phase)).reshape(shape)


def golden_parameters(net):
    """Generated parameters {name: [2, *shape]} and shared ones {name: shape} of the golden values."""
    generated, shared = {}, {}
    for j, (name, shape) in enumerate(net.shapes().items()):
        scale = 1 / math.sqrt(shape[1]) if len(shape) == 2 else 0.1
        generated[name] = torch.stack([ramp(shape, scale, 0.1 * j + 0.5 * item) for item in range(2)])
        shared[name] = ramp(shape, scale, 1.0 + 0.1 * j)
    return generated, shared


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize(
    ("way", "mode"), [("replace", "target_network"), ("add", "residual"), ("multiply", "modulator")]
)
def test_parity_of_every_way_with_the_reference(golden_models, name, way, mode):
    kind, settings = NETS[name]
    net, expected = create(kind, [8, 8, 8], **settings), golden_models[f"target_network/{name}/{mode}"]
    combination = Combination(net, way, 0, CODE)
    generated, shared = golden_parameters(net)
    params = combination(generated, {name: shared[name] for name in combination.shared})
    y = net.apply(params, torch.linspace(-1, 1, 65, dtype=torch.float64).view(1, -1, 1))
    assert y[:, :5].tolist() == [pytest.approx(row, rel=1e-8, abs=1e-15) for row in expected["first5"]]
    assert y[:, -3:].tolist() == [pytest.approx(row, rel=1e-8, abs=1e-15) for row in expected["last3"]]
    assert y.square().sum(1).tolist() == pytest.approx(expected["l2"], rel=1e-8)


@pytest.mark.parametrize(("way", "operation"), [("add", torch.add), ("multiply", torch.mul)])
def test_the_papers_form_combines_biases_as_it_combines_weights(way, operation):
    net = create("fmlp", [8, 8])
    combination = Combination(net, way, 0, TEXT)
    generated, shared = golden_parameters(net)
    params = combination(generated, shared)
    assert set(params) == set(net.shapes())
    for name, value in params.items():
        assert torch.equal(value, operation(shared[name], generated[name]))


@pytest.mark.parametrize(("shared_layers", "expected"), [(0, 34741), (1, 32851), (2, 24661)])
def test_sharing_layers_shrinks_the_payload(shared_layers, expected):
    combination = Combination(create("fmlp", [90] * 5), "replace", shared_layers, TEXT)
    assert sum(math.prod(shape) for shape in combination.generated.values()) == expected
    assert sum(math.prod(shape) for shape in combination.shared.values()) == 34741 - expected


def test_the_parameters_of_a_shared_layer_have_no_batch_of_clips(small_network):
    network = small_network(shared=1)
    params = network.parameters_of(network(torch.randn(3, 2048)))
    assert params["w0"].shape == (1, 6, 20)
    assert params["w1"].shape == (3, 5, 6)
    assert network.net.apply(params, torch.linspace(-1, 1, 9).view(1, -1, 1)).shape == (3, 9)


@pytest.mark.parametrize("switches", [TEXT, CODE])
def test_new_ways_have_these_generated_and_shared_parameters(switches):
    net = create("fmlp", [90] * 5)
    biases, residual = (Combination(net, way, 0, switches) for way in ("biases_only", "global_residual"))
    assert biases.generated == {f"b{layer}": (90,) for layer in range(5)} | {"b5": (1,)}
    assert biases.shared == {name: shape for name, shape in net.shapes().items() if name.startswith("w")}
    assert residual.generated == residual.shared == net.shapes()


@pytest.mark.parametrize("kind", ["fmlp", "siren"])
@pytest.mark.parametrize("points", [9, 700])
def test_shared_weights_with_zero_biases_are_a_plain_network_without_biases(small_network, kind, points):
    network = small_network(kind, "biases_only")
    grid = torch.linspace(-1, 1, points).view(1, -1, 1)
    params = network.parameters_of(torch.zeros(3, sum(network.hypernetwork.sizes)))
    assert {name: len(value) for name, value in params.items()} == {"w0": 1, "w1": 1, "w2": 1, "w3": 1} | {
        "b0": 3, "b1": 3, "b2": 3, "b3": 3
    }  # fmt: skip
    weights = {name: value[None] for name, value in network.shared_parameters().items()}
    y = network.net.apply(params, grid)
    assert y.shape == (3, points)
    assert torch.allclose(y, network.net.apply(weights, grid).expand(3, points), atol=1e-6)
    assert y.std() > 0


@pytest.mark.parametrize("kind", ["fmlp", "siren"])
def test_biases_differ_between_clips(small_network, kind):
    """Every bias counts: each clip is the plain network of the shared weights and its own biases."""
    network = small_network(kind, "biases_only")
    generated = {name: torch.randn(3, *shape) for name, shape in network.combination.generated.items()}
    weights = {name: value[None] for name, value in network.shared_parameters().items()}
    grid = torch.linspace(-1, 1, 50).view(1, -1, 1)
    y = network.net.apply(network.combination(generated, network.shared_parameters()), grid)
    for clip in range(3):
        biases = {name: value[clip : clip + 1] for name, value in generated.items()}
        alone = network.net.apply(weights | biases, grid)
        assert torch.allclose(y[clip], alone[0], atol=1e-5)
    assert (y[0] - y[1]).abs().max() > 1e-3


@pytest.mark.parametrize(("kind", "net"), [("fmlp", "fmlp_90"), ("siren", "siren_90")])
def test_parameter_counts_of_the_hypernetwork(golden_models, kind, net):
    target = create(kind, [90] * 5)
    network = Hypernetwork(3296, PAPER, target.shapes())
    assert sum(parameter.numel() for parameter in network.parameters()) == golden_models[f"params/hypernetwork_{net}"]
    assert target.count() == golden_models[f"params/target_{net}"]


@pytest.fixture(scope="module")
def fresh_head():
    """Parameters that an untrained head of the reference's size generates from inputs of unit variance."""

    def generate(kind, way="replace"):
        net = create(kind, [90] * 5)
        with torch.random.fork_rng():
            torch.manual_seed(3)
            network = Hypernetwork(3296, PAPER, Combination(net, way, 0, TEXT).generated)
            network.initialise(net, way=way)
            with torch.no_grad():
                return network.split(network.head(torch.randn(8, 400)))

    return generate


def test_the_initial_spread_of_generated_fmlps(golden_models, fresh_head):
    for name, value in fresh_head("fmlp").items():
        theory = 1.0 if name.startswith("b") else 1 / math.sqrt(value.shape[2])
        expected = golden_models["init/fmlp_generated_std"][name]
        if value[0].numel() > 80:
            assert value.std().item() == pytest.approx(theory, rel=0.1), name
        if value[0].numel() > 1000:
            assert value.std().item() == pytest.approx(expected, rel=0.1), name


def test_the_initial_spread_of_generated_sirens(golden_models, fresh_head):
    for name, value in fresh_head("siren").items():
        if value[0].numel() > 80:
            assert value.std().item() == pytest.approx(golden_models["init/siren_generated_std"][name], rel=0.12), name
            largest = golden_models["init/siren_generated_absmax"][name]
            assert value.abs().max().item() == pytest.approx(largest, rel=0.2), name


def test_shared_parameters_of_a_siren_are_drawn_as_in_the_reference(golden_training, small_network):
    network = small_network("siren", "add", switches=TEXT)
    for name, value in network.shared_parameters().items():
        fan_in = network.net.sizes[int(name[1:])]
        bound = 1 / math.sqrt(fan_in) if name.startswith("b") else 1.0 if name == "w0" else math.sqrt(6 / fan_in) / 2000
        assert 0 < value.abs().max() <= bound
    assert golden_training["init/siren_shared_absmax"]["w1"] == pytest.approx(math.sqrt(6 / 90) / 2000, rel=0.01)


@pytest.mark.parametrize("way", ["biases_only", "global_residual"])
@pytest.mark.parametrize("kind", ["fmlp", "siren"])
def test_shared_weights_that_work_alone_start_as_an_individual_network_does(small_network, kind, way):
    network = small_network(kind, way)
    for name, value in network.shared_parameters().items():
        bound = network.net.bound(name, network.net.sizes[int(name[1:])], "omega_i")
        assert value.abs().max() <= bound
        if value.numel() >= 20:
            assert value.abs().max() > 0.8 * bound, name
    started = {name: value.clone() for name, value in network.shared_parameters().items()}
    network.initialise(0, output_scale=0.1)
    for name, value in network.shared_parameters().items():
        assert torch.allclose(value, started[name] * (0.1 if name[1:] == "3" else 1.0)), name


def test_generated_biases_of_an_fmlp_start_with_the_spread_of_its_own_draw(fresh_head):
    for name, value in fresh_head("fmlp", "biases_only").items():
        if value[0].numel() > 80:
            fan_in = 20 if name == "b0" else 90
            assert value.std().item() == pytest.approx(1 / math.sqrt(3 * fan_in), rel=0.15), name


@pytest.mark.parametrize(("kind", "largest"), [("fmlp", 0.5), ("siren", 0.02)])
def test_a_generated_residual_starts_as_a_small_deviation(small_network, kind, largest):
    """Relative to what the way `add` generates with the same seed."""
    x = torch.randn(4, 2048, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        residual, whole = (small_network(kind, way)(x).norm() for way in ("global_residual", "add"))
    assert 0 < residual < largest * whole


def test_kaimings_bound_over_one_row_suits_neither_target_network():
    """FewSound's draw of shared weights: the FMLP starts silent, the SIREN far above full scale."""
    grid = torch.linspace(-1, 1, 1024).view(1, -1, 1)
    levels = {}
    for kind in ("fmlp", "siren"):
        net, random = create(kind, [87] * 5), torch.Generator().manual_seed(0)
        own = {name: value[None] for name, value in net.draw(random, "omega_i").items()}
        kaiming = {
            name: (torch.rand(1, *shape, generator=random) * 2 - 1) * math.sqrt(6 / math.prod(shape))
            for name, shape in net.shapes().items()
            if name.startswith("w")
        }
        levels[kind] = [net.apply(params, grid).std().item() for params in (own, kaiming)]
    assert levels["fmlp"] == [pytest.approx(3e-3, rel=0.5), pytest.approx(8e-6, rel=0.5)]
    assert levels["siren"] == [pytest.approx(0.9, rel=0.3), pytest.approx(30, rel=0.3)]


def test_equal_seeds_give_equal_networks(small_network):
    first, same, other = (small_network(way="add", seed=seed).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(first[name], same[name]) for name in first)
    differing = {name for name in first if not torch.equal(first[name], other[name])}
    assert {"hypernetwork.head.weight", "shared.w0", "encoder.layers.0.conv.weight"} <= differing


def test_initialising_does_not_change_torchs_global_generator(small_network):
    network = small_network()
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    network.initialise(1)
    assert torch.equal(torch.rand(1), expected)


def test_different_clips_give_different_parameters(small_network):
    vectors = small_network()(torch.randn(4, 2048))
    assert (vectors - vectors.roll(1, 0)).abs().amax(1).min() > 1e-4


def test_invalid_combinations_are_refused_in_a_sentence():
    net = create("fmlp", [8, 8])
    with pytest.raises(UnknownNameError, match="did you mean 'multiply'"):
        Combination(net, "multiplied", 0, TEXT)
    with pytest.raises(UnknownNameError, match="known: add, biases_only, global_residual, multiply, replace"):
        Combination(net, "concatenate", 0, TEXT)
    with pytest.raises(UsageError, match="shared_layers expects 0 to 2"):
        Combination(net, "replace", 3, TEXT)
    with pytest.raises(UsageError, match="0 unless combine is replace"):
        Combination(net, "add", 1, TEXT)
    for way in ("biases_only", "global_residual"):
        with pytest.raises(UsageError, match="0 unless combine is replace"):
            Combination(net, way, 1, TEXT)


def test_the_head_start_network_begins_near_one_complete_network_for_all_clips(small_network):
    network = small_network("fmlp", "replace")
    x = torch.randn(4, 2048, generator=torch.Generator().manual_seed(0))

    def spread(start):
        network.initialise(0, head_start=start)
        with torch.no_grad():
            vectors = network.hypernetwork(network.encoder(x))
        for name, value in network.hypernetwork.split(vectors).items():
            if start == "network" and value[0].numel() >= 20:
                bound = network.net.bound(name, network.net.sizes[int(name[1:])], "omega_i")
                assert value.std(dim=1).max() < bound
                assert value.abs().max() == pytest.approx(bound, rel=0.5), name
        return (vectors - vectors.mean(0)).norm() / vectors.norm()

    assert spread("network") < 0.1 * spread("hyperfan")
    with pytest.raises(UnknownNameError, match="unknown head start 'netwrk'; did you mean 'network'"):
        network.initialise(0, head_start="netwrk")


@pytest.mark.parametrize("kind", ["fmlp", "siren"])
@pytest.mark.parametrize("start", ["kaiming", "xavier"])
def test_a_plain_head_ignores_what_its_rows_generate(kind, start):
    net = create(kind, [8, 8, 8])
    hypernetwork = Hypernetwork(16, [32, 64], net.shapes())
    torch.manual_seed(0)
    hypernetwork.initialise(net, start=start)
    head = hypernetwork.head
    fans = head.in_features if start == "kaiming" else head.in_features + head.out_features
    weight = head.weight.detach()
    assert weight.abs().max().item() == pytest.approx(math.sqrt(6 / fans), rel=0.01)
    assert not head.bias.detach().any()
    spread = weight.std(dim=1)
    assert spread.max() < 1.6 * spread.min()  # all rows alike; with hyperfan-in they differ by the fan-in
