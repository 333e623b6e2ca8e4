"""CUDA graphs: a step whose work never changes, recorded once and then replayed without launching kernel by kernel.

Experimental: not yet run on CUDA, and so off unless HSBENCH_CUDA_GRAPHS is 1. On a CPU the step runs as it is, so both
ways can stand in the same place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from hsbench.device import GRAPHS, switched_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

WARM = 3
"""Steps before the recording, in which libraries choose kernels and constants are made."""


def asked() -> bool:
    """Whether steps are to be recorded where they can be."""
    return switched_on(GRAPHS)


class Recorded:
    """A step that adds gradients; after each call the parameters hold those of that call alone.

    Args:
        step: inputs -> losses, detached. What it does must depend on its tensors alone: no number that changes from
            call to call, no copy from the CPU, no random number.
        parameters: whatever it gives gradients to.
    """

    def __init__(self, step: Callable[..., torch.Tensor], parameters: Iterable[torch.Tensor]) -> None:
        self.step, self.parameters = step, list(parameters)
        self.graph: torch.cuda.CUDAGraph | None = None
        self._inputs: tuple[torch.Tensor, ...] = ()
        self._gradients: list[torch.Tensor | None] = []
        self._losses = torch.zeros(0)

    def __call__(self, *inputs: torch.Tensor) -> torch.Tensor:
        """The losses of the step on these inputs, which keep their shapes from call to call."""
        if not self.parameters[0].is_cuda:
            self._forget()
            return self.step(*inputs)
        if self.graph is None:
            self._record(inputs)
        assert self.graph is not None
        for kept, given in zip(self._inputs, inputs, strict=True):
            kept.copy_(given)
        self.graph.replay()
        for parameter, gradient in zip(self.parameters, self._gradients, strict=True):
            parameter.grad = gradient
        return self._losses.clone()

    def _record(self, inputs: tuple[torch.Tensor, ...]) -> None:
        self._inputs = tuple(one.clone() for one in inputs)
        aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(WARM):
                self._forget()
                self.step(*self._inputs)
        torch.cuda.current_stream().wait_stream(aside)
        self._forget()  # so that the recorded backward pass makes gradients of its own and overwrites them
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self._losses = self.step(*self._inputs)
        self._gradients = [parameter.grad for parameter in self.parameters]

    def _forget(self) -> None:
        for parameter in self.parameters:
            parameter.grad = None
