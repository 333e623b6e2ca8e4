import math

import numpy as np
import pytest
import torch

from hsbench import widths
from hsbench.errors import UnknownNameError, UsageError
from hsbench.models.targets import create

NETS = {
    "fmlp": ("fmlp", {}),
    "siren_2000_30": ("siren", {"omega_0": 2000.0, "omega_i": 30.0}),
    "siren_30_30": ("siren", {"omega_0": 30.0, "omega_i": 30.0}),
}


def ramp(shape, scale, phase):
    return torch.tensor(scale * np.cos(0.7 * np.arange(math.prod(shape)) + phase)).reshape(shape)


def parameters(net):
    """The golden parameters: a batch of two."""
    made = {}
    for j, (name, shape) in enumerate(net.shapes().items()):
        scale = 1 / math.sqrt(shape[1]) if len(shape) == 2 else 0.1
        made[name] = torch.stack([ramp(shape, scale, 0.1 * j + 0.5 * item) for item in range(2)])
    return made


def coordinates(time=65, dtype=torch.float64):
    return torch.linspace(-1, 1, time, dtype=dtype).view(1, -1, 1)


@pytest.mark.parametrize("name", NETS)
def test_parity_with_the_reference_in_float64(golden_models, name):
    kind, settings = NETS[name]
    net, want = create(kind, [8, 8, 8], **settings), golden_models[f"target_network/{name}/target_network"]
    y = net.apply(parameters(net), coordinates())
    assert y.shape == (2, 65)
    assert y[:, :5].tolist() == [pytest.approx(row, rel=1e-10, abs=1e-10) for row in want["first5"]]
    assert y[:, -3:].tolist() == [pytest.approx(row, rel=1e-10, abs=1e-10) for row in want["last3"]]
    assert y.sum(1).tolist() == pytest.approx(want["sum"], rel=1e-9)
    assert (y**2).sum(1).tolist() == pytest.approx(want["l2"], rel=1e-9)


@pytest.mark.parametrize("kind", ["fmlp", "siren"])
def test_the_count_is_the_closed_form(kind):
    for width, layers in ((90, 5), (7, 1), (16, 3)):
        assert create(kind, [width] * layers).count() == widths.parameters(kind, width, layers)


def test_shapes_are_ordered_and_out_by_in():
    assert list(create("fmlp", [4, 5]).shapes().items()) == [
        ("w0", (4, 20)),
        ("b0", (4,)),
        ("w1", (5, 4)),
        ("b1", (5,)),
        ("w2", (1, 5)),
        ("b2", (1,)),
    ]


@pytest.mark.parametrize("name", NETS)
def test_each_item_of_a_batch_is_what_it_would_be_alone(name):
    kind, settings = NETS[name]
    net = create(kind, [8, 8, 8], **settings)
    params = parameters(net)
    together = net.apply(params, coordinates())
    for item in range(2):
        alone = net.apply({key: value[item : item + 1] for key, value in params.items()}, coordinates())
        assert torch.allclose(alone[0], together[item], rtol=1e-9, atol=1e-9)


def test_coordinates_may_differ_within_a_batch():
    net = create("siren", [8], omega_0=30.0)
    params, shifted = parameters(net), torch.cat([coordinates(), coordinates() * 0.5])
    y = net.apply(params, shifted)
    assert torch.allclose(y[0], net.apply(params, coordinates())[0], rtol=1e-9)
    assert not torch.allclose(y[1], net.apply(params, coordinates())[1])


def test_an_fmlp_has_period_two_and_the_stated_features():
    net = create("fmlp", [8, 8])
    t = coordinates()
    assert torch.allclose(net.apply(parameters(net), t), net.apply(parameters(net), t + 2), atol=1e-9)
    features = net.features(torch.tensor([[[0.25]]], dtype=torch.float64))[0, :, 0]
    wanted = [math.sin(2**i * math.pi * 0.25) for i in range(10)] + [math.cos(2**i * math.pi * 0.25) for i in range(10)]
    assert features.tolist() == pytest.approx(wanted, abs=1e-12)


def test_a_siren_scales_the_input_of_every_layer_and_no_bias():
    net = create("siren", [1], omega_0=3.0, omega_i=5.0)
    one = torch.ones(1, 1, 1, dtype=torch.float64)
    params = {"w0": one, "b0": one[0] * 0.5, "w1": one * 2, "b1": one[0] * 7}
    y = net.apply(params, torch.full((1, 1, 1), 0.1, dtype=torch.float64))
    assert y.item() == pytest.approx(5 * 2 * math.sin(3 * 0.1 + 0.5) + 7)


def test_phases_in_float32_keep_their_precision():
    net = create("siren", [16], omega_0=2000.0)
    params = {k: v.double() for k, v in net.draw(torch.Generator().manual_seed(0)).items()}
    batch = {key: value.unsqueeze(0) for key, value in params.items()}
    exact = net.apply(batch, torch.linspace(-1, 1, 32768, dtype=torch.float64).view(1, -1, 1))
    rounded = net.apply({k: v.float() for k, v in batch.items()}, coordinates(32768, torch.float32))
    assert (exact - rounded).abs().max() < 2e-3 * exact.abs().max()


@pytest.mark.parametrize("divisor", ["omega_0", "omega_i"])
def test_the_initial_bounds_of_a_siren(golden_models, divisor):
    net = create("siren", [90] * 5)
    drawn = [net.draw(torch.Generator().manual_seed(seed), divisor) for seed in range(8)]
    for name, shape in net.shapes().items():
        largest = max(one[name].abs().max().item() for one in drawn)
        if name.startswith("b"):
            bound = 1 / math.sqrt(1 if name == "b0" else 90)
        elif name == "w0":
            bound = 1.0
        else:
            bound = math.sqrt(6 / 90) / {"omega_0": 2000, "omega_i": 30}[divisor]
        assert 0.8 * bound < largest <= bound, name
        if divisor == "omega_0" and math.prod(shape) > 80:
            assert largest == pytest.approx(golden_models["init/inr_siren_absmax"][name], rel=0.1)


def test_the_initial_bounds_of_an_fmlp():
    drawn = create("fmlp", [87] * 5).draw(torch.Generator().manual_seed(0))
    for name, value in drawn.items():
        bound = 1 / math.sqrt(20 if name in ("w0", "b0") else 87)
        assert 0 < value.abs().max() <= bound
        if value.numel() > 80:
            assert value.std() == pytest.approx(bound / math.sqrt(3), rel=0.15)


def test_bad_requests_are_sentences():
    with pytest.raises(UnknownNameError, match="did you mean 'siren'"):
        create("sirn", [8])
    with pytest.raises(UsageError, match="at least one unit"):
        create("siren", [])
    with pytest.raises(UnknownNameError, match="did you mean 'omega_i'"):
        create("siren", [8]).draw(torch.Generator(), "omega_1")
