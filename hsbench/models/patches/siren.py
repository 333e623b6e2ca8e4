"""The shared network of patch-wise INRs: a SIREN whose layers are shifted per patch, with its derivatives by hand.

A patch is P successive samples; its coordinates x are the same in every patch. Layer l = 1 .. L has `width` units:

    z_1 = V_1 x + u_1,    z_l = V_l h_{l-1} + u_l,    h_l = sin(z_l),    y = v h_L + b

The matrices V_l, v and the output bias b are shared by all patches, and each patch has its own vectors u_l. In the
notation of COIN++ (Dupont et al. 2022, arXiv 2201.12904), a layer computes sin(omega_l (W_l h + b_l + s_l)) with the
modulation s_l of the patch, so V_l = omega_l W_l and u_l = omega_l (b_l + s_l); see hsbench.models.patches.network.

First derivatives. Let r = dF/dy for a loss F, and let "*" multiply element by element. By the chain rule

    p_L = v^T r,    d_l = p_l * cos(z_l),    p_{l-1} = V_l^T d_l,
    dF/du_l = sum over samples of d_l,    dF/dV_l = sum over patches and samples of d_l h_{l-1}^T.

Second derivatives. A loss that is minimised by gradient steps inside a training (COIN++) needs, for a direction e of
the vectors u, the gradient of the number <e, dF/du> with respect to u and to all shared parameters. Second derivatives
commute, so this is the derivative of the gradient above in the direction e:

    grad <e, dF/du>  =  d/dt grad F(u + t e) at t = 0.

Differentiating each line above with respect to t, with a dot for d/dt, gives one more pass forwards and backwards:

    zdot_1 = e_1,    zdot_l = V_l hdot_{l-1} + e_l,    hdot_l = cos(z_l) * zdot_l,    ydot = v hdot_L
    pdot_L = v^T rdot,    ddot_l = pdot_l * cos(z_l) - p_l * sin(z_l) * zdot_l,    pdot_{l-1} = V_l^T ddot_l
    d/dt dF/du_l = sum of ddot_l,    d/dt dF/dV_l = sum of ddot_l h_{l-1}^T + d_l hdot_{l-1}^T

This costs about as much as the first derivatives, whatever the number of parameters, and stores no graph.

Conventions: arrays of a layer are [width, patches * samples], so that a layer is one matrix product for all patches.
Shifts are [patches, layers, width]; patches of samples are [patches, samples].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch


class Weights(NamedTuple):
    """Shared parameters, with the factors omega multiplied in.

    Attributes:
        first: V_1, [width, 1].
        hidden: V_2 .. V_L, [layers - 1, width, width].
        output: v, [1, width].
        bias: b, [1].
    """

    first: torch.Tensor
    hidden: torch.Tensor
    output: torch.Tensor
    bias: torch.Tensor


class Gradients(NamedTuple):
    """Derivatives of a scalar with respect to the shifts [patches, layers, width] and the shared parameters.

    The derivatives with respect to the shared parameters are None where they were not asked for.
    """

    shifts: torch.Tensor
    weights: Weights | None


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What the derivatives need of an evaluation.

    Attributes:
        output: y, [patches, samples].
        sines: h_l for every layer, [width, patches * samples] each.
        cosines: cos(z_l) for every layer, of the same shape.
    """

    output: torch.Tensor
    sines: list[torch.Tensor]
    cosines: list[torch.Tensor]


@dataclass(frozen=True, eq=False)
class Backward:
    """What the second derivatives need of the first ones: p_l and d_l of every layer, [width, patches * samples]."""

    products: list[torch.Tensor]
    deltas: list[torch.Tensor]


def evaluate(weights: Weights, shifts: torch.Tensor, coordinates: torch.Tensor) -> torch.Tensor:
    """Evaluate the network and keep nothing: y, [patches, samples].

    Args:
        weights: shared parameters.
        shifts: u, [patches, layers, width].
        coordinates: x, [samples].
    """
    patches, samples = shifts.shape[0], coordinates.shape[0]
    h = _first(weights, shifts, coordinates).sin_()
    for layer, matrix in enumerate(weights.hidden, start=1):
        h = _shifted(matrix @ h, shifts, layer).sin_()
    return (weights.output @ h).view(patches, samples) + weights.bias


def forward(weights: Weights, shifts: torch.Tensor, coordinates: torch.Tensor) -> Evaluation:
    """Evaluate the network and keep sines and cosines of all layers for the derivatives.

    Args:
        weights: shared parameters.
        shifts: u, [patches, layers, width].
        coordinates: x, [samples].
    """
    patches, samples = shifts.shape[0], coordinates.shape[0]
    z = _first(weights, shifts, coordinates)
    sines: list[torch.Tensor] = []
    cosines: list[torch.Tensor] = []
    for layer in range(shifts.shape[1]):
        if layer:
            z = _shifted(weights.hidden[layer - 1] @ sines[-1], shifts, layer)
        sines.append(torch.sin(z))
        cosines.append(z.cos_())
    return Evaluation((weights.output @ sines[-1]).view(patches, samples) + weights.bias, sines, cosines)


def backward(
    weights: Weights,
    evaluation: Evaluation,
    coordinates: torch.Tensor,
    to_output: torch.Tensor,
    *,
    shared: bool = True,
) -> tuple[Gradients, Backward]:
    """Return the first derivatives of a loss.

    Args:
        weights: shared parameters.
        evaluation: result of `forward`.
        coordinates: x, [samples].
        to_output: r = dF/dy, [patches, samples].
        shared: whether to compute the derivatives with respect to the shared parameters too.

    Returns:
        The derivatives, and what `tangent` needs of them.
    """
    layers = len(evaluation.sines)
    products: list[torch.Tensor] = [weights.first] * layers
    deltas: list[torch.Tensor] = [weights.first] * layers
    products[-1] = weights.output.t() * to_output.reshape(1, -1)
    for layer in reversed(range(layers)):
        deltas[layer] = products[layer] * evaluation.cosines[layer]
        if layer:
            products[layer - 1] = weights.hidden[layer - 1].t() @ deltas[layer]
    by_weight = None
    if shared:
        by_weight = _by_weights(deltas, evaluation.sines, to_output, coordinates)
    return Gradients(_by_shifts(deltas, to_output.shape), by_weight), Backward(products, deltas)


def tangent(
    weights: Weights,
    evaluation: Evaluation,
    derivatives: Backward,
    coordinates: torch.Tensor,
    direction: torch.Tensor,
    to_output: torch.Tensor,
    curvature: float,
) -> Gradients:
    """Return the gradient of <e, dF/du> for a direction e, by the formulas of the module's header.

    Args:
        weights: shared parameters.
        evaluation: result of `forward`.
        derivatives: second result of `backward`.
        coordinates: x, [samples].
        direction: e, [patches, layers, width].
        to_output: r = dF/dy, [patches, samples].
        curvature: d^2 F / dy^2, the same number for every sample, since F is a sum of squares; rdot = curvature * ydot.
    """
    layers, shape = len(evaluation.sines), to_output.shape
    directions: list[torch.Tensor] = []  # zdot_l
    moves: list[torch.Tensor] = []  # hdot_l
    for layer in range(layers):
        vector = direction[:, layer].t().contiguous().unsqueeze(2)
        if layer:
            zdot = _shifted(weights.hidden[layer - 1] @ moves[-1], direction, layer)
        else:
            zdot = vector.expand(-1, *shape).reshape(vector.shape[0], -1)
        directions.append(zdot)
        moves.append(evaluation.cosines[layer] * zdot)
    output_dot = (weights.output @ moves[-1]).view(shape)
    to_output_dot = curvature * output_dot
    deltas_dot: list[torch.Tensor] = [weights.first] * layers
    product_dot = weights.output.t() * to_output_dot.reshape(1, -1)
    for layer in reversed(range(layers)):
        bent = (derivatives.products[layer] * evaluation.sines[layer]).mul_(directions[layer])
        deltas_dot[layer] = product_dot.mul_(evaluation.cosines[layer]).sub_(bent)
        if layer:
            product_dot = weights.hidden[layer - 1].t() @ deltas_dot[layer]
    first = _by_weights(deltas_dot, evaluation.sines, to_output_dot, coordinates)
    second = _by_weights(derivatives.deltas, moves, to_output, coordinates, moved=True)
    by_weight = Weights(*(one + other for one, other in zip(first, second, strict=True)))
    return Gradients(_by_shifts(deltas_dot, shape), by_weight)


def _first(weights: Weights, shifts: torch.Tensor, coordinates: torch.Tensor) -> torch.Tensor:
    """Return z_1, [width, patches * samples]; V_1 x is the same in every patch."""
    shift = shifts[:, 0].t().contiguous().unsqueeze(2)
    return ((weights.first * coordinates).unsqueeze(1) + shift).view(shift.shape[0], -1)


def _shifted(z: torch.Tensor, shifts: torch.Tensor, layer: int) -> torch.Tensor:
    """Add u_l of every patch to z in place: [width, patches * samples]."""
    shift = shifts[:, layer].t().contiguous().unsqueeze(2)
    z.view(shift.shape[0], shift.shape[1], -1).add_(shift)
    return z


def _by_shifts(deltas: list[torch.Tensor], shape: torch.Size) -> torch.Tensor:
    """Sum the derivatives by z over the samples of each patch: [patches, layers, width]."""
    return torch.stack([delta.view(-1, *shape).sum(2).t() for delta in deltas], dim=1)


def _by_weights(
    deltas: list[torch.Tensor],
    inputs: list[torch.Tensor],
    to_output: torch.Tensor,
    coordinates: torch.Tensor,
    *,
    moved: bool = False,
) -> Weights:
    """Return the sums of delta_l input_{l-1}^T of all layers.

    Args:
        deltas: d_l or ddot_l.
        inputs: h_l or hdot_l.
        to_output: r or rdot, [patches, samples].
        coordinates: x, [samples]; the input of the first layer.
        moved: whether the inputs are hdot_l. The first layer's input x and the constant 1 that multiplies the output
            bias do not move, so their products vanish.
    """
    width = deltas[0].shape[0]
    hidden = [delta @ before.t() for delta, before in zip(deltas[1:], inputs[:-1], strict=True)]
    output = to_output.reshape(1, -1) @ inputs[-1].t()
    if moved:
        first, bias = torch.zeros_like(deltas[0][:, :1]), torch.zeros_like(to_output[0, :1])
    else:
        first = (deltas[0].view(width, *to_output.shape).sum(1) @ coordinates).unsqueeze(1)
        bias = to_output.sum().unsqueeze(0)
    stacked = torch.stack(hidden) if hidden else deltas[0].new_zeros(0, width, width)
    return Weights(first, stacked, output, bias)
