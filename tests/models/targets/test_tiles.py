import itertools

import pytest
import torch

from hsbench.models.targets import create
from hsbench.models.targets.base import grid
from hsbench.models.targets.tiles import Tile, Tiles

BATCH, TIME = 5, 700
NETS = {"fmlp": {}, "siren": {"omega_0": 40.0, "omega_i": 3.0}}


@pytest.fixture(params=[1, 3])
def number(request, threads):
    threads(request.param)
    return request.param


def problem(kind, shared=()):
    net = create(kind, [6, 5], **NETS[kind])
    noise = torch.Generator().manual_seed(0)
    params = {
        name: torch.randn(
            1 if name in shared else BATCH, *shape, generator=noise, dtype=torch.float64, requires_grad=True
        )
        for name, shape in net.shapes().items()
    }
    return net, params, grid(TIME).double(), torch.randn(BATCH, TIME, generator=noise, dtype=torch.float64)


@pytest.mark.parametrize("kind", NETS)
@pytest.mark.parametrize("size", [(8, 1024), (2, 1024), (8, 100), (2, 130), (1, 1)], ids=str)
def test_tiles_play_and_pull_as_the_whole(kind, size, number):
    net, params, times, target = problem(kind, shared=("w1", "b1"))
    whole = net.apply(params, times)
    (whole - target).square().sum().backward()
    want = {name: value.grad.clone() for name, value in params.items()}
    for value in params.values():
        value.grad = None
    tiles, features = Tiles(net, *size), net.features(times)
    assert torch.allclose(tiles.play(params, features), whole, rtol=1e-10)
    losses = tiles.backward(params, features, lambda y, tile: (y - tile.of(target)).square().sum(dim=1))
    assert torch.allclose(losses, (whole - target).square().sum(dim=1), rtol=1e-10)
    for name, value in params.items():
        assert torch.allclose(value.grad, want[name], rtol=1e-8, atol=1e-10), name


def test_gradients_go_on_to_what_the_parameters_were_made_from(number):
    net, params, times, target = problem("siren")
    scale = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    made = {name: value * scale for name, value in params.items()}
    (net.apply(made, times) * target).sum().backward()
    want, scale.grad = scale.grad, None
    made = {name: value * scale for name, value in params.items()}
    Tiles(net, 2, 100).backward(made, net.features(times), lambda y, tile: (y * tile.of(target)).sum(dim=1))
    assert scale.grad.item() == pytest.approx(want.item(), rel=1e-9)


def test_clips_may_have_times_of_their_own(number):
    net, params, times, _ = problem("fmlp")
    own = times * torch.linspace(0.2, 1, BATCH, dtype=torch.float64)[:, None, None]
    assert torch.allclose(Tiles(net, 2, 100).play(params, net.features(own)), net.apply(params, own), rtol=1e-10)


def test_every_clip_and_time_is_dealt_once_and_evenly(number):
    net, params, times, _ = problem("fmlp")
    shares = Tiles(net, 2, 100).by_core(params, net.features(times))
    assert len(shares) == number
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    seen = torch.zeros(BATCH, TIME)
    for tile in itertools.chain(*shares):
        seen[tile.clips, tile.times] += 1
    assert (seen == 1).all()
    assert Tiles(net, 8, 1024).by_core(params, net.features(times)) == [[Tile(slice(0, 8), slice(0, 1024))]]


def test_a_walk_repeats_bit_by_bit(number):
    net, params, times, target = problem("siren")

    def pulled():
        for value in params.values():
            value.grad = None
        Tiles(net, 2, 50).backward(params, net.features(times), lambda y, tile: (y * tile.of(target)).sum(dim=1))
        return [value.grad for value in params.values()]

    assert all(torch.equal(a, b) for a, b in zip(pulled(), pulled(), strict=True))
