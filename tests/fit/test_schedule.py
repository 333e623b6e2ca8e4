"""Learning-rate schedules against torch's OneCycleLR and the published schedule."""

import pytest
import torch

from hsbench.errors import UnknownNameError
from hsbench.fit.recipe import Recipe
from hsbench.fit.schedule import schedule


@pytest.mark.parametrize("total", [10, 40, 300, 1000])
@pytest.mark.parametrize(("name", "peak", "rise"), [("one_cycle", 1, 0.3), ("one_cycle_25", 25, 0.05)])
def test_one_cycle_equals_torchs(name, peak, rise, total):
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.Adam([parameter], lr=1.0)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=0.02 * peak, total_steps=total, pct_start=rise, base_momentum=0.85, max_momentum=0.95
    )
    cycle = schedule(name)
    for step in range(total):
        group = optimiser.param_groups[0]
        assert cycle.rate(step, total, 0.02) == pytest.approx(group["lr"], rel=1e-9)
        assert cycle.momentum(step, total) == pytest.approx(group["betas"][0], rel=1e-9)
        optimiser.step()
        if step < total - 1:
            scheduler.step()


def test_the_published_schedule_moves_once_per_epoch(golden_training):
    recipe = Recipe(1562500, 1562500, "one_cycle_per_epoch", 1e-4, 625, cycle_momentum=True)
    for epoch, expected in golden_training["schedule_per_epoch"].items():
        for step in (0, 624):
            rate, beta1 = recipe.at(int(epoch) * 625 + step)
            assert rate == pytest.approx(expected["lr"], rel=1e-9)
            assert beta1 == pytest.approx(expected["beta1"], rel=1e-9)


def test_moved_at_every_step_the_same_cycle_reaches_25_times_the_rate():
    peak = max(Recipe(1000, 1000, "one_cycle_25", 1e-4).at(step)[0] for step in range(1000))
    assert peak == pytest.approx(2.5e-3, rel=1e-3)


def test_the_constant_schedule_and_an_unknown_name():
    assert schedule("constant").rate(7, 10, 1e-4) == 1e-4
    assert schedule("constant").momentum(7, 10) == 0.95
    with pytest.raises(UnknownNameError, match="did you mean 'one_cycle'"):
        schedule("onecycle")
