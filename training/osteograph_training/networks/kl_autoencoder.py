"""The paper's AutoencoderKL: latent diffusion's first stage, layer by layer and name by name, so that its checkpoints load.

Three image channels as in Stable Diffusion and Zero-123; grey slices are repeated on the way in and averaged on the way out.
83,653,863 parameters at base 128, multipliers 1-2-4-4, two residual blocks, four latent channels.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class AutoencoderKL(nn.Module):
    """Grey image [B,1,256,256] in [-1,1] <-> latent [B,4,32,32]; the interface of the compact `Autoencoder`."""

    def __init__(self, image_channels: int, base: int, multipliers: tuple[int, ...], blocks: int, latent_channels: int) -> None:
        super().__init__()
        self.image_channels = image_channels
        self.encoder = Encoder(image_channels, base, multipliers, blocks, latent_channels)
        self.decoder = Decoder(image_channels, base, multipliers, blocks, latent_channels)
        self.quant_conv = nn.Conv2d(2 * latent_channels, 2 * latent_channels, 1)
        self.post_quant_conv = nn.Conv2d(latent_channels, latent_channels, 1)

    def moments(self, image: Tensor) -> Tensor:
        """Mean and log-variance of the posterior, stacked: [B,8,32,32]."""
        return self.quant_conv(self.encoder(image.repeat(1, self.image_channels, 1, 1)))

    def encode(self, image: Tensor) -> Tensor:
        """The posterior's mean, which is also its mode."""
        return self.moments(image).chunk(2, dim=1)[0]

    def decode(self, latent: Tensor) -> Tensor:
        return self.decoding()(latent)

    def decoding(self) -> nn.Module:
        """What `decode` does, as the module that is exported."""
        return Decoding(self.post_quant_conv, self.decoder)

    def encoding_state(self) -> dict[str, Tensor]:
        """The weights that `encode` depends on."""
        return self.encoder.state_dict() | self.quant_conv.state_dict()

    def forward(self, image: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Returns the reconstruction from a sampled latent (`noise` is standard normal), its mean and its log-variance."""
        mean, log_variance = self.moments(image).float().chunk(2, dim=1)
        log_variance = log_variance.clamp(-30.0, 20.0)
        return self.decode(mean + torch.exp(0.5 * log_variance) * noise), mean, log_variance


class Decoding(nn.Module):
    """Latent [B,4,32,32] -> grey image [B,1,256,256], the mean of the decoder's channels."""

    def __init__(self, post_quant_conv: nn.Conv2d, decoder: nn.Module) -> None:
        super().__init__()
        self.post_quant_conv = post_quant_conv
        self.decoder = decoder

    def forward(self, latent: Tensor) -> Tensor:
        return self.decoder(self.post_quant_conv(latent)).mean(dim=1, keepdim=True)


class Encoder(nn.Module):
    def __init__(self, image_channels: int, base: int, multipliers: tuple[int, ...], blocks: int, latent_channels: int) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(image_channels, base, 3, padding=1)
        self.down = nn.ModuleList()
        width = base
        for level, multiplier in enumerate(multipliers):
            stage = nn.Module()
            stage.block = nn.ModuleList()
            for _ in range(blocks):
                stage.block.append(ResnetBlock(width, base * multiplier))
                width = base * multiplier
            if level + 1 < len(multipliers):
                stage.downsample = PaddedDownsample(width)
            self.down.append(stage)
        self.mid = Middle(width)
        self.norm_out = norm(width)
        self.conv_out = nn.Conv2d(width, 2 * latent_channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv_in(x)
        for stage in self.down:
            for block in stage.block:
                x = block(x)
            if hasattr(stage, 'downsample'):
                x = stage.downsample(x)
        return self.conv_out(F.silu(self.norm_out(self.mid(x))))


class Decoder(nn.Module):
    def __init__(self, image_channels: int, base: int, multipliers: tuple[int, ...], blocks: int, latent_channels: int) -> None:
        super().__init__()
        width = base * multipliers[-1]
        self.conv_in = nn.Conv2d(latent_channels, width, 3, padding=1)
        self.mid = Middle(width)
        stages = []
        for level, multiplier in reversed(list(enumerate(multipliers))):
            stage = nn.Module()
            stage.block = nn.ModuleList()
            for _ in range(blocks + 1):
                stage.block.append(ResnetBlock(width, base * multiplier))
                width = base * multiplier
            if level > 0:
                stage.upsample = NearestUpsample(width)
            stages.append(stage)
        # Stage 0 is the finest, as in the encoder: that is how checkpoints name them.
        self.up = nn.ModuleList(reversed(stages))
        self.norm_out = norm(width)
        self.conv_out = nn.Conv2d(width, image_channels, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        x = self.mid(self.conv_in(z))
        for stage in reversed(self.up):
            for block in stage.block:
                x = block(x)
            if hasattr(stage, 'upsample'):
                x = stage.upsample(x)
        return self.conv_out(F.silu(self.norm_out(x)))


class Middle(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.block_1 = ResnetBlock(width, width)
        self.attn_1 = AttentionBlock(width)
        self.block_2 = ResnetBlock(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.block_2(self.attn_1(self.block_1(x)))


class ResnetBlock(nn.Module):
    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.norm1 = norm(channels_in)
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, padding=1)
        self.norm2 = norm(channels_out)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1)
        self.nin_shortcut = nn.Conv2d(channels_in, channels_out, 1) if channels_in != channels_out else None

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.conv1(F.silu(self.norm1(x)))
        hidden = self.conv2(F.silu(self.norm2(hidden)))
        return (x if self.nin_shortcut is None else self.nin_shortcut(x)) + hidden


class AttentionBlock(nn.Module):
    """Single-head self-attention over positions, projections as 1x1 convolutions."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = norm(width)
        self.q = nn.Conv2d(width, width, 1)
        self.k = nn.Conv2d(width, width, 1)
        self.v = nn.Conv2d(width, width, 1)
        self.proj_out = nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        normed = self.norm(x)
        query, key, value = (layer(normed).flatten(2) for layer in (self.q, self.k, self.v))
        weights = torch.softmax(query.transpose(1, 2) @ key * x.shape[1] ** -0.5, dim=-1)
        mixed = (value @ weights.transpose(1, 2)).reshape(x.shape)
        return x + self.proj_out(mixed)


class PaddedDownsample(nn.Module):
    """Strided convolution padded right and below only, as the published checkpoints were trained."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.pad(x, (0, 1, 0, 1)))


class NearestUpsample(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.interpolate(x, scale_factor=2.0, mode='nearest'))


def norm(width: int) -> nn.GroupNorm:
    return nn.GroupNorm(32, width, eps=1e-6)
