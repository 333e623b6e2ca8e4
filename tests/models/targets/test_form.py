"""Target networks with time cut into stretches and padded widths: outputs, gradients, and what padding adds."""

import pytest
import torch

from hsbench.models.targets import create
from hsbench.models.targets.base import grid
from hsbench.models.targets.form import PLAIN, Form, cut, divisor, form_of, padded
from hsbench.models.targets.tiles import Tile, Tiles

BATCH, TIME = 3, 96
NETS = {"fmlp": {}, "siren": {"omega_0": 40.0, "omega_i": 3.0}}
FORMS = [Form(4, 1), Form(1, 16), Form(16, 16), Form(7, 5), Form(1000, 1)]


def problem(kind, shared=(), hidden=(6, 5, 7)):
    net, noise = create(kind, list(hidden), **NETS[kind]), torch.Generator().manual_seed(0)
    params = {
        name: torch.randn(1 if name in shared else BATCH, *shape, generator=noise, dtype=torch.float64)
        for name, shape in net.shapes().items()
    }
    params["s1"] = torch.randn(BATCH, hidden[1], generator=noise, dtype=torch.float64)
    return net, {name: value.requires_grad_() for name, value in params.items()}, noise


def gradients(params, value):
    return dict(zip(params, torch.autograd.grad(value, list(params.values())), strict=True))


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("kind", NETS)
@pytest.mark.parametrize("own_times", [False, True])
@pytest.mark.parametrize("shared", [(), ("w1", "b1"), ("w0", "b0")], ids=str)
def test_every_form_is_the_same_function(kind, form, own_times, shared):
    net, params, noise = problem(kind, shared)
    scale = torch.linspace(0.2, 1, BATCH, dtype=torch.float64)[:, None, None] if own_times else 1
    features = net.features(grid(TIME).double() * scale)
    to_output = torch.randn(BATCH, TIME, generator=noise, dtype=torch.float64)
    plain = net.apply_features(net.fold(params), features)
    other = net.evaluate(net.fold(params), features, form)
    assert torch.allclose(other, plain, rtol=1e-10, atol=1e-10)
    expected = gradients(params, (plain * to_output).sum())
    for name, gradient in gradients(params, (other * to_output).sum()).items():
        assert torch.allclose(gradient, expected[name], rtol=1e-9, atol=1e-9), name


@pytest.mark.parametrize("kind", NETS)
def test_padded_units_have_zero_weights_and_zero_gradients(kind):
    net, params, noise = problem(kind)
    wide, features = padded(net.fold(params), net.features(grid(TIME).double()), 16)
    wide = {name: value.detach().requires_grad_() for name, value in wide.items()}
    assert wide["w1"].shape == (BATCH, 16, 16)
    assert wide["w0"].shape == (BATCH, 16, {"fmlp": 32, "siren": 1}[kind])
    assert wide[f"w{net.layers - 1}"].shape == (BATCH, 1, 16)
    output = net.apply_features(wide, features)
    to_output = torch.randn(BATCH, TIME, generator=noise, dtype=torch.float64)
    for name, gradient in gradients(wide, (output * to_output).sum()).items():
        shape = net.shapes().get(name, (5,))
        added = torch.ones_like(gradient, dtype=torch.bool)
        added[(slice(None), *map(slice, shape))] = False
        assert not wide[name][added].any(), name
        assert not gradient[added].any(), name
        assert gradient[~added].any(), name


def test_an_activation_that_may_mix_units_is_not_padded(monkeypatch):
    net, params, _ = problem("fmlp")
    monkeypatch.setattr(type(net), "activation", "softmax")
    seen = []
    monkeypatch.setattr(net, "apply_features", lambda folded, features: seen.append(folded) or features[:, 0])
    net.evaluate(params, net.features(grid(TIME).double()), Form(2, 16))
    assert seen[0]["w1"].shape == (2 * BATCH, 5, 6)


def test_stretches_follow_each_other_clip_after_clip():
    features = torch.arange(2 * 3 * 8.0).view(2, 3, 8)
    params, parts = cut({"w0": torch.tensor([[[1.0]], [[2.0]]]), "b0": torch.ones(1, 1)}, features, 2, 4)
    assert params["w0"].flatten().tolist() == [1, 1, 1, 1, 2, 2, 2, 2]
    assert params["b0"].shape == (1, 1)
    assert torch.equal(parts[5], features[1, :, 2:4])
    assert [divisor(32768, 16), divisor(22050, 16), divisor(7, 16), divisor(13, 5)] == [16, 15, 7, 1]


def test_the_form_depends_on_device_and_precision():
    cpu, cuda = torch.device("cpu"), torch.device("cuda")
    assert [form_of(policy, cpu) for policy in ("fp32", "tf32", "bf16")] == [PLAIN] * 3
    assert [form_of(policy, cuda) for policy in ("fp32", "tf32", "bf16")] == [Form(16, 1), Form(16, 16), Form(16, 16)]


@pytest.mark.parametrize("kind", NETS)
def test_tiles_propagate_gradients_through_a_form(kind):
    net, params, _ = problem(kind)
    features, target = net.features(grid(TIME).double()), torch.ones(BATCH, TIME, dtype=torch.float64)

    def share(decoded: torch.Tensor, tile: Tile) -> torch.Tensor:
        return (decoded - tile.of(target)).square().sum(dim=1)

    losses, found = [], []
    for form in (PLAIN, Form(8, 16)):
        for value in params.values():
            value.grad = None
        losses.append(Tiles(net, 2, 1 << 30, form=form).backward(params, features, share))
        found.append({name: value.grad for name, value in params.items()})
    assert torch.allclose(*losses, rtol=1e-10)
    for name in params:
        assert torch.allclose(found[0][name], found[1][name], rtol=1e-9, atol=1e-9), name
