"""A TorchScript file that acids-rave exported, opened with torch alone.

**Loading such a file runs code that its author put there.** hsbench loads it only when the user names it.

The interface of an export depends on the version of acids-rave. Version 1.x keeps the sample rate in a buffer, and its
encoder returns a list; 2.x keeps it in an attribute, and its encoder returns one tensor. Both have the buffers
encode_params [input channels, input ratio, latents, ratio] and decode_params, and the methods encode and decode.

The method `encode` may drop latents. Therefore the parts of an export (filter bank, encoder, decoder) are also called
one by one, which gives all latents, either their means or samples of their distribution. This needs an offline export
of one channel whose encoder returns mean and scale. Sources: the interfaces of acids-rave 1.x and 2.3.1.
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
from hsbench.models.rave.encoder import MIN_DEVIATION

if TYPE_CHECKING:
    from pathlib import Path

STREAMING_BUFFERS = (".pad", ".cache")
"""Endings of the names of buffers in which a streaming export keeps earlier input."""
NOISE_SWITCH = "decoder.warmed_up"
"""Name of the buffer that makes the generator of version 2.x add its noise."""


class Export:
    """An export of acids-rave, ready to encode and decode.

    Args:
        path: the TorchScript file.
        device: device on which the export runs.

    Attributes:
        sample_rate: sample rate that the export was trained at, in Hz.
        generation: version of the interface, "1.x" or "2.x".
        ratio: samples per latent frame.
        latents: numbers per frame that the export's own `encode` returns.
        lag: delay of the export's filter bank in samples; 0 if it has none.

    Raises:
        DataError: the file is damaged, is no TorchScript, or holds something else than a RAVE.
        UsageError: the file is a streaming export.
    """

    def __init__(self, path: Path, device: torch.device) -> None:
        self.path = path
        self.module = _load(path).to(device).eval()
        self._buffers: dict[str, torch.Tensor] = dict(self.module.named_buffers())
        encoded, decoded = self._numbers("encode_params"), self._numbers("decode_params")
        self.sample_rate, self.generation = self._rate()
        self.latents, self.ratio = encoded[2], encoded[3]
        self._switch = self._buffers[NOISE_SWITCH].clone() if NOISE_SWITCH in self._buffers else None
        self._refuse_streaming()
        self._has_parts = encoded[0] == 1 and decoded[2] == 1 and self._parts_fit(device)
        self.lag = self._lag(device) if hasattr(self.module, "pqmf") else 0

    def encode(self, waveform: torch.Tensor, latent: str) -> torch.Tensor:
        """Return the latents of a waveform: [1, time] -> [1, numbers, frames].

        Args:
            waveform: [1, time].
            latent: "full" for a sample of each latent's distribution, "mean" for its mean, "exported" for the output of
                the export's own `encode`. Random numbers come from torch's global generator.

        Raises:
            UsageError: `latent` is "full" or "mean", and the parts of the export cannot be called one by one.
        """
        if latent == "exported":
            latents: torch.Tensor = self.module.encode(waveform[:, None])[:1]
            return latents
        if not self._has_parts:
            raise UsageError(
                f"latent {latent} expects an offline export of one channel with {BANDS} bands and a variational "
                f"encoder, and {self.path.name} is another; use --set rave.latent=exported."
            )
        mean, scale = self._distribution(waveform)
        return mean if latent == "mean" else mean + (F.softplus(scale) + MIN_DEVIATION) * torch.randn_like(mean)

    def decode(self, latents: torch.Tensor, latent: str, *, noise: bool) -> torch.Tensor:
        """Return the first channel of the waveform of latents: [1, numbers, frames] -> [1, time].

        Args:
            latents: [1, numbers, frames], as `encode` returned them.
            latent: the argument `latent` that `encode` had.
            noise: whether the generator adds its noise.

        Raises:
            UsageError: `noise` is False, and the export offers no way to leave the noise out.
        """
        by_argument = self.generation == "1.x" and latent != "exported"
        if not noise and not by_argument and self._switch is None:
            raise UsageError(
                f"{self.path.name} cannot leave out its noise with latent {latent}; use --set rave.noise=true."
            )
        if self._switch is not None:
            self._buffers[NOISE_SWITCH].copy_(self._switch if noise else torch.zeros_like(self._switch))
        if latent == "exported":
            waveform: torch.Tensor = self.module.decode(latents)
        else:
            bands = self.module.decoder(latents, noise) if by_argument else self.module.decoder(latents)
            waveform = self.module.pqmf.inverse(bands)
        return waveform[:1, 0]

    def facts(self) -> dict[str, Any]:
        """Return the facts for the report: interface, sample rate, ratio, latents, lag and number of parameters."""
        parts = [getattr(self.module, name, None) for name in ("encoder", "decoder")]
        total = sum(parameter.numel() for part in parts if part is not None for parameter in part.parameters())
        return {
            "generation": self.generation,
            "sample_rate": self.sample_rate,
            "ratio": self.ratio,
            "latents_exported": self.latents,
            "latents": self._all_latents(),
            "filterbank_lag": self.lag,
            "total": total,
        }

    def _all_latents(self) -> int:
        """Return the number of latents that the encoder has, including those that `encode` drops."""
        pca = self._buffers.get("latent_pca")
        return self.latents if pca is None else int(pca.shape[0])

    def _distribution(self, waveform: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean and scale (before the softplus) of the latents of a waveform [1, time]."""
        output = self.module.encoder(self.module.pqmf(waveform[:, None]))
        mean, scale = output if isinstance(output, list | tuple) else output.chunk(2, 1)
        return mean, scale

    def _parts_fit(self, device: torch.device) -> bool:
        """Return whether filter bank and encoder have the outputs of a variational export with 16 bands."""
        try:
            with torch.inference_mode():
                silence = torch.zeros(1, self.ratio * 16, device=device)
                bands = self.module.pqmf(silence[:, None])
                mean, scale = self._distribution(silence)
        except (AttributeError, RuntimeError, ValueError):
            return False
        return bands.shape[1] == BANDS and mean.shape == scale.shape == (1, self._all_latents(), 16)

    def _lag(self, device: torch.device) -> int:
        """Measure the delay of the filter bank, in samples, by analysis and synthesis of white noise."""
        noise = np.random.default_rng(0).standard_normal(self.ratio * 16).astype(np.float32)
        with torch.inference_mode():
            waveform = torch.from_numpy(noise).to(device)[None, None]
            estimate = self.module.pqmf.inverse(self.module.pqmf(waveform))[0, 0].cpu().numpy()
        return max(0, best_match(noise, estimate).lag)

    def _numbers(self, name: str) -> list[int]:
        """Return the four whole numbers of the buffer encode_params or decode_params."""
        if name not in self._buffers or self._buffers[name].numel() != 4:
            raise DataError(
                f"expected an export of acids-rave, and {self.path} has no {name}; give the .ts file of: rave export"
            )
        return [int(value) for value in self._buffers[name]]

    def _rate(self) -> tuple[int, str]:
        """Return the sample rate in Hz and the version of the interface, which shows in where the rate is kept."""
        rate = getattr(self.module, "sr", None)
        if isinstance(rate, int):
            return rate, "2.x"
        if "sampling_rate" in self._buffers:
            return int(self._buffers["sampling_rate"]), "1.x"
        raise DataError(f"{self.path} says no sample rate (neither sr nor sampling_rate); export it again.")

    def _refuse_streaming(self) -> None:
        if any(name.endswith(STREAMING_BUFFERS) and value.dim() == 3 for name, value in self._buffers.items()):
            raise UsageError(
                f"expected an offline export, and {self.path} is a streaming one: its output is over a second late "
                "and depends on earlier clips; export it again without --streaming (1.x: with --cached false)."
            )


def _load(path: Path) -> Any:
    """Load a TorchScript file without torch's warnings that TorchScript is deprecated; this runs code from the file."""
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
