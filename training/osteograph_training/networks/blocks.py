"""Building blocks shared by the networks. Everything exports to plain ONNX operators."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def group_norm(channels: int) -> nn.GroupNorm:
    """GroupNorm with groups of 8 channels or more, as many as divide the channel count (at most 16 groups)."""
    groups = next(count for count in (16, 8, 4, 2, 1) if (channels % count == 0 and channels // count >= 4) or count == 1)
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
        hidden = self.conv1(F.silu(self.norm1(x)))
        hidden = self.norm2(hidden) if self.embed is None else self._modulated(hidden, self.embed(embedding))
        return self.skip(x) + self.conv2(F.silu(hidden))

    def _modulated(self, hidden: Tensor, embedded: Tensor) -> Tensor:
        """The second norm; its own scale and shift and the embedding's are joined first: half the passes over the feature map."""
        norm = self.norm2
        scale, shift = reshaped(embedded, 2 * norm.num_channels, 1, 1).split(norm.num_channels, dim=1)
        gain = norm.weight[:, None, None] * (1 + scale)
        offset = norm.bias[:, None, None] * (1 + scale) + shift
        return F.group_norm(hidden, norm.num_groups, eps=norm.eps) * gain.type_as(hidden) + offset.type_as(hidden)


class SelfAttention(nn.Module):
    """Multi-head self-attention over the positions of a feature map."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = group_norm(channels)
        self.to_qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.out = zeroed(nn.Conv2d(channels, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        # Numbers, not traced sizes: a graph with constant shapes has less to compute and more to fuse.
        channels, height, width = (int(size) for size in x.shape[1:])
        per_head = channels // self.heads
        normed = self.norm(x)
        query, key, value = (
            reshaped(F.conv2d(normed, weight, bias), self.heads, per_head, height * width)
            for weight, bias in zip(self.to_qkv.weight.chunk(3), self.to_qkv.bias.chunk(3), strict=True)
        )
        weights = torch.softmax((query * per_head**-0.5).transpose(-1, -2) @ key, dim=-1)
        mixed = value @ weights.transpose(-1, -2)
        return x + self.out(reshaped(mixed, channels, height, width))


def reshaped(x: Tensor, *shape: int) -> Tensor:
    """`x` with its batch dimension and these others. In a graph -1 would hide that the batch dimension is still the input's."""
    return x.reshape(x.shape[0], *shape)


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
