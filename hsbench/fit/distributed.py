"""Training of one network in several processes, started by torchrun: each process takes an equal share of every batch.

P processes of b clips take the same step as one process of P b clips. In a single process every function here is the
identity.

Why the gradient is right: process r computes quantities m_r(theta), each a mean over its own b clips. The mean over the
whole batch is m = (1 / P) sum_r m_r, since all shares have the same size. The loss of the whole batch is a function
f(m), for example the root under which the spectral loss has its mean; its gradient is

    d f(m) / d theta = f'(m) (1 / P) sum_r d m_r / d theta.

`mean` computes m in the forward direction, the same in every process, and passes the gradient through unchanged in the
backward direction. Process r thus arrives at f'(m) d m_r / d theta. `average_gradients` averages this over r, which is
the formula above. A term that is linear in m_r needs no `mean`: there f' does not depend on m.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

import torch
from torch import distributed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def rank() -> int:
    """Return the number of this process, from 0."""
    return distributed.get_rank() if _joined() else 0


def world() -> int:
    """Return the number of processes that train together."""
    return distributed.get_world_size() if _joined() else 1


@contextlib.contextmanager
def joined(device: str) -> Iterator[None]:
    """Join the process group that torchrun started, for the duration of a `with` block.

    Args:
        device: "cuda" for NCCL with one GPU per process, "cpu" for Gloo.
    """
    if device == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    distributed.init_process_group("nccl" if device == "cuda" else "gloo")
    try:
        yield
    finally:
        distributed.destroy_process_group()


def mean(value: torch.Tensor) -> torch.Tensor:
    """Return the mean of a tensor over all processes; its gradient passes back unchanged (see the module's text)."""
    if not _joined():
        return value
    result: torch.Tensor = _Mean.apply(value)
    return result


def average_gradients(parameters: Iterable[torch.Tensor]) -> None:
    """Replace every gradient by its mean over all processes, in place.

    Args:
        parameters: the trained parameters, in the same order in every process.
    """
    if not _joined():
        return
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    distributed.all_reduce(flat)
    flat /= world()
    for gradient, part in zip(gradients, torch.split(flat, [gradient.numel() for gradient in gradients]), strict=True):
        gradient.copy_(part.view_as(gradient))


def _joined() -> bool:
    return distributed.is_available() and distributed.is_initialized()


class _Mean(torch.autograd.Function):
    """Mean over the processes, with the identity as its backward pass."""

    @staticmethod
    def forward(context: Any, value: torch.Tensor) -> torch.Tensor:
        del context
        total = value.detach().clone()
        distributed.all_reduce(total)
        return total / world()

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> torch.Tensor:
        del context
        return gradients[0]
