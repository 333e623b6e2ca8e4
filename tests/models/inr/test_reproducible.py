"""A clip's fit is bit-equal whatever is fitted beside it, wherever it stands, and with any number of threads."""

import numpy as np
import pytest
import torch

from hsbench import protocols, registry
from hsbench.audio.clip import Clip
from hsbench.models.base import Context
from hsbench.models.inr.steps import RUNS, TIMES, decode, runs_of
from hsbench.models.targets import create
from hsbench.models.targets.base import grid

SAMPLES = 5000  # four whole tiles and a part of one
WIDTH = 23  # a matrix that no vector register divides


def clip(number):
    rng = np.random.default_rng(number)
    x = np.cumsum(rng.standard_normal(SAMPLES))
    return Clip(f"clip-{number}", (x / np.abs(x).max()).astype(np.float32), 22050)


@pytest.fixture
def fit(tmp_path, threads):
    """Fits some clips with some threads: {clip id: (waveform, weights)}."""

    def run(name, numbers, count, coordinates, changes=None, rate=1e-2):
        threads(count)
        descriptor = registry.model(name)
        switches = protocols.switches("fixed", descriptor.switches)
        size = {"highest": 300} if name == "inr-grid" else {"width": WIDTH, "layers": 3}
        changed = {**descriptor.defaults, **size, **(changes or {})}
        settings = registry.load_target(descriptor.resolve)(changed, switches, SAMPLES)
        training = {"steps": 40, "coordinates": coordinates, "schedule": "one_cycle", "learning_rate": rate}
        place = tmp_path / f"{name}-{'-'.join(map(str, numbers))}-{count}"
        context = Context(
            seed=0,
            sample_rate=22050,
            samples=SAMPLES,
            switches=switches,
            training=training,
            device="cpu",
            threads=count,
            scratch=place,
            kept=place,
            record=lambda row: None,
            progress=lambda done, total: None,
        )
        made = descriptor.load()(**settings).reconstruct([clip(number) for number in numbers], context)
        return {each.clip_id: (each.waveform, each.weights) for each in made}

    return run


@pytest.mark.parametrize("name", ["inr-fmlp", "inr-siren"])
@pytest.mark.parametrize("coordinates", [pytest.param(None, marks=pytest.mark.slow), 2048])
def test_neighbours_places_and_threads_change_no_bit(fit, name, coordinates):
    alone, weights = fit(name, [7], 1, coordinates)["clip-7"]
    for numbers, count in (([7], 2), ([7], 4), ([3, 7], 1), ([7, 3], 2), ([1, 2, 3, 7, 5], 2), ([9, 7, 8], 4)):
        waveform, others = fit(name, numbers, count, coordinates)["clip-7"]
        assert np.array_equal(waveform, alone), (numbers, count)
        assert all(np.array_equal(value, others[key]) for key, value in weights.items()), (numbers, count)


FAMILIES = ["inr-hsiren", "inr-finer", "inr-incode", "inr-gauss", "inr-wire", "inr-rff", "inr-logff", "inr-kan"]
SLOW_RATE = {"rate": 1e-3}
"""A learning rate at which no family diverges: values that are not finite equal nothing."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "changes"),
    [
        *((name, {}) for name in [*FAMILIES, "inr-grid"]),
        ("inr-siren", {"init": "winner", "winner_scale": 300.0, "omega_0": 30.0}),
        ("inr-siren", {"init": "scaled"}),
    ],
)
def test_neighbours_places_and_threads_change_no_bit_of_any_family(fit, name, changes):
    alone, weights = fit(name, [7], 1, 2048, changes, **SLOW_RATE)["clip-7"]
    assert np.isfinite(alone).all()
    waveform, others = fit(name, [3, 7], 2, 2048, changes, **SLOW_RATE)["clip-7"]
    assert np.array_equal(waveform, alone)
    assert all(np.array_equal(value, others[key]) for key, value in weights.items())


@pytest.mark.parametrize("times", [1, TIMES, TIMES + 1, 4096, 32768, 100_000])
def test_runs_cover_every_coordinate_once_and_do_not_know_the_threads(times):
    runs = runs_of(3, times)
    assert len(runs) <= RUNS
    assert {run.clip for run in runs} == {3}
    covered = [index for run in runs for tile in run.tiles for index in range(tile.start, tile.stop)]
    assert covered == list(range(times))


@pytest.mark.parametrize("kind", ["fmlp", "siren"])
def test_decoding_is_the_network_itself(kind, threads):
    net = create(kind, [WIDTH] * 3)
    drawn = [net.draw(torch.Generator().manual_seed(seed)) for seed in range(3)]
    params = {name: torch.stack([one[name] for one in drawn]) for name in net.shapes()}
    features = net.features(grid(SAMPLES))
    first = decode(net, params, features, 1)
    assert torch.equal(first, decode(net, params, features, 4))
    with torch.no_grad():
        whole = net.apply_features(net.fold(params), features)
    torch.testing.assert_close(first, whole, rtol=0, atol=1e-4)
