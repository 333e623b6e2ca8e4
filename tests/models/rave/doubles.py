"""Small modules of our own with the interface of what acids-rave exports, to be scripted in a test."""

import warnings

import torch
from torch import nn

D, RATIO = 8, 2048
"""Latents before and samples per frame."""


class Bands(nn.Module):
    """16 polyphase bands, and back 16 samples late."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.view(x.shape[0], -1, 16).transpose(1, 2)

    @torch.jit.export
    def inverse(self, bands: torch.Tensor) -> torch.Tensor:
        flat = bands.transpose(1, 2).reshape(bands.shape[0], 1, -1)
        return nn.functional.pad(flat, (16, 0))[..., : flat.shape[-1]]


class Encoder2(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(16, 2 * D, 128, 128)

    def forward(self, bands: torch.Tensor) -> torch.Tensor:
        return self.conv(bands)


class Encoder1(Encoder2):
    def forward(self, bands: torch.Tensor) -> list[torch.Tensor]:
        mean, scale = self.conv(bands).chunk(2, 1)
        return [mean, scale]


class Decoder2(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose1d(D, 16, 128, 128)
        self.register_buffer("warmed_up", torch.tensor(1))

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        bands = self.conv(z)
        if bool(self.warmed_up):
            bands = bands + 0.1 * torch.rand_like(bands)
        return bands


class Decoder1(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose1d(D, 16, 128, 128)

    def forward(self, z: torch.Tensor, add_noise: bool) -> torch.Tensor:
        bands = self.conv(z)
        return bands + 0.1 * torch.rand_like(bands) if add_noise else bands


class Common(nn.Module):
    def __init__(self, kept: int) -> None:
        super().__init__()
        self.kept = kept
        self.pqmf = Bands()
        self.register_buffer("latent_pca", torch.linalg.qr(torch.randn(D, D))[0])
        self.register_buffer("latent_mean", torch.zeros(D))
        self.register_buffer("encode_params", torch.tensor([1, 1, kept, RATIO]))
        self.register_buffer("decode_params", torch.tensor([kept, RATIO, 1, 1]))

    def drawn(self, mean: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
        z = mean + (nn.functional.softplus(scale) + 1e-4) * torch.randn_like(mean)
        return (self.latent_pca @ z)[:, : self.kept]

    def filled(self, z: torch.Tensor) -> torch.Tensor:
        noise = torch.randn(z.shape[0], self.latent_pca.shape[0] - self.kept, z.shape[-1])
        return self.latent_pca.T @ torch.cat([z, noise], 1)


class Export2(Common):
    """2.x: rate in an attribute, one tensor from the encoder, noise gated by a buffer."""

    sr: int

    def __init__(self, kept: int = D, sr: int = 22050) -> None:
        super().__init__(kept)
        self.sr, self.encoder, self.decoder = sr, Encoder2(), Decoder2()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.decode(self.encode(x))

    @torch.jit.export
    def encode(self, x: torch.Tensor) -> torch.Tensor:
        mean, scale = self.encoder(self.pqmf(x)).chunk(2, 1)
        return self.drawn(mean, scale)

    @torch.jit.export
    def decode(self, z: torch.Tensor) -> torch.Tensor:
        return self.pqmf.inverse(self.decoder(self.filled(z)))


class Export1(Common):
    """1.x: rate in a buffer, a list from the encoder, noise by an argument."""

    def __init__(self, kept: int = D, sr: int = 22050) -> None:
        super().__init__(kept)
        self.register_buffer("sampling_rate", torch.tensor(sr))
        self.encoder, self.decoder = Encoder1(), Decoder1()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.decode(self.encode(x))

    @torch.jit.export
    def encode(self, x: torch.Tensor) -> torch.Tensor:
        found = self.encoder(self.pqmf(x))
        return self.drawn(found[0], found[1])

    @torch.jit.export
    def decode(self, z: torch.Tensor) -> torch.Tensor:
        return self.pqmf.inverse(self.decoder(self.filled(z), True))


class Stereo(Export2):
    """Two channels out; encoder and decoder are no matter."""

    def __init__(self) -> None:
        super().__init__()
        self.decode_params[2] = 2

    @torch.jit.export
    def decode(self, z: torch.Tensor) -> torch.Tensor:
        one = self.pqmf.inverse(self.decoder(self.filled(z)))
        return torch.cat([one, torch.zeros_like(one)], 1)


class Discrete(Export2):
    """An encoder that gives codes and no distribution."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder.conv = nn.Conv1d(16, D, 128, 128)

    @torch.jit.export
    def encode(self, x: torch.Tensor) -> torch.Tensor:
        return self.encoder(self.pqmf(x)).round()


class Streaming(Export2):
    """Keeps what it heard in a buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.cache = nn.Module()
        self.cache.register_buffer("pad", torch.zeros(64, 16, 3))


class Other(nn.Module):
    """TorchScript, and no RAVE."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


def save(module, path, seed=0):
    """Script a double into a file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is deprecated, and what RAVE exports is TorchScript
        torch.jit.script(module.eval()).save(str(path))
    return path
