"""Target networks by kernels of our own do what the library does."""

import pytest
import torch

from hsbench.models.targets import create
from hsbench.models.targets.tiles import Tiles

CASES = {
    "fmlp": ("fmlp", [20] * 3, {}, 150),
    "one hidden layer": ("fmlp", [10], {}, 33),
    "siren": ("siren", [20] * 3, {"omega_0": 200.0}, 150),
    "two widths": ("siren", [16, 24], {"omega_0": 200.0}, 64),
}


@pytest.fixture
def fused(monkeypatch, kernels):
    """The module, with several tiles to a program."""
    from hsbench.models.targets import fused

    monkeypatch.setattr(fused, "PROGRAMS", 6)
    return fused


def problem(case, device):
    """A network, parameters of two clips, features."""
    kind, hidden, settings, time = CASES[case]
    net, generator = create(kind, hidden, **settings), torch.Generator().manual_seed(0)
    drawn = [net.draw(generator) for _ in range(2)]
    params = {name: torch.stack([one[name] for one in drawn]) for name in drawn[0]}
    params = {name: value.to(device).requires_grad_() for name, value in params.items()}
    return net, params, net.features(torch.linspace(-1, 1, time).view(1, -1, 1)).to(device)


def gradients(y, params):
    slope = torch.randn(y.shape, generator=torch.Generator().manual_seed(1)).to(y)
    return torch.autograd.grad(y, list(params.values()), slope)


def exact(net, params, features):
    """In float64: what is played, and gradients."""
    params = {name: value.detach().double().requires_grad_() for name, value in params.items()}
    y = net.apply_features(net.fold(params), features.double())
    return y, gradients(y, params)


@torch.no_grad()
def apart(found, wanted):
    """Relative difference, the largest of several tensors."""
    return max(float((one - want).norm() / want.norm()) for one, want in zip(found, wanted, strict=True))


@pytest.mark.parametrize("case", CASES)
def test_values_and_gradients(fused, kernels, case):
    net, params, features = problem(case, kernels)
    wanted, slopes = exact(net, params, features)
    y = fused.apply(net, net.fold(params), features, torch.float32)
    assert (y.shape, y.dtype) == (wanted.shape, torch.float32)
    assert apart([y], [wanted]) < 2e-5
    assert apart(gradients(y, params), slopes) < 2e-5


def test_scales_shared_layers_and_features_of_each_clip(fused, kernels):
    net, params, features = problem("two widths", kernels)
    params["s1"] = torch.tensor([[0.5] * 24, [2.0] * 24], device=kernels, requires_grad=True)
    params["w0"] = params["w0"][:1].detach().requires_grad_()
    features = torch.cat([features, 0.5 * features])
    wanted, slopes = exact(net, params, features)
    y = fused.apply(net, net.fold(params), features, torch.float32)
    assert apart([y], [wanted]) < 2e-5
    assert apart(gradients(y, params), slopes) < 2e-5


@pytest.mark.parametrize("case", ["fmlp", "siren"])
def test_in_bf16_it_is_as_near_the_truth_as_the_library(fused, kernels, case, monkeypatch):
    """Triton's interpreter cuts numbers off where a GPU rounds them, which makes twice the error."""
    net, params, features = problem(case, kernels)
    wanted, slopes = exact(net, params, features)
    tiles = Tiles(net, 1 << 30, 1 << 30, "bf16")
    seen = []
    own = fused.apply
    monkeypatch.setattr(fused, "apply", lambda *given: seen.append(given[3]) or own(*given))
    ours = tiles.apply(net.fold(params), features)
    assert seen == [torch.bfloat16]
    mine = gradients(ours, params)
    monkeypatch.delenv("HSBENCH_TRITON")
    library = tiles.apply(net.fold(params), features)
    theirs = gradients(library, params)
    assert len(seen) == 1
    bound = 1.2 if kernels == "cuda" else 2.4
    assert 0.1 < apart([ours], [wanted]) / apart([library], [wanted]) < bound
    assert 0.1 < apart(mine, slopes) / apart(theirs, slopes) < bound


@pytest.mark.parametrize(("policy", "width"), [("fp32", 20), ("bf16", 200)])
def test_the_library_does_what_they_cannot(fused, kernels, monkeypatch, policy, width):
    monkeypatch.setattr(fused, "apply", lambda *_: pytest.fail("used"))
    net = create("fmlp", [width])
    params = {name: value[None].to(kernels) for name, value in net.draw(torch.Generator().manual_seed(0)).items()}
    features = net.features(torch.linspace(-1, 1, 8).view(1, -1, 1)).to(kernels)
    assert Tiles(net, 8, 8, policy).apply(params, features).shape == (1, 8)
