"""Ways to combine generated parameters (W_h, b_h) with shared ones (W_s, b_s).

Generated parameters are written by the hypernetwork for one clip; shared parameters are trained and the same for all
clips. A layer of the target network with input x computes one of

    replace            x W_h^T + b_h; the first `shared_layers` layers use x W_s^T + b_s instead
    add                x (W_s + W_h)^T + b_s + b_h          the reference code drops b_s
    multiply           x (W_s * W_h)^T + b_s * b_h          the reference code computes (x (W_s * W_h)^T) * b_h
    biases_only        x W_s^T + b_h
    global_residual    x (W_s + f W_h)^T + b_s + f b_h      f grows from 0 to 1, see hsbench.models.hypersound.ramp

where * multiplies element by element. The first three are Table 1 of arXiv 2302.04959. A protocol switch decides
between the text of that paper and its code: `additive_bias` is "sum" (text) or "generated" (code),
`multiplicative_bias` is "product" (text) or "scale" (code).

global_residual is the combination of FewSound (arXiv 2503.02585). It differs from `add` in three points: f makes the
training begin with the shared parameters alone; the shared biases always count, whatever `additive_bias` says; and the
shared parameters start as a network of their own (see hsbench.models.hypersound.network). FewSound also feeds its
hypernetwork with the shared parameters: two convolutions and a linear layer of 55 million weights turn them into a
second half of its input. This convolution branch is left out, so only the latent of the clip enters the hypernetwork.

Why one combined set of weights suffices: each rule is linear in x with one effective matrix and one effective bias (or
factor), so they are combined once per clip, and the target network evaluates every time with these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from hsbench.models.targets.base import TargetNet

    Parameters = Mapping[str, torch.Tensor]

WAYS = ("replace", "add", "multiply", "biases_only", "global_residual")


class Combination:
    """A rule that combines generated and shared parameters into those of the target network.

    A parameter is named w0, b0, w1, b1, ...: kind (weight or bias) and number of the layer.

    Args:
        net: the target network.
        way: the rule, one of WAYS.
        shared_layers: how many of the first layers all clips share; only for "replace".
        switches: values of the protocol switches additive_bias and multiplicative_bias.

    Attributes:
        way: the rule.
        generated: {name: shape} of the parameters that the hypernetwork generates for each clip.
        shared: {name: shape} of the parameters that all clips share.
        has_ramp: whether a factor that depends on the epoch multiplies the generated parameters.
        complete: whether the weights of every layer are shared and have to work without generated ones.

    Raises:
        UnknownNameError: there is no rule of that name.
        UsageError: the number of shared layers is outside its range.
    """

    def __init__(self, net: TargetNet, way: str, shared_layers: int, switches: Mapping[str, str]) -> None:
        if way not in WAYS:
            raise UnknownNameError("way to use the weights", way, WAYS)
        if not 0 <= shared_layers < net.layers or (shared_layers and way != "replace"):
            raise UsageError(
                f"shared_layers expects 0 to {net.layers - 1}, and 0 unless combine is replace, got {shared_layers}."
            )
        self.way, self.switches = way, switches
        self.has_ramp = way == "global_residual"
        self.complete = way in ("biases_only", "global_residual")
        self.generated = {
            name: shape
            for name, shape in net.shapes().items()
            if int(name[1:]) >= shared_layers and (way != "biases_only" or name.startswith("b"))
        }
        self.shared = {
            name: shape
            for name, shape in net.shapes().items()
            if name not in self.generated or (way == "multiply" and not self._is_scale(name)) or self._is_added(name)
        }

    def _is_scale(self, name: str) -> bool:
        """Return whether a generated bias multiplies the pre-activation, as in the reference code of "multiply"."""
        return name.startswith("b") and self.switches["multiplicative_bias"] == "scale"

    def _is_added(self, name: str) -> bool:
        """Return whether this parameter is the sum of a shared and a generated one."""
        dropped = name.startswith("b") and self.switches["additive_bias"] == "generated"
        return self.has_ramp or (self.way == "add" and not dropped)

    def __call__(
        self, generated: Parameters, shared: Parameters, factor: torch.Tensor | None = None
    ) -> dict[str, torch.Tensor]:
        """Combine the parameters of a batch of clips.

        Args:
            generated: {name: [batch, *shape]}.
            shared: {name: shape}.
            factor: f of the rule "global_residual", a scalar; None for 1.

        Returns:
            {name: [batch or 1, *shape]}, the parameters that the target network applies. A factor of pre-activations
            has the name s0, s1, ... and replaces the bias b0, b1, ... of its layer. The batch dimension is 1 where a
            parameter is the same for all clips.
        """
        if factor is not None:
            generated = {name: factor * value for name, value in generated.items()}
        params = {name: value[None] for name, value in shared.items() if name not in generated}
        for name, value in generated.items():
            if self.way == "multiply" and self._is_scale(name):
                params[f"s{name[1:]}"] = value
            elif name not in shared:
                params[name] = value
            else:
                params[name] = shared[name] * value if self.way == "multiply" else shared[name] + value
        return params
