"""Building blocks shared by the networks. Everything exports to plain ONNX operators."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def group_norm(channels: int) -> nn.GroupNorm:
    """GroupNorm with groups of 8 channels or more, as many as divide the channel count (at most 16 groups)."""
    groups = next(count for count in (16, 8, 4, 2, 1) if channels % count == 0 and channels // count >= 4 or count == 1)
    return nn.GroupNorm(groups, channels)


def zeroed(module: nn.Module) -> nn.Module:
    """Starts a layer at zero so that its residual branch begins as the identity."""
    for parameter in module.parameters():
        nn.init.zeros_(parameter)
    return module


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with GroupNorm and SiLU; an embedding, when there is one, scales and shifts the second norm."""

    def __init__(self, channels_in: int, channels_out: int, embedding: int | None = None) -> None:
        super().__init__()
        self.norm1 = group_norm(channels_in)
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, padding=1)
        self.norm2 = group_norm(channels_out)
        self.conv2 = zeroed(nn.Conv2d(channels_out, channels_out, 3, padding=1))
        self.embed = nn.Linear(embedding, 2 * channels_out) if embedding else None
        self.skip = nn.Conv2d(channels_in, channels_out, 1) if channels_in != channels_out else nn.Identity()

    def forward(self, x: Tensor, embedding: Tensor | None = None) -> Tensor:
        hidden = self.norm2(self.conv1(F.silu(self.norm1(x))))
        if self.embed is not None:
            scale, shift = self.embed(embedding)[:, :, None, None].chunk(2, dim=1)
            hidden = hidden * (1 + scale) + shift
        return self.skip(x) + self.conv2(F.silu(hidden))


class SelfAttention(nn.Module):
    """Multi-head self-attention over the positions of a feature map."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = group_norm(channels)
        self.to_qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.out = zeroed(nn.Conv2d(channels, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        _, channels, height, width = x.shape
        per_head = channels // self.heads
        qkv = self.to_qkv(self.norm(x)).reshape(-1, 3, self.heads, per_head, height * width)
        query, key, value = qkv[:, 0], qkv[:, 1], qkv[:, 2]
        weights = torch.softmax(query.transpose(-1, -2) @ key * per_head**-0.5, dim=-1)
        mixed = value @ weights.transpose(-1, -2)
        return x + self.out(mixed.reshape(-1, channels, height, width))


class Downsample(nn.Module):
    """Halves the resolution with a strided 3x3 convolution."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class Upsample(nn.Module):
    """Doubles the resolution: 1x1 convolution, then pixel shuffle. Cheaper than a convolution at the larger size."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, 4 * channels_out, 1)

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(self.conv(x), 2)


class FourierEmbedding(nn.Module):
    """Sines and cosines of a scalar at geometrically spaced frequencies, then a two-layer perceptron.

    `lowest` and `highest` are in radians per unit of the input.
    """

    def __init__(self, lowest: float, highest: float, count: int, width: int) -> None:
        super().__init__()
        frequencies = torch.exp(torch.linspace(math.log(lowest), math.log(highest), count))
        self.register_buffer('frequencies', frequencies, persistent=False)
        self.mlp = nn.Sequential(nn.Linear(2 * count, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, value: Tensor) -> Tensor:
        angles = value[:, None].float() * self.frequencies[None, :]
        return self.mlp(torch.cat([torch.sin(angles), torch.cos(angles)], dim=1))
