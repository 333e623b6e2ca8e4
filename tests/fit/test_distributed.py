"""Two processes of 8 clips train as one of 16: same losses, same gradients, also for the root of the spectral loss."""

import pytest
import torch
from torch import multiprocessing

from hsbench.execution import team
from hsbench.fit import distributed
from hsbench.fit.loop import Hooks, optimise
from hsbench.fit.losses import MultiResolutionMelLoss
from hsbench.fit.recipe import Recipe
from hsbench.models.hypersound.combine import Combination
from hsbench.models.hypersound.network import HyperSoundNetwork
from hsbench.models.hypersound.step import TrainingStep
from hsbench.models.targets import create

CODE = {"additive_bias": "generated", "multiplicative_bias": "scale"}


def network():
    net = create("fmlp", [8, 8])
    small = HyperSoundNetwork(net, Combination(net, "add", 0, CODE), 2048, 2, "element", [16])
    small.initialise(0)
    return small.double()


def clips():
    levels = torch.linspace(0.05, 1, 16)[:, None]
    return torch.randn(16, 2048, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * levels


def trained(waveform):
    """Train three steps on these clips: losses, gradients of the last step, and weights after it."""
    small, rows = network(), []
    step = TrainingStep(small, MultiResolutionMelLoss(22050, across=distributed.mean), (8, 700), 4, "fp32")
    hooks = Hooks(rows.append, lambda done: None)
    optimise(
        dict(small.named_parameters()), lambda number: step(waveform, None, 0), Recipe(3, 3, "constant", 1e-3), hooks
    )
    gradients = {name: value.grad for name, value in small.named_parameters() if value.grad is not None}
    return [row["loss"] for row in rows], gradients, dict(small.state_dict())


def worker(rank, port, folder):
    import os

    os.environ.update(RANK=str(rank), WORLD_SIZE="2", MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    torch.set_num_threads(1)
    with distributed.joined("cpu"):
        assert (distributed.rank(), distributed.world()) == (rank, 2)
        torch.save(trained(clips()[8 * rank : 8 * rank + 8]), f"{folder}/{rank}.pt")
    team.leave(0)


@pytest.mark.slow
def test_two_processes_of_eight_clips_train_as_one_of_sixteen(tmp_path):
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    multiprocessing.spawn(worker, (port, str(tmp_path)), nprocs=2)
    losses, gradients, weights = trained(clips())
    shares = [torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2)]
    for share in shares:
        assert torch.allclose(torch.tensor(share[0]), torch.tensor(losses), rtol=1e-9)
        assert share[1].keys() == gradients.keys()
        for name, value in gradients.items():
            assert (share[1][name] - value).norm() <= 1e-5 * value.norm() + 1e-12, name
    for name, value in weights.items():
        assert torch.equal(shares[0][2][name], shares[1][2][name]), "both processes have the same weights"
        assert torch.allclose(shares[0][2][name], value, atol=1e-9), name


def test_the_mean_must_be_taken_under_the_root():
    """If each process took the root of its own mean, the averaged gradients would not be those of the whole batch."""
    loss = MultiResolutionMelLoss(22050)
    x = clips()
    y = (0.5 * x).requires_grad_()
    loss(x, y).backward()
    halves = []
    for part in (slice(0, 8), slice(8, 16)):
        half = (0.5 * x[part]).requires_grad_()
        loss(x[part], half).backward()
        halves.append(half.grad / 2)
    assert (torch.cat(halves) - y.grad).norm() > 1e-2 * y.grad.norm()


def test_in_a_single_process_every_function_is_the_identity():
    value = torch.tensor(3.0, requires_grad=True)
    assert distributed.mean(value) is value
    assert (distributed.rank(), distributed.world()) == (0, 1)
    distributed.average_gradients([value])
    assert value.grad is None
