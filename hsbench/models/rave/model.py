"""RAVE v1 as a registered model: a reimplementation, trained on the training split by the shared loop.

It is written from the published architecture and does not contain the authors' code; hsbench.models.rave.export runs
what that code exports. The budget `paper` is the published training: capacity 64, three million steps, and the second
phase from step 1 010 000, the first validation after one million steps. Training crops are divided by their peak, as
all clips in hsbench are.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from hsbench.errors import UsageError
from hsbench.fit import checkpoint, compilation
from hsbench.fit.precision import pin
from hsbench.models.base import CHECKPOINT, NETWORK
from hsbench.models.rave.base import RaveModel
from hsbench.models.rave.network import Rave
from hsbench.models.rave.training import train

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from hsbench.audio.clip import Clip
    from hsbench.models.base import Context, Payload, Training


class RaveV1(RaveModel):
    """Encoder and generator, trained by `fit`.

    Args:
        latent: which latents are decoded, "full" or "mean".
        noise: whether the generator adds its noise.
        align: how the estimate is aligned, see hsbench.models.rave.base.

    Raises:
        UsageError: `latent` is "exported", which only the model `rave` knows.
    """

    name = "rave-v1"

    def __init__(self, latent: str, noise: bool, align: str) -> None:
        super().__init__(latent, noise, align)
        if latent == "exported":
            raise UsageError("rave-v1.latent expects full or mean, got exported; the model rave runs exports.")
        self.network: Rave | None = None

    def autoencoder(self) -> Rave:
        """Return the trained network."""
        assert self.network is not None, "call fit first"
        return self.network

    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """Encode and decode one clip; return the estimate and the number of its latents."""
        with compilation.uncompiled(context.fast):
            return super().rebuild(clip, context)

    def fit(self, train_clips: Training, context: Context) -> Mapping[str, Any]:
        """Train the network, or load it from context.kept where an earlier process has trained it.

        Args:
            train_clips: clips of the training split.
            context: seed, settings and folders of the run.

        Returns:
            Facts of the training, see hsbench.models.rave.training.train, with seconds, total and ratio.

        Raises:
            UsageError: a setting is out of range.
            DataError: the network in context.kept was trained with other settings.
        """
        device = pin(context.device, context.threads)
        self.network = Rave(context.training["capacity"], context.key("initialise")).to(device)
        file = context.kept / NETWORK
        if (trained := checkpoint.read(file)) is not None:
            tensors, facts = trained
            checkpoint.restore(self.network, tensors, file)
            self.network.eval()
            return facts
        start = time.perf_counter()
        facts = train(self.network, train_clips, context)
        facts |= {"seconds": round(time.perf_counter() - start, 1), **self.network.facts()}
        checkpoint.write(file, self.network.state_dict(), facts)
        (context.kept / CHECKPOINT).unlink(missing_ok=True)
        self.network.eval()
        return facts
