"""The paper's U-Net: latent diffusion's `UNetModel` with spatial transformers, layer by layer and name by name.

What the published network lacks comes in two modules of ours: `depth_embed`, added to the timestep's embedding in the input and middle
blocks, and `feature_embed`, added in the output blocks. Both end in a layer of zeros, so that a pretrained network starts unchanged.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .blocks import FourierEmbedding, zeroed

INPUT_CHANNELS, OUTPUT_CHANNELS = 8, 4


class LatentUNet(nn.Module):
    """Noisy latent and radiograph latent (4 + 4 channels), timestep, depth, features and context tokens -> prediction [B,4,32,32]."""

    def __init__(
        self,
        feature_count: int,
        base: int,
        multipliers: tuple[int, ...],
        blocks: int,
        attention: tuple[int, ...],
        heads: int,
        transformer_depth: int,
        context: int,
    ) -> None:
        super().__init__()
        self.base = base
        embedding = 4 * base
        self.time_embed = perceptron(base, embedding)
        self.depth_embed = FourierEmbedding(0.5, 200.0, 32, embedding)
        zeroed(self.depth_embed.mlp[-1])
        self.feature_embed = perceptron(feature_count, embedding)
        zeroed(self.feature_embed[-1])

        def stage(channels_in: int, channels_out: int, factor: int) -> list[nn.Module]:
            layers: list[nn.Module] = [ResBlock(channels_in, channels_out, embedding)]
            if factor in attention:
                layers.append(SpatialTransformer(channels_out, heads, transformer_depth, context))
            return layers

        self.input_blocks = nn.ModuleList([nn.ModuleList([nn.Conv2d(INPUT_CHANNELS, base, 3, padding=1)])])
        width, factor, skips = base, 1, [base]
        for level, multiplier in enumerate(multipliers):
            for _ in range(blocks):
                self.input_blocks.append(nn.ModuleList(stage(width, base * multiplier, factor)))
                width = base * multiplier
                skips.append(width)
            if level + 1 < len(multipliers):
                self.input_blocks.append(nn.ModuleList([Downsample(width)]))
                skips.append(width)
                factor *= 2

        self.middle_block = nn.ModuleList(
            [
                ResBlock(width, width, embedding),
                SpatialTransformer(width, heads, transformer_depth, context),
                ResBlock(width, width, embedding),
            ]
        )

        self.output_blocks = nn.ModuleList()
        for level, multiplier in reversed(list(enumerate(multipliers))):
            for place in range(blocks + 1):
                layers = stage(width + skips.pop(), base * multiplier, factor)
                width = base * multiplier
                if level > 0 and place == blocks:
                    layers.append(Upsample(width))
                    factor //= 2
                self.output_blocks.append(nn.ModuleList(layers))
        self.out = nn.Sequential(nn.GroupNorm(32, base), nn.SiLU(), zeroed(nn.Conv2d(base, OUTPUT_CHANNELS, 3, padding=1)))

    def forward(self, sample: Tensor, timestep: Tensor, xray_latent: Tensor, depth: Tensor, features: Tensor, context: Tensor) -> Tensor:
        time = self.time_embed(timestep_embedding(timestep, self.base))
        down = time + self.depth_embed(depth)
        up = time + self.feature_embed(features)

        hidden = torch.cat([sample, xray_latent], dim=1)
        skips: list[Tensor] = []
        for block in self.input_blocks:
            hidden = apply(block, hidden, down, context)
            skips.append(hidden)
        hidden = apply(self.middle_block, hidden, down, context)
        for block in self.output_blocks:
            hidden = apply(block, torch.cat([hidden, skips.pop()], dim=1), up, context)
        return self.out(hidden)


def apply(layers: nn.ModuleList, x: Tensor, embedding: Tensor, context: Tensor) -> Tensor:
    """Runs one block's layers, each with what it takes besides the feature map."""
    for layer in layers:
        if isinstance(layer, ResBlock):
            x = layer(x, embedding)
        elif isinstance(layer, SpatialTransformer):
            x = layer(x, context)
        else:
            x = layer(x)
    return x


def timestep_embedding(timestep: Tensor, width: int) -> Tensor:
    """Cosines, then sines, of frequencies from 1 to 1/10,000 radians per timestep."""
    half = width // 2
    frequencies = torch.exp(torch.arange(half, dtype=torch.float32, device=timestep.device) * (-math.log(10000.0) / half))
    angles = timestep[:, None].float() * frequencies[None]
    return torch.cat([torch.cos(angles), torch.sin(angles)], dim=1)


class ResBlock(nn.Module):
    def __init__(self, channels_in: int, channels_out: int, embedding: int) -> None:
        super().__init__()
        self.in_layers = nn.Sequential(nn.GroupNorm(32, channels_in), nn.SiLU(), nn.Conv2d(channels_in, channels_out, 3, padding=1))
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(embedding, channels_out))
        # The place of the identity is the published network's dropout, which is 0.
        self.out_layers = nn.Sequential(
            nn.GroupNorm(32, channels_out), nn.SiLU(), nn.Identity(), zeroed(nn.Conv2d(channels_out, channels_out, 3, padding=1))
        )
        self.skip_connection = nn.Conv2d(channels_in, channels_out, 1) if channels_in != channels_out else nn.Identity()

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        hidden = self.in_layers(x) + self.emb_layers(embedding)[:, :, None, None]
        return self.skip_connection(x) + self.out_layers(hidden)


class SpatialTransformer(nn.Module):
    """Self-attention over positions, cross-attention to the context and a gated perceptron, `depth` times."""

    def __init__(self, channels: int, heads: int, depth: int, context: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(32, channels, eps=1e-6)
        self.proj_in = nn.Conv2d(channels, channels, 1)
        self.transformer_blocks = nn.ModuleList([TransformerBlock(channels, heads, context) for _ in range(depth)])
        self.proj_out = zeroed(nn.Conv2d(channels, channels, 1))

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        _, channels, height, width = x.shape
        tokens = self.proj_in(self.norm(x)).flatten(2).transpose(1, 2)
        for block in self.transformer_blocks:
            tokens = block(tokens, context)
        return x + self.proj_out(tokens.transpose(1, 2).reshape(-1, channels, height, width))


class TransformerBlock(nn.Module):
    def __init__(self, width: int, heads: int, context: int) -> None:
        super().__init__()
        self.attn1 = CrossAttention(width, width, heads)
        self.ff = FeedForward(width)
        self.attn2 = CrossAttention(width, context, heads)
        self.norm1 = nn.LayerNorm(width)
        self.norm2 = nn.LayerNorm(width)
        self.norm3 = nn.LayerNorm(width)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        normed = self.norm1(x)
        x = x + self.attn1(normed, normed)
        x = x + self.attn2(self.norm2(x), context)
        return x + self.ff(self.norm3(x))


class CrossAttention(nn.Module):
    """Multi-head attention of `x` to `source`."""

    def __init__(self, width: int, source: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_k = nn.Linear(source, width, bias=False)
        self.to_v = nn.Linear(source, width, bias=False)
        self.to_out = nn.ModuleList([nn.Linear(width, width)])

    def forward(self, x: Tensor, source: Tensor) -> Tensor:
        query, key, value = (self._split(part) for part in (self.to_q(x), self.to_k(source), self.to_v(source)))
        mixed = F.scaled_dot_product_attention(query, key, value)
        return self.to_out[0](mixed.transpose(1, 2).flatten(2))

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)


class FeedForward(nn.Module):
    """Perceptron of four times the width, gated by GELU."""

    def __init__(self, width: int) -> None:
        super().__init__()
        gate = nn.Module()
        gate.proj = nn.Linear(width, 8 * width)
        # The place of the identity is the published network's dropout, which is 0.
        self.net = nn.ModuleList([gate, nn.Identity(), nn.Linear(4 * width, width)])

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.net[0].proj(x).chunk(2, dim=-1)
        return self.net[2](value * F.gelu(gate))


class Downsample(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.op = nn.Conv2d(width, width, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.op(x)


class Upsample(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.interpolate(x, scale_factor=2.0, mode='nearest'))


def perceptron(width_in: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width_in, width), nn.SiLU(), nn.Linear(width, width))
