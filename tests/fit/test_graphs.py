"""Steps recorded as CUDA graphs: gradients of every call, also on a CPU, where nothing is recorded."""

import contextlib
from functools import partial

import pytest
import torch

from hsbench.fit.graphs import Recorded
from hsbench.fit.losses import MultiResolutionMelLoss
from hsbench.fit.recipe import Recipe
from hsbench.fit.update import Update, Work


def step_of(weight):
    def step(x):
        loss = (weight * x).square().sum()
        loss.backward()
        return loss.detach()

    return step


def test_a_call_replaces_the_gradients_of_the_call_before():
    weight = torch.tensor([1.0, 2.0], requires_grad=True)
    run = Recorded(step_of(weight), [weight])
    first, second = torch.tensor([1.0, 1.0]), torch.tensor([3.0, 0.0])
    assert float(run(first)) == 5
    assert weight.grad.tolist() == [2, 4]
    assert float(run(second)) == 9
    assert weight.grad.tolist() == [18, 0]


def test_a_parameter_that_the_step_does_not_use_has_no_gradient():
    weight, other = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    other.grad = torch.ones(2)
    Recorded(step_of(weight), [weight, other])(torch.ones(2))
    assert other.grad is None


@pytest.fixture
def pretended(monkeypatch):
    """Let steps be recorded on the CPU: a replay computes what was noted, into the memory of the recording."""

    class Graph:
        def replay(self):
            gradients = self.recorded._gradients
            self.recorded._clear_gradients()
            self.recorded._losses.copy_(self.recorded.step(*self.recorded._inputs))
            for parameter, gradient in zip(self.recorded.parameters, gradients, strict=True):
                assert (parameter.grad is None) == (gradient is None)
                if gradient is not None:
                    gradient.copy_(parameter.grad)

    @contextlib.contextmanager
    def noting(graph, pool):
        """Nothing that is noted is computed: put back what the step changed."""
        before = [value.detach().clone() for value in graph.recorded.changed]
        yield
        with torch.no_grad():
            for value, earlier in zip(graph.recorded.changed, before, strict=True):
                value.copy_(earlier)

    def record(self, inputs, plain=Recorded._record):
        monkeypatch.setattr(Graph, "recorded", self, raising=False)
        plain(self, inputs)
        self.graph.recorded = self

    class Stream:
        def wait_stream(self, other):
            pass

    monkeypatch.setattr(Recorded, "records", True)
    monkeypatch.setattr(Recorded, "_record", record)
    for name, stand_in in {
        "CUDAGraph": Graph,
        "Stream": Stream,
        "current_stream": Stream,
        "stream": lambda stream: contextlib.nullcontext(),
        "graph": noting,
    }.items():
        monkeypatch.setattr(torch.cuda, name, stand_in)


def trained(recipe, recordable):
    """Return parameters and a counting buffer after 8 steps, in which two players alternate as RAVE's do."""
    generator = torch.Generator().manual_seed(0)
    players = {name: torch.rand(3, generator=generator).requires_grad_() for name in "ab"}
    data, count = torch.rand(8, 3, generator=generator), torch.zeros(())

    def gradients(name, row):
        count.add_(row.sum())
        loss = (players[name] * row - 1).square().sum() + players[name].sum()
        loss.backward()
        return loss.detach()

    def work(number):
        name = "ab"[number % 2]
        return Work(partial(gradients, name), (data[number],), name)

    def step(number):
        made = work(number)
        return made.gradients(*made.inputs)

    update = Update(players, step, recipe, work if recordable else None, [count])
    losses = [float(update(number)) for number in range(8)]
    return [*players.values(), count], losses, update


@pytest.mark.parametrize("cycle", [True, False])
def test_recorded_updates_are_those_of_eager_ones(cycle, pretended):
    """The warm-up calls of a recording leave no trace in parameters, moments and buffers."""
    recipe = Recipe(8, 8, "one_cycle", 0.1, cycle_momentum=cycle, clip_norm=1.0)
    eager, expected, _ = trained(recipe, recordable=False)
    recorded, losses, update = trained(recipe, recordable=True)
    assert losses == expected
    for one, other in zip(eager, recorded, strict=True):
        assert torch.equal(one, other)
    assert [graph.graph is not None for graph in update._recorded.values()] == [True, True]
    assert all(int(state["step"]) == 4 for state in update.optimiser.state.values())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_replay_has_the_loss_and_the_gradients_of_the_step():
    generator = torch.Generator().manual_seed(0)
    weight = torch.rand(2048, generator=generator).cuda().requires_grad_()
    loss, target = MultiResolutionMelLoss(22050), torch.rand(4, 2048, generator=generator).cuda()

    def step(x):
        value = loss(target, weight * x)
        value.backward()
        return value.detach()

    run = Recorded(step, [weight])
    for seed in range(3):
        x = torch.rand(4, 2048, generator=torch.Generator().manual_seed(seed)).cuda()
        weight.grad = None
        expected = float(step(x))
        gradient = weight.grad.clone()
        assert float(run(x)) == pytest.approx(expected, rel=1e-6)
        assert (weight.grad - gradient).norm() <= 1e-5 * gradient.norm()
    assert run.graph is not None
