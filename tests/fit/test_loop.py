import pytest
import torch

from hsbench.errors import BackendMissingError, UnknownNameError
from hsbench.fit import checkpoint, precision
from hsbench.fit.graphs import Recorded
from hsbench.fit.loop import Hooks, optimise
from hsbench.fit.recipe import Recipe
from hsbench.fit.schedule import schedule
from hsbench.fit.update import Update, Work

pytestmark = pytest.mark.usefixtures("eager_checkpoints")


def quadratic():
    parameter = torch.tensor([3.0, -2.0], requires_grad=True)

    def step(number):
        loss = ((parameter - number / 100) ** 2).sum()
        loss.backward()
        return loss.detach()

    return parameter, step


def fit(path=None, stop=None, updates=50):
    parameter, step = quadratic()
    rows, done = [], []

    def progress(number):
        done.append(number)
        if number == stop:
            raise InterruptedError

    hooks = Hooks(rows.append, progress, path)
    optimise({"p": parameter}, step, Recipe(50, updates, "one_cycle", 0.1), hooks)
    return parameter.detach(), rows, done


def test_a_resumed_fit_continues_the_same_trajectory_bit_for_bit(tmp_path):
    calm, rows, _ = fit()
    with pytest.raises(InterruptedError):
        fit(tmp_path / "c.safetensors", stop=23)
    resumed, later, done = fit(tmp_path / "c.safetensors")
    assert torch.equal(calm, resumed)
    assert done[0] == 23, "the checkpoint before the interruption holds 22 steps"
    without_time = [{k: v for k, v in row.items() if k != "seconds"} for row in rows]
    assert [{k: v for k, v in row.items() if k != "seconds"} for row in later] == without_time[-len(later) :]


def test_it_is_adam():
    parameter, step = quadratic()
    mine, _, _ = fit(updates=50)
    optimiser = torch.optim.Adam([parameter], lr=0.1)
    for number in range(50):
        optimiser.param_groups[0]["lr"] = schedule("one_cycle").rate(number, 50, 0.1)
        optimiser.zero_grad()
        step(number)
        optimiser.step()
    assert torch.allclose(mine, parameter.detach(), atol=1e-6)


@pytest.mark.parametrize("cycle", [True, False])
def test_a_recordable_step_makes_the_same_updates(cycle):
    """Where there is no work to record, the plain step is made, a kind of its own. On a CPU nothing is recorded."""
    recipe = Recipe(20, 20, "one_cycle", 0.1, cycle_momentum=cycle, clip_norm=1.0)
    ends, reports = [], {False: [], True: []}
    for static in (False, True):
        parameter, step = quadratic()

        def gradients(number, parameter=parameter):
            loss = ((parameter - number / 100) ** 2).sum()
            loss.backward()
            return loss.detach()

        def recordable(number, gradients=gradients):
            return None if number < 3 else Work(gradients, (torch.tensor(float(number)),))

        hooks = Hooks(lambda row: None, lambda done: None, compiling=reports[static].append)
        optimise({"p": parameter}, step, recipe, hooks, recordable if static else None)
        ends.append(parameter.detach())
    assert torch.equal(*ends)
    assert reports == {False: [0, 1], True: [0, 1, 0, 1]}


@pytest.mark.parametrize("cycle", [True, False])
def test_each_kind_of_work_is_recorded_by_itself_and_changes_what_is_restored(cycle, monkeypatch):
    """What the warm-up calls of a recording change: buffers, and with the optimiser parameters and moments."""
    parameter, counted, made = torch.ones(2, requires_grad=True), torch.zeros(1), []

    class Noted(Recorded):
        def __init__(self, step, parameters, changed, pool):
            made.append(changed)
            super().__init__(step, parameters, changed, pool)

    def work(number):
        def gradients(factor):
            loss = ((number % 2 + 1) * factor * parameter).sum()
            loss.backward()
            return loss.detach()

        return Work(gradients, (torch.tensor(1.0),), f"kind {number % 2}")

    monkeypatch.setattr("hsbench.fit.update.Recorded", Noted)
    recipe = Recipe(6, 6, "one_cycle", 0.0, cycle_momentum=cycle)
    update = Update({"p": parameter}, lambda number: None, recipe, work, [counted])
    assert [float(update(number)) for number in range(4)] == [2, 4, 2, 4]
    moments = list(update.optimiser.state[parameter].values())
    assert len(made) == 2
    for changed in made:
        expected = [counted] if cycle else [parameter, *moments, counted]
        assert [id(value) for value in changed] == [id(value) for value in expected]


def test_fewer_updates_than_steps_leave_the_last_ones_out():
    assert fit(updates=49)[2][-1] == 49
    assert not torch.equal(fit(updates=49)[0], fit(updates=50)[0])


def test_a_checkpoint_that_is_not_whole_is_no_checkpoint(tmp_path):
    path = tmp_path / "c.safetensors"
    assert checkpoint.read(path) is None
    checkpoint.write(path, {"p": torch.arange(4.0)}, {"step": 3, "seconds": 0.5})
    tensors, numbers = checkpoint.read(path)
    assert torch.equal(tensors["p"], torch.arange(4.0))
    assert numbers == {"step": 3, "seconds": 0.5}
    data = path.read_bytes()
    for damaged in (data[: len(data) // 2], b"", b"nonsense" * 10, data[:-3]):
        path.write_bytes(damaged)
        assert checkpoint.read(path) is None


def test_tf32_is_on_for_hidden_layers_on_cuda_alone():
    switches = torch.backends.cuda.matmul, torch.backends.cudnn
    precision.pin("cpu", 1)
    for context in (precision.hidden, precision.propagating):
        with context("tf32", torch.device("cuda")):
            assert [switch.allow_tf32 for switch in switches] == [True, True]
        for policy, device in (("tf32", "cpu"), ("fp32", "cuda")):
            with context(policy, torch.device(device)):
                assert [switch.allow_tf32 for switch in switches] == [False, False]
    with pytest.raises(UnknownNameError, match="unknown precision 'tf16'"):
        precision.hidden("tf16", torch.device("cpu"))


def test_provenance_says_what_a_cpu_computes():
    assert precision.described("tf32", "cuda") == precision.POLICIES["tf32"]
    assert precision.described("tf32", "cpu") == f"tf32, which a CPU computes as {precision.POLICIES['fp32']}"
    assert precision.described("bf16", "cpu") == precision.POLICIES["bf16"]


def test_precision_is_set_and_not_inherited(monkeypatch):
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.backends.cudnn.allow_tf32 = True
    assert precision.pin("cpu", 1) == torch.device("cpu")
    assert torch.get_num_threads() == 1
    assert not torch.backends.cuda.matmul.allow_tf32
    assert not torch.backends.cudnn.allow_tf32
    precision.pin("cpu", 2)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(BackendMissingError, match="torch finds none; use --device cpu"):
        precision.pin("cuda", 1)


def test_it_is_adamw_with_a_cycled_momentum_and_clipped_gradients():
    mine, step = quadratic()
    recipe = Recipe(40, 40, "one_cycle_25", 0.01, 1, weight_decay=0.01, cycle_momentum=True, clip_norm=0.5)
    optimise({"p": mine}, step, recipe, Hooks(lambda row: None, lambda done: None))
    theirs, step = quadratic()
    optimiser = torch.optim.AdamW([theirs], lr=0.01, weight_decay=0.01)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=0.25, total_steps=40, pct_start=0.05)
    for number in range(40):
        optimiser.zero_grad()
        step(number)
        torch.nn.utils.clip_grad_norm_([theirs], 0.5)
        optimiser.step()
        if number < 39:
            scheduler.step()
    assert torch.allclose(mine, theirs, atol=1e-6)


def test_a_parameter_without_a_gradient_is_kept_and_resumed(tmp_path):
    used, unused = torch.tensor([1.0], requires_grad=True), torch.tensor([5.0], requires_grad=True)

    def step(number):
        loss = used.square().sum()
        loss.backward()
        return loss.detach()

    hooks = Hooks(lambda row: None, lambda done: None, tmp_path / "c.safetensors")
    optimise({"a": used, "b": unused}, step, Recipe(3, 3, "constant", 0.1, weight_decay=0.5), hooks)
    assert unused.item() == 5.0
    optimise({"a": used, "b": unused}, step, Recipe(5, 5, "constant", 0.1, weight_decay=0.5), hooks)
    assert unused.item() == 5.0
    assert used.item() < 0.8


def test_players_that_take_turns_resume_with_their_own_moments_and_buffers(tmp_path):
    def play(path=None, stop=None):
        players = {name: torch.tensor([1.0, 2.0], requires_grad=True) for name in ("even", "odd")}
        seen = torch.zeros(2)

        def step(number):
            if number == stop:
                raise InterruptedError
            one = players["odd" if number % 3 == 1 else "even"]
            loss = ((one - number) ** 2).sum() + seen.sum() * one.sum()
            loss.backward()
            seen.mul_(0.9).add_(one.detach())
            return loss.detach()

        hooks = Hooks(lambda row: None, lambda done: None, path, {"seen": seen})
        optimise(players, step, Recipe(20, 20, "constant", 0.05, betas=(0.5, 0.9)), hooks)
        return torch.cat([*players.values(), seen]).detach()

    calm = play()
    with pytest.raises(InterruptedError):
        play(tmp_path / "c.safetensors", stop=11)
    assert torch.equal(play(tmp_path / "c.safetensors"), calm)


def test_players_that_take_turns_are_as_if_each_had_an_optimiser_of_its_own():
    mine = {name: torch.tensor([1.0, 2.0], requires_grad=True) for name in ("even", "odd")}
    theirs = {name: value.detach().clone().requires_grad_() for name, value in mine.items()}

    def loss_of(players, number):
        return ((players["odd" if number % 3 == 1 else "even"] - number) ** 2).sum()

    def step(number):
        loss = loss_of(mine, number)
        loss.backward()
        return loss.detach()

    hooks = Hooks(lambda row: None, lambda done: None)
    optimise(mine, step, Recipe(20, 20, "constant", 0.05, betas=(0.5, 0.9)), hooks)
    optimisers = {name: torch.optim.Adam([value], lr=0.05, betas=(0.5, 0.9)) for name, value in theirs.items()}
    for number in range(20):
        one = optimisers["odd" if number % 3 == 1 else "even"]
        one.zero_grad()
        loss_of(theirs, number).backward()
        one.step()
    for name, value in mine.items():
        torch.testing.assert_close(value, theirs[name])
