"""Convolutions without normalisation over space that are told a few numbers, such as how noisy their input is."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def waves(values: Tensor, frequencies: int) -> Tensor:
    """Values [B,N], 0 to 1 each -> these and their sines and cosines at 1, 2, 4 ... half periods, [B,N (1 + 2 frequencies)]."""
    angles = values[:, :, None] * (2.0 ** torch.arange(frequencies)) * math.pi
    return torch.cat([values[:, :, None], angles.sin(), angles.cos()], dim=2).flatten(1)


class ToldBlocks(nn.Module):
    """`count` residual blocks of one width, each told `told` numbers; they start as the identity."""

    def __init__(self, width: int, count: int, told: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(_Block(width, told) for _ in range(count))

    def forward(self, hidden: Tensor, told: Tensor) -> Tensor:
        for block in self.blocks:
            hidden = block(hidden, told)
        return hidden


class _Block(nn.Module):
    def __init__(self, width: int, told: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.scale = nn.Linear(told, 2 * width)
        for layer in (self.second, self.scale):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, hidden: Tensor, told: Tensor) -> Tensor:
        gain, shift = self.scale(told)[:, :, None, None].chunk(2, dim=1)
        return hidden + self.second(F.silu(self.first(hidden) * (1 + gain) + shift))
