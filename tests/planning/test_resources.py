"""Resources of a run: how many cells are computed at the same time, and with how many threads."""

import dataclasses

import pytest

from hsbench.errors import UnknownNameError
from hsbench.planning import resources
from hsbench.planning.request import Request
from hsbench.planning.selection import select


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    monkeypatch.setattr(resources, "cores", lambda: 16)
    monkeypatch.setattr(resources, "gpu_visible", lambda: False)


def of(*experiments, **options):
    return resources.resources_of(select(Request(experiments, **options)))


def test_an_experiment_of_many_cells_computes_one_per_core_on_a_cpu():
    chosen = of("zoo")
    assert (chosen.device, chosen.jobs, chosen.threads) == ("cpu", 16, 1)
    assert of("zoo", "table2d").jobs == 1, "table2d is not parallel"
    assert (of("zoo", jobs=2).jobs, of("zoo", jobs=2).threads) == (2, 8)


def test_one_cell_at_a_time_is_computed_on_a_gpu(monkeypatch):
    chosen = of("zoo", device="cuda")
    assert (chosen.device, chosen.jobs, chosen.threads) == ("cuda", 1, 16)
    assert of("zoo", device="cuda", jobs=2).jobs == 2
    monkeypatch.setattr(resources, "gpu_visible", lambda: True)
    assert (of("zoo").device, of("zoo").jobs) == ("cuda", 1)
    assert (of("zoo", device="cpu").device, of("zoo", device="cpu").jobs) == ("cpu", 16)


def test_a_pinned_device_decides_too(monkeypatch):
    monkeypatch.setattr(resources, "gpu_visible", lambda: True)
    (selection,) = select(Request(("smoke",)))
    parallel = dataclasses.replace(selection.experiment, parallel=True)
    chosen = resources.resources_of([dataclasses.replace(selection, experiment=parallel)])
    assert (chosen.device, chosen.jobs, chosen.threads) == ("cpu", 16, 1)


def test_an_unknown_device_is_a_sentence():
    with pytest.raises(UnknownNameError, match="did you mean 'cuda'"):
        of("zoo", device="cudas")
