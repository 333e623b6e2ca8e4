"""The inner loop of COIN++: a few gradient steps on the latent of each patch, and the derivative of its outcome.

A patch of P samples t has the loss l(phi) = mean (y - t)^2, where y is the shared SIREN with shifts u = u_0 + A' phi
(A' = omega A of hsbench.models.patches.network). From phi_0 = 0, the inner loop makes K steps

    phi_{k+1} = phi_k - alpha * g_k,    g_k = dl/dphi (phi_k) = A'^T dl/du,

with one step size per number of the latent, alpha. Every patch has its own loss and its own steps.

Meta-gradient. Training minimises a function F of the outcome phi_K through all K steps (second order). Let theta stand
for u_0, A' and the weights, and v_{k+1} = dF/dphi_{k+1}. The step k depends on phi_k directly and through g_k, so

    dF/dalpha  -=  v_{k+1} * g_k,    v_k = v_{k+1} + d<e, g_k>/dphi,    dF/dtheta  +=  d<e, g_k>/dtheta,

with e = -alpha * v_{k+1} held constant. The number <e, g_k> is <A' e, dl/du>: its gradient is one second-derivative
pass of hsbench.models.patches.siren in the direction A' e. A' occurs in that direction too, which adds dl/du e^T.

Beyond the number of steps that training made, the learned step sizes may be too long: with sizes learned for 3 steps,
10 plain steps have been seen to diverge. Further steps are therefore guarded, patch by patch: a step that raises the
loss of the patch is taken back and all its further ones are halved, so the loss never rises after the trained steps.

Source: Dupont et al. 2022, arXiv 2201.12904; learned step sizes: Li et al. 2017, "Meta-SGD", arXiv 1707.09835.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch

from hsbench.models.patches.siren import Backward, Evaluation, Gradients, Weights, backward, forward, tangent


class Shared(NamedTuple):
    """All that the patches share.

    Attributes:
        weights: matrices of the SIREN.
        base: u_0, [layers, width].
        modulation: A', [layers * width, latent].
        rates: alpha, [latent].
    """

    weights: Weights
    base: torch.Tensor
    modulation: torch.Tensor
    rates: torch.Tensor

    def shifts(self, latents: torch.Tensor) -> torch.Tensor:
        """Return u for latents [patches, latent]: [patches, layers, width]."""
        return self.base + (latents @ self.modulation.t()).view(-1, *self.base.shape)

    def by_latents(self, by_shifts: torch.Tensor) -> torch.Tensor:
        """Return A'^T of derivatives by the shifts: [patches, layers, width] -> [patches, latent]."""
        return by_shifts.flatten(1) @ self.modulation


@dataclass(frozen=True, eq=False)
class InnerStep:
    """What the meta-gradient needs of one inner step: phi_k, g_k, and the derivatives of the patch losses there."""

    latents: torch.Tensor
    gradient: torch.Tensor
    to_output: torch.Tensor
    evaluation: Evaluation
    by_shifts: torch.Tensor
    derivatives: Backward


def at_start(shared: Shared, grid: torch.Tensor) -> Evaluation:
    """Evaluate the SIREN at phi = 0, where it is the same for all patches: an evaluation of one patch.

    Args:
        shared: all that the patches share.
        grid: coordinates within a patch, [samples].
    """
    return forward(shared.weights, shared.base[None], grid)


def _repeated(start: Evaluation, patches: int) -> Evaluation:
    """Return the evaluation of a number of equal patches from that of one."""

    def repeat(values: torch.Tensor) -> torch.Tensor:
        return values.unsqueeze(1).expand(-1, patches, -1).reshape(values.shape[0], -1)

    sines, cosines = ([repeat(values) for values in layers] for layers in (start.sines, start.cosines))
    return Evaluation(start.output.expand(patches, -1), sines, cosines)


def inner_steps(
    shared: Shared, start: Evaluation, targets: torch.Tensor, grid: torch.Tensor, steps: int
) -> list[InnerStep]:
    """Make the unguarded inner steps from phi = 0 and keep what the meta-gradient needs.

    Args:
        shared: all that the patches share.
        start: result of `at_start`.
        targets: t, [patches, samples].
        grid: coordinates within a patch, [samples].
        steps: K, at least 1.

    Returns:
        The steps in order; the outcome phi_K is `outcome` of the last one.
    """
    latents = targets.new_zeros(targets.shape[0], shared.rates.shape[0])
    made: list[InnerStep] = []
    for _ in range(steps):
        evaluation = forward(shared.weights, shared.shifts(latents), grid) if made else _repeated(start, len(targets))
        to_output = (evaluation.output - targets).mul_(2 / targets.shape[1])
        by, derivatives = backward(shared.weights, evaluation, grid, to_output, shared=False)
        gradient = shared.by_latents(by.shifts)
        made.append(InnerStep(latents, gradient, to_output, evaluation, by.shifts, derivatives))
        latents = latents - shared.rates * gradient
    return made


def outcome(shared: Shared, last: InnerStep) -> torch.Tensor:
    """Return phi_K, the latents after the last inner step: [patches, latent]."""
    return last.latents - shared.rates * last.gradient


def meta_gradient(
    shared: Shared, start: Evaluation, targets: torch.Tensor, grid: torch.Tensor, steps: int
) -> tuple[torch.Tensor, Shared]:
    """Return F = sum over patches and samples of (y - t)^2 after the inner loop, and its gradient.

    Args:
        shared: all that the patches share.
        start: result of `at_start`.
        targets: t, [patches, samples].
        grid: coordinates within a patch, [samples].
        steps: K, number of inner steps.

    Returns:
        F, a scalar, and dF by every field of `shared`.
    """
    made = inner_steps(shared, start, targets, grid, steps)
    latents = outcome(shared, made[-1])
    evaluation = forward(shared.weights, shared.shifts(latents), grid)
    error = evaluation.output - targets
    by, _ = backward(shared.weights, evaluation, grid, 2 * error)
    total = _Sum(shared)
    total.add(by, latents)
    to_latents = shared.by_latents(by.shifts)
    for step in reversed(made):
        total.rates -= (to_latents * step.gradient).sum(0)
        direction = -shared.rates * to_latents
        in_shifts = (direction @ shared.modulation.t()).view(-1, *shared.base.shape)
        second = tangent(
            shared.weights,
            step.evaluation,
            step.derivatives,
            grid,
            in_shifts,
            step.to_output,
            2 / targets.shape[1],
        )
        total.add(second, step.latents)
        total.modulation += step.by_shifts.flatten(1).t() @ direction
        to_latents = to_latents + shared.by_latents(second.shifts)
    return error.square().sum(), total.gradient()


class _Sum:
    """Sum of derivatives with respect to all that the patches share."""

    def __init__(self, shared: Shared) -> None:
        self.weights = Weights(*(torch.zeros_like(value) for value in shared.weights))
        self.base, self.modulation = torch.zeros_like(shared.base), torch.zeros_like(shared.modulation)
        self.rates = torch.zeros_like(shared.rates)

    def add(self, by: Gradients, latents: torch.Tensor) -> None:
        """Add derivatives by weights and shifts; the shifts are u_0 + A' phi with the given phi."""
        assert by.weights is not None
        torch._foreach_add_(list(self.weights), list(by.weights))
        self.base += by.shifts.sum(0)
        self.modulation += by.shifts.flatten(1).t() @ latents

    def gradient(self) -> Shared:
        """Return the sums."""
        return Shared(self.weights, self.base, self.modulation, self.rates)


def adapt(
    shared: Shared, start: Evaluation, targets: torch.Tensor, grid: torch.Tensor, steps: int, trained: int
) -> torch.Tensor:
    """Return the latents after any number of inner steps: [patches, latent].

    Args:
        shared: all that the patches share.
        start: result of `at_start`.
        targets: t, [patches, samples].
        grid: coordinates within a patch, [samples].
        steps: number of steps.
        trained: number of steps in training; the steps after these are guarded.
    """
    latents = outcome(shared, inner_steps(shared, start, targets, grid, min(steps, trained))[-1])
    if steps <= trained:
        return latents
    length = targets.new_ones(targets.shape[0], 1)
    loss, gradient = _loss_and_gradient(shared, targets, grid, latents)
    for _ in range(steps - trained):
        tried = latents - length * shared.rates * gradient
        tried_loss, tried_gradient = _loss_and_gradient(shared, targets, grid, tried)
        better = tried_loss < loss
        latents, gradient = torch.where(better, tried, latents), torch.where(better, tried_gradient, gradient)
        loss, length = torch.where(better, tried_loss, loss), torch.where(better, length, length / 2)
    return latents


def _loss_and_gradient(
    shared: Shared, targets: torch.Tensor, grid: torch.Tensor, latents: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the loss of every patch [patches, 1] and its gradient [patches, latent]."""
    evaluation = forward(shared.weights, shared.shifts(latents), grid)
    error = evaluation.output - targets
    by, _ = backward(shared.weights, evaluation, grid, error * (2 / targets.shape[1]), shared=False)
    return error.square().mean(1, keepdim=True), shared.by_latents(by.shifts)
