"""Several processes that train one thing, started by torchrun: each takes its share of every batch.

Losses and gradients are means over the processes, so n processes of b clips take the step of one with n b. Alone, every
function here is the identity.
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
    """This process's number, from 0."""
    return distributed.get_rank() if _joined() else 0


def world() -> int:
    """How many processes train together."""
    return distributed.get_world_size() if _joined() else 1


@contextlib.contextmanager
def joined(device: str) -> Iterator[None]:
    """Take part in the group that torchrun made: NCCL on CUDA, one GPU each; Gloo on CPUs."""
    if device == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    distributed.init_process_group("nccl" if device == "cuda" else "gloo")
    try:
        yield
    finally:
        distributed.destroy_process_group()


def mean(value: torch.Tensor) -> torch.Tensor:
    """The mean of a tensor over the processes; its gradient passes to each unchanged.

    Together with `average_gradients` that is the gradient of a function of the mean.
    """
    if not _joined():
        return value
    result: torch.Tensor = _Mean.apply(value)
    return result


def average_gradients(parameters: Iterable[torch.Tensor]) -> None:
    """Put the mean over the processes into every gradient, in place."""
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
