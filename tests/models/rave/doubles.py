"""Small modules with the interface of the exports of acids-rave, which tests script into TorchScript files."""

import warnings

import torch
from torch import nn

D, RATIO = 8, 2048
"""Latents that the encoder has, and samples per latent frame."""


class Bands(nn.Module):
    """Split into 16 polyphase bands, whose inverse is delayed by 16 samples."""

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

    def sample(self, mean: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
        z = mean + (nn.functional.softplus(scale) + 1e-4) * torch.randn_like(mean)
        return (self.latent_pca @ z)[:, : self.kept]

    def with_dropped_latents(self, z: torch.Tensor) -> torch.Tensor:
        noise = torch.randn(z.shape[0], self.latent_pca.shape[0] - self.kept, z.shape[-1])
        return self.latent_pca.T @ torch.cat([z, noise], 1)


class Export2(Common):
    """Interface 2.x: sample rate in an attribute, one tensor from the encoder, noise switched by a buffer."""

    sr: int

    def __init__(self, kept: int = D, sr: int = 22050) -> None:
        super().__init__(kept)
        self.sr, self.encoder, self.decoder = sr, Encoder2(), Decoder2()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.decode(self.encode(x))

    @torch.jit.export
    def encode(self, x: torch.Tensor) -> torch.Tensor:
        mean, scale = self.encoder(self.pqmf(x)).chunk(2, 1)
        return self.sample(mean, scale)

    @torch.jit.export
    def decode(self, z: torch.Tensor) -> torch.Tensor:
        return self.pqmf.inverse(self.decoder(self.with_dropped_latents(z)))


class Export1(Common):
    """Interface 1.x: sample rate in a buffer, a list from the encoder, noise switched by an argument."""

    def __init__(self, kept: int = D, sr: int = 22050) -> None:
        super().__init__(kept)
        self.register_buffer("sampling_rate", torch.tensor(sr))
        self.encoder, self.decoder = Encoder1(), Decoder1()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.decode(self.encode(x))

    @torch.jit.export
    def encode(self, x: torch.Tensor) -> torch.Tensor:
        distribution = self.encoder(self.pqmf(x))
        return self.sample(distribution[0], distribution[1])

    @torch.jit.export
    def decode(self, z: torch.Tensor) -> torch.Tensor:
        return self.pqmf.inverse(self.decoder(self.with_dropped_latents(z), True))


class Stereo(Export2):
    """An export with two output channels."""

    def __init__(self) -> None:
        super().__init__()
        self.decode_params[2] = 2

    @torch.jit.export
    def decode(self, z: torch.Tensor) -> torch.Tensor:
        channel = self.pqmf.inverse(self.decoder(self.with_dropped_latents(z)))
        return torch.cat([channel, torch.zeros_like(channel)], 1)


class Discrete(Export2):
    """An export whose encoder returns codes instead of a distribution."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder.conv = nn.Conv1d(16, D, 128, 128)

    @torch.jit.export
    def encode(self, x: torch.Tensor) -> torch.Tensor:
        return self.encoder(self.pqmf(x)).round()


class Streaming(Export2):
    """A streaming export, which keeps earlier input in a buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.cache = nn.Module()
        self.cache.register_buffer("pad", torch.zeros(64, 16, 3))


class Other(nn.Module):
    """TorchScript that is no RAVE."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


def save(module, path, seed=0):
    """Script a module into a file and return the path."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is deprecated, and what RAVE exports is TorchScript
        torch.jit.script(module.eval()).save(str(path))
    return path
