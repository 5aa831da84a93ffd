"""AutoencoderKL for 256 x 256 MRI slices with a 4 x 32 x 32 latent.

Pixels are folded into channels first (pixel-unshuffle by 4), so no convolution with many channels runs at full resolution:
training and decoding stay affordable on a CPU.
"""

import torch
from torch import Tensor, nn

from .blocks import Downsample, ResidualBlock, Upsample, group_norm

LATENT_CHANNELS = 4


class Encoder(nn.Module):
    """Image [B,1,256,256] in [-1,1] -> mean and log-variance [B,8,32,32]."""

    def __init__(self, fine: int, coarse: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.PixelUnshuffle(4),
            nn.Conv2d(16, fine, 3, padding=1),
            ResidualBlock(fine, fine),
            Downsample(fine, coarse),
            ResidualBlock(coarse, coarse),
            ResidualBlock(coarse, coarse),
            group_norm(coarse),
            nn.SiLU(),
            nn.Conv2d(coarse, 2 * LATENT_CHANNELS, 3, padding=1),
        )

    def forward(self, image: Tensor) -> Tensor:
        return self.layers(image)


class Decoder(nn.Module):
    """Unscaled latent [B,4,32,32] -> image [B,1,256,256] in [-1,1]."""

    def __init__(self, fine: int, coarse: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(LATENT_CHANNELS, coarse, 3, padding=1),
            ResidualBlock(coarse, coarse),
            ResidualBlock(coarse, coarse),
            Upsample(coarse, fine),
            ResidualBlock(fine, fine),
            ResidualBlock(fine, fine),
            group_norm(fine),
            nn.SiLU(),
            nn.Conv2d(fine, 64, 3, padding=1),
            nn.PixelShuffle(2),
            nn.SiLU(),
            nn.Conv2d(16, 16, 3, padding=1),
            nn.PixelShuffle(2),
        )
        self.last = nn.Conv2d(4, 1, 3, padding=1)

    def forward(self, latent: Tensor) -> Tensor:
        return torch.tanh(self.last(self.layers(latent)))


class Autoencoder(nn.Module):
    """Encoder and decoder trained together; `encode` gives the mean latent, which is what the denoiser learns."""

    def __init__(self, fine: int = 48, coarse: int = 96) -> None:
        super().__init__()
        self.encoder = Encoder(fine, coarse)
        self.decoder = Decoder(fine, coarse)

    def encode(self, image: Tensor) -> Tensor:
        return self.encoder(image)[:, :LATENT_CHANNELS]

    def decode(self, latent: Tensor) -> Tensor:
        return self.decoder(latent)

    def decoding(self) -> nn.Module:
        """What `decode` does, as the module that is exported."""
        return self.decoder

    def encoding_state(self) -> dict[str, Tensor]:
        """The weights that `encode` depends on."""
        return self.encoder.state_dict()

    def forward(self, image: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Returns the reconstruction from a sampled latent (`noise` is standard normal), its mean and its log-variance."""
        mean, log_variance = self.encoder(image).float().chunk(2, dim=1)
        log_variance = log_variance.clamp(-20.0, 10.0)
        return self.decoder(mean + torch.exp(0.5 * log_variance) * noise), mean, log_variance
