"""HyperSound as one module: encoder, hypernetwork and the parameters that all clips share.

Initialisation of shared parameters: the target network's own draw (TargetNet.draw), with two rules.

* The ways `replace`, `add` and `multiply`, as in the reference code of HyperSound: the hidden weights of a SIREN are
  divided by omega_0, and output_scale does not apply to shared parameters.
* The ways `biases_only` and `global_residual`, whose shared weights have to work without generated ones, draw them as
  an individual INR does: the hidden weights of a SIREN are divided by omega_i, the omega that these layers use, and
  output_scale multiplies the last layer. With omega_0 = 2000 and omega_i = 30 the first rule would make the hidden
  weights 67 times too small.

FewSound (arXiv 2503.02585) draws its shared weights in another way, which is not used here: as one row of n numbers
with Kaiming's bound sqrt(6 / n), n being the number of weights of the layer, and biases 0. For a layer of width h this
is sqrt(6) / h, where an FMLP draws from +-1 / sqrt(h) and a SIREN from +-sqrt(6 / h) / omega_i. With five hidden layers
of 87 units, the shared parameters alone then have an output of standard deviation 8e-6 (FMLP; 3e-3 with its own draw)
or 30 (SIREN with omega_0 = 2000 and omega_i = 30; 0.9 with its own draw, 7e-9 if divided by omega_0); full scale is 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from hsbench.fit.compilation import inlining
from hsbench.models.hypersound.encoder import LATENT, Encoder
from hsbench.models.hypersound.hypernetwork import Hypernetwork

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hsbench.models.hypersound.combine import Combination
    from hsbench.models.targets.base import TargetNet


class HyperSoundNetwork(nn.Module):
    """Generate the parameters of a target network for each clip of a batch.

    Args:
        net: the target network.
        combination: rule that combines generated and shared parameters.
        samples: length of the clips, in samples.
        channels: channels of the encoder's first layer.
        norm: normalisation in the encoder, see hsbench.models.hypersound.encoder.
        hidden: widths of the hypernetwork's hidden layers.

    Attributes:
        net: the target network; it has no parameters of its own.
        combination: rule that combines generated and shared parameters.
        factor: scalar that multiplies the generated parameters (see hsbench.models.hypersound.ramp), None for a rule
            without one. The training sets it; it is stored with the network, which reconstructs with the same factor.
    """

    factor: torch.Tensor | None

    def __init__(
        self, net: TargetNet, combination: Combination, samples: int, channels: int, norm: str, hidden: Sequence[int]
    ) -> None:
        super().__init__()
        self.net, self.combination = net, combination
        self.encoder = Encoder(samples, channels, norm)
        self.hypernetwork = Hypernetwork(LATENT * self.encoder.frames, hidden, combination.generated)
        self.shared = nn.ParameterDict({name: torch.zeros(shape) for name, shape in combination.shared.items()})
        self.register_buffer("factor", torch.ones(()) if combination.has_ramp else None)

    def initialise(self, seed: int, output_scale: float = 1.0, head_start: str = "hyperfan") -> None:
        """Draw every parameter; the same seed gives the same network.

        Args:
            seed: the seed. Torch's global random generator is left unchanged.
            output_scale: factor of everything drawn for the last layer of the target network.
            head_start: initialisation of the head, see hsbench.models.hypersound.hypernetwork.
        """
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            for module in self.encoder.modules():
                if isinstance(module, nn.Conv1d):
                    module.reset_parameters()
            self.hypernetwork.initialise(self.net, output_scale, self.combination.way, head_start)
        complete = self.combination.complete
        drawn = self.net.draw(torch.Generator().manual_seed(seed ^ 1), "omega_i" if complete else "omega_0")
        with torch.no_grad():
            for name, parameter in self.shared.items():
                last = int(name[1:]) == self.net.layers - 1
                parameter.copy_(drawn[name] * output_scale if complete and last else drawn[name])

    def compile_parts(self, backend: str = "inductor") -> None:
        """Let torch compile encoder, hypernetwork and target network, in place; parameters keep their names.

        Args:
            backend: name of torch's compiler backend.
        """
        self.encoder.compile(backend=backend, **inlining(backend))
        self.hypernetwork.compile(backend=backend)
        self.net.compile(backend)

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        """Return what is stored for each clip: [batch, samples] -> [batch, generated parameters]."""
        vector: torch.Tensor = self.hypernetwork(self.encoder(waveform))
        return vector

    def parameters_of(self, vector: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the target network's parameters: [batch, generated parameters] -> {name: [batch or 1, *shape]}."""
        return self.combination(self.hypernetwork.split(vector), self.shared_parameters(), self.factor)

    def shared_parameters(self) -> Mapping[str, torch.Tensor]:
        """Return the parameters that all clips share, {name: shape}."""
        return dict(self.shared.items())
