"""A TorchScript file that acids-rave exported, opened with torch alone.

**Loading such a file runs code that its author put there.** It is loaded only when the user names it.

What an export offers differs by generation: 1.x keeps its rate in a buffer and its encoder gives a list, 2.x keeps it
in an attribute and gives one tensor. All have the buffers encode_params [channels in, ratio in, latents, ratio] and
decode_params, and the methods encode and decode. An offline export of one channel at its own rate whose encoder gives
mean and scale is also played through its parts, with all latents, drawn or as means. Sources: acids-rave 1.x and 2.3.1,
as facts.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional as F

from hsbench.audio.lag import best_match
from hsbench.audio.pqmf import BANDS
from hsbench.errors import DataError, UsageError
from hsbench.models.rave.encoder import LEAST

if TYPE_CHECKING:
    from pathlib import Path

STATE = (".pad", ".cache")
"""Endings of the buffers in which a streaming export keeps what it heard."""
GATE = "decoder.warmed_up"
"""The buffer that lets the generator of 2.x add its noise."""


class Export:
    """An export on a device.

    Attributes:
        sample_rate: in Hz.
        ratio: samples per latent frame.
        latents: numbers per frame that its own `encode` gives.
        lag: samples by which its filter bank is late, or 0 where it has none.

    Raises:
        DataError: the file is no TorchScript, is damaged, or holds something else.
        UsageError: it is a streaming export.
    """

    def __init__(self, path: Path, device: torch.device) -> None:
        self.path = path
        self.module = _load(path).to(device).eval()
        self._buffers: dict[str, torch.Tensor] = dict(self.module.named_buffers())
        encoded, decoded = self._numbers("encode_params"), self._numbers("decode_params")
        self.sample_rate, self.generation = self._rate()
        self.latents, self.ratio = encoded[2], encoded[3]
        self._gate = self._buffers[GATE].clone() if GATE in self._buffers else None
        self._refuse_streaming()
        self._plain = encoded[0] == 1 and decoded[2] == 1 and self._parts_fit(device)
        self.lag = self._lag(device) if hasattr(self.module, "pqmf") else 0

    def encode(self, waveform: torch.Tensor, latent: str) -> torch.Tensor:
        """[1, time] -> [1, numbers, frames]; `full` draws from torch's generator, as `exported` may.

        Raises:
            UsageError: `full` or `mean`, and the export cannot be played through its parts.
        """
        if latent == "exported":
            found: torch.Tensor = self.module.encode(waveform[:, None])[:1]
            return found
        if not self._plain:
            raise UsageError(
                f"latent {latent} expects an offline export of one channel with {BANDS} bands and a variational "
                f"encoder, and {self.path.name} is another; use --set rave.latent=exported."
            )
        mean, scale = self._distribution(waveform)
        return mean if latent == "mean" else mean + (F.softplus(scale) + LEAST) * torch.randn_like(mean)

    def decode(self, latents: torch.Tensor, latent: str, *, noise: bool) -> torch.Tensor:
        """[1, numbers, frames] as `encode` gave them for that latent -> [1, time], the first channel.

        Raises:
            UsageError: the noise is to be left out and the export has no switch for it.
        """
        by_argument = self.generation == "1.x" and latent != "exported"
        if not noise and not by_argument and self._gate is None:
            raise UsageError(
                f"{self.path.name} cannot leave out its noise with latent {latent}; use --set rave.noise=true."
            )
        if self._gate is not None:
            self._buffers[GATE].copy_(self._gate if noise else torch.zeros_like(self._gate))
        if latent == "exported":
            played: torch.Tensor = self.module.decode(latents)
        else:
            bands = self.module.decoder(latents, noise) if by_argument else self.module.decoder(latents)
            played = self.module.pqmf.inverse(bands)
        return played[:1, 0]

    def facts(self) -> dict[str, Any]:
        """What a report says of it: generation, rate, ratio, latents, lag, parameters of encoder and decoder."""
        parts = [getattr(self.module, name, None) for name in ("encoder", "decoder")]
        total = sum(one.numel() for part in parts if part is not None for one in part.parameters())
        return {
            "generation": self.generation,
            "sample_rate": self.sample_rate,
            "ratio": self.ratio,
            "latents_exported": self.latents,
            "latents": self._full(),
            "filterbank_lag": self.lag,
            "total": total,
        }

    def _full(self) -> int:
        """Latents before the export dropped any."""
        pca = self._buffers.get("latent_pca")
        return self.latents if pca is None else int(pca.shape[0])

    def _distribution(self, waveform: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        given = self.module.encoder(self.module.pqmf(waveform[:, None]))
        mean, scale = given if isinstance(given, list | tuple) else given.chunk(2, 1)
        return mean, scale

    def _parts_fit(self, device: torch.device) -> bool:
        """Whether pqmf and encoder give what a variational export of 16 bands gives."""
        try:
            with torch.inference_mode():
                silence = torch.zeros(1, self.ratio * 16, device=device)
                bands = self.module.pqmf(silence[:, None])
                mean, scale = self._distribution(silence)
        except (AttributeError, RuntimeError, ValueError):
            return False
        return bands.shape[1] == BANDS and mean.shape == scale.shape == (1, self._full(), 16)

    def _lag(self, device: torch.device) -> int:
        noise = np.random.default_rng(0).standard_normal(self.ratio * 16).astype(np.float32)
        with torch.inference_mode():
            given = torch.from_numpy(noise).to(device)[None, None]
            back = self.module.pqmf.inverse(self.module.pqmf(given))[0, 0].cpu().numpy()
        return max(0, best_match(noise, back).lag)

    def _numbers(self, name: str) -> list[int]:
        if name not in self._buffers or self._buffers[name].numel() != 4:
            raise DataError(
                f"expected an export of acids-rave, and {self.path} has no {name}; give the .ts file of: rave export"
            )
        return [int(value) for value in self._buffers[name]]

    def _rate(self) -> tuple[int, str]:
        rate = getattr(self.module, "sr", None)
        if isinstance(rate, int):
            return rate, "2.x"
        if "sampling_rate" in self._buffers:
            return int(self._buffers["sampling_rate"]), "1.x"
        raise DataError(f"{self.path} says no sample rate (neither sr nor sampling_rate); export it again.")

    def _refuse_streaming(self) -> None:
        if any(name.endswith(STATE) and value.dim() == 3 for name, value in self._buffers.items()):
            raise UsageError(
                f"expected an offline export, and {self.path} is a streaming one, which is late by more than a second "
                "and remembers the clip before; export it again without --streaming (1.x: with --cached false)."
            )


def _load(path: Path) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=FutureWarning)
            warnings.filterwarnings("ignore", category=DeprecationWarning)
            return torch.jit.load(str(path), map_location="cpu")  # type: ignore[no-untyped-call]
    except (RuntimeError, ValueError, OSError) as error:
        raise DataError(
            f"expected a TorchScript file, and {path} is damaged or of another kind "
            f"({str(error).splitlines()[0].split('. ')[0]}); give the .ts file of: rave export"
        ) from error
