"""RAVE v1 as a registered model: our own, trained on the training split by the shared harness.

It is a reimplementation from published numbers and not the authors' code (hsbench.models.rave.export opens what that
exports). The budget `paper` is the published training: capacity 64, three million steps, the second phase from step
1 010 000, the first validation after the million. Training sounds are divided by their peak, as all clips here are.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from hsbench.errors import UsageError
from hsbench.fit import checkpoint
from hsbench.fit.precision import pin
from hsbench.models.base import CHECKPOINT, NETWORK
from hsbench.models.rave.network import Rave
from hsbench.models.rave.rows import RaveRows
from hsbench.models.rave.training import train

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hsbench.models.base import Context, Training


class RaveV1(RaveRows):
    """Encoder and generator, trained by `fit`.

    Raises:
        UsageError: latent is "exported", which only an export has.
    """

    name = "rave-v1"

    def __init__(self, latent: str, noise: bool, align: str) -> None:
        super().__init__(latent, noise, align)
        if latent == "exported":
            raise UsageError("rave-v1.latent expects full or mean, got exported; rave plays exports.")
        self.network: Rave | None = None

    def autoencoder(self) -> Rave:
        """The trained network."""
        assert self.network is not None, "fit comes first"
        return self.network

    def fit(self, train_clips: Training, context: Context) -> Mapping[str, Any]:
        """Train, or load what an earlier session trained.

        Raises:
            UsageError: a setting is out of range.
            DataError: what is kept is another network.
        """
        device = pin(context.device, context.threads)
        self.network = Rave(context.training["capacity"], context.key("initialise")).to(device)
        file = context.kept / NETWORK
        if (found := checkpoint.read(file)) is not None:
            checkpoint.restore(self.network, found[0], file)
            self.network.eval()
            return found[1]
        began = time.perf_counter()
        facts = train(self.network, train_clips, context)
        facts |= {"seconds": round(time.perf_counter() - began, 1), **self.network.facts()}
        checkpoint.write(file, self.network.state_dict(), facts)
        (context.kept / CHECKPOINT).unlink(missing_ok=True)
        self.network.eval()
        return facts
