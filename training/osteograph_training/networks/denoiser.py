"""The conditional denoising U-Net on 4 x 32 x 32 latents.

Radiograph latents are concatenated with the noisy sample; the slice depth is embedded into the residual blocks of the down
path (and the middle), the one-hot radiographic features into those of the up path, the timestep into all of them.
"""

import numpy as np
import torch
from torch import Tensor, nn

from .blocks import Downsample, FourierEmbedding, ResidualBlock, SelfAttention, Upsample, group_norm


class Denoiser(nn.Module):
    """`channels` are the widths at 32 x 32, 16 x 16 and 8 x 8; attention runs at the two coarser sizes.

    Depth goes into the down path and the features into the up path, as in the paper (section III-C); without `depth_down` both go into
    the up path. `seen` [F] is 1 for what the network is to see of the features and 0 for the rest.
    """

    def __init__(
        self,
        feature_count: int,
        channels: tuple[int, ...] = (64, 128, 192),
        embedding: int = 256,
        heads: int = 4,
        blocks: int = 2,
        depth_down: bool = True,
        seen: np.ndarray | None = None,
    ) -> None:
        super().__init__()
        self.depth_down = depth_down
        self.register_buffer('seen', None if seen is None else torch.from_numpy(seen), persistent=False)
        self.timestep = FourierEmbedding(1e-3, 1.0, 64, embedding)
        self.depth = FourierEmbedding(0.5, 200.0, 32, embedding)
        self.features = nn.Sequential(nn.Linear(feature_count, embedding), nn.SiLU(), nn.Linear(embedding, embedding))
        self.first = nn.Conv2d(8, channels[0], 3, padding=1)

        self.down = nn.ModuleList()
        self.shrink = nn.ModuleList()
        for level, width in enumerate(channels):
            self.down.append(
                nn.ModuleList(
                    [
                        nn.ModuleList(
                            [
                                ResidualBlock(width, width, embedding),
                                SelfAttention(width, heads) if level > 0 else nn.Identity(),
                            ]
                        )
                        for _ in range(blocks)
                    ]
                )
            )
            if level + 1 < len(channels):
                self.shrink.append(Downsample(width, channels[level + 1]))

        widest = channels[-1]
        self.middle = nn.ModuleList(
            [
                ResidualBlock(widest, widest, embedding),
                SelfAttention(widest, heads),
                ResidualBlock(widest, widest, embedding),
            ]
        )

        self.up = nn.ModuleList()
        self.grow = nn.ModuleList()
        for level, width in reversed(list(enumerate(channels))):
            self.up.append(
                nn.ModuleList(
                    [
                        nn.ModuleList(
                            [
                                ResidualBlock(2 * width, width, embedding),
                                SelfAttention(width, heads) if level > 0 else nn.Identity(),
                            ]
                        )
                        for _ in range(blocks)
                    ]
                )
            )
            if level > 0:
                self.grow.append(Upsample(width, channels[level - 1]))

        self.last = nn.Sequential(group_norm(channels[0]), nn.SiLU(), nn.Conv2d(channels[0], 4, 3, padding=1))

    def forward(self, sample: Tensor, timestep: Tensor, xray_latent: Tensor, depth: Tensor, features: Tensor) -> Tensor:
        time = self.timestep(timestep)
        place = self.depth(depth)
        grades = self.features(features if self.seen is None else features * self.seen)
        down_embedding = nn.functional.silu(time + place if self.depth_down else time)
        up_embedding = nn.functional.silu(time + grades if self.depth_down else time + place + grades)

        hidden = self.first(torch.cat([sample, xray_latent], dim=1))
        skips: list[Tensor] = []
        for level, blocks in enumerate(self.down):
            for residual, attention in blocks:
                hidden = attention(residual(hidden, down_embedding))
                skips.append(hidden)
            if level < len(self.shrink):
                hidden = self.shrink[level](hidden)

        residual_in, attention, residual_out = self.middle
        hidden = residual_out(attention(residual_in(hidden, down_embedding)), down_embedding)

        for level, blocks in enumerate(self.up):
            for residual, attention in blocks:
                hidden = attention(residual(torch.cat([hidden, skips.pop()], dim=1), up_embedding))
            if level < len(self.grow):
                hidden = self.grow[level](hidden)
        return self.last(hidden)
