"""Ways to use generated parameters (W_h, b_h) together with shared ones (W_s, b_s): Table 1 of arXiv 2302.04959.

    replace    x W_h^T + b_h; the first `shared_layers` layers use x W_s^T + b_s
    add        x (W_s + W_h)^T + b_s + b_h          the reference code drops b_s
    multiply   x (W_s * W_h)^T + b_s * b_h          the reference code computes (x (W_s * W_h)^T) * b_h

Two protocol switches choose between text and code: additive_bias ("sum" or "generated") and multiplicative_bias
("product" or "scale").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from hsbench.models.targets.base import TargetNet

    Parameters = Mapping[str, torch.Tensor]

WAYS = ("replace", "add", "multiply")


class Combination:
    """Which parameters are generated, which are shared, and how the two meet."""

    def __init__(self, net: TargetNet, way: str, shared_layers: int, switches: Mapping[str, str]) -> None:
        if way not in WAYS:
            raise UnknownNameError("way to use the weights", way, WAYS)
        if not 0 <= shared_layers < net.layers or (shared_layers and way != "replace"):
            raise UsageError(
                f"shared_layers expects 0 to {net.layers - 1}, and 0 unless combine is replace, got {shared_layers}."
            )
        self.way, self.switches = way, switches
        self.generated = {name: shape for name, shape in net.shapes().items() if int(name[1:]) >= shared_layers}
        self.shared = {
            name: shape
            for name, shape in net.shapes().items()
            if name not in self.generated or (way == "multiply" and not self._scales(name)) or self._added(name)
        }

    def _scales(self, name: str) -> bool:
        return name.startswith("b") and self.switches["multiplicative_bias"] == "scale"

    def _added(self, name: str) -> bool:
        return self.way == "add" and not (name.startswith("b") and self.switches["additive_bias"] == "generated")

    def __call__(self, generated: Parameters, shared: Parameters) -> dict[str, torch.Tensor]:
        """What the target network applies.

        Args:
            generated: {name: [batch, *shape]}.
            shared: {name: shape}.

        Returns:
            {name: [batch or 1, *shape]}; a scale of pre-activations has the name s0, s1, ... instead of b0, b1, ...
        """
        params = {name: value[None] for name, value in shared.items() if name not in generated}
        for name, value in generated.items():
            if self.way == "multiply" and self._scales(name):
                params[f"s{name[1:]}"] = value
            elif name not in shared:
                params[name] = value
            else:
                params[name] = shared[name] + value if self.way == "add" else shared[name] * value
        return params
