"""CUDA graphs: record the kernels of a training step once and replay them, without launching them one by one.

Only a step that does the same work at every call can be recorded: it may depend on its input tensors and on tensors
that lie at the same place at every call, such as parameters and a learning rate, and on nothing else. On a CPU the step
simply runs, so a caller need not distinguish the devices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

WARM_UP_CALLS = 3
"""Calls of the step before the recording, in which libraries choose their kernels and constants are created."""


class Recorded:
    """A training step that is recorded as a CUDA graph; after each call the parameters hold that call's gradients.

    Args:
        step: inputs -> losses, detached; adds gradients to the parameters. Its work must depend on its input tensors
            alone: no Python number that changes between calls, no copy from the CPU, no random number.
        parameters: all tensors that receive gradients.
        changed: all other tensors that the step changes, and the parameters where it changes those. They are restored
            after the warm-up calls, so that only the calls of the caller count.
        pool: memory that several recordings use (torch.cuda.graph_pool_handle); None for memory of its own. A replay
            then overwrites the gradients of the others, so they must have been used by that time.
    """

    def __init__(
        self,
        step: Callable[..., torch.Tensor],
        parameters: Iterable[torch.Tensor],
        changed: Iterable[torch.Tensor] = (),
        pool: Any = None,
    ) -> None:
        self.step, self.parameters, self.changed, self.pool = step, list(parameters), list(changed), pool
        self.graph: torch.cuda.CUDAGraph | None = None
        self._inputs: tuple[torch.Tensor, ...] = ()
        self._gradients: list[torch.Tensor | None] = []
        self._losses = torch.zeros(0)

    def __call__(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Run the step and return its losses.

        Args:
            inputs: tensors of the same shapes at every call.
        """
        if not self.records:
            self._clear_gradients()
            return self.step(*inputs)
        if self.graph is None:
            self._record(inputs)
        assert self.graph is not None
        for recorded_input, value in zip(self._inputs, inputs, strict=True):
            recorded_input.copy_(value)  # the graph reads the memory that it read during the recording
        self.graph.replay()
        for parameter, gradient in zip(self.parameters, self._gradients, strict=True):
            parameter.grad = gradient
        return self._losses.clone()

    @property
    def records(self) -> bool:
        """Whether the step is recorded: on a CUDA device."""
        return self.parameters[0].is_cuda

    def _record(self, inputs: tuple[torch.Tensor, ...]) -> None:
        """Record the step on these inputs; warm-up calls run on a stream of their own, as torch.cuda.graph requires."""
        self._inputs = tuple(value.clone() for value in inputs)
        before = [value.detach().clone() for value in self.changed]
        side_stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side_stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side_stream):
            for _ in range(WARM_UP_CALLS):
                self._clear_gradients()
                self.step(*self._inputs)
        torch.cuda.current_stream().wait_stream(side_stream)
        with torch.no_grad():
            for value, earlier in zip(self.changed, before, strict=True):
                value.copy_(earlier)
        # With no gradients present, the recorded backward pass allocates its own and overwrites them at every replay.
        # With gradients present it would add to them.
        self._clear_gradients()
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph, self.pool):  # nothing is computed here: kernels are noted and not run
            self._losses = self.step(*self._inputs)
        self._gradients = [parameter.grad for parameter in self.parameters]

    def _clear_gradients(self) -> None:
        for parameter in self.parameters:
            parameter.grad = None
