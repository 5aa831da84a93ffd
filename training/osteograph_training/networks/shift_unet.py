"""The network of everything that goes back along a path from a spoilt image to a clean one (residual shift, Yue et al. 2023): films, slices."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..checked_yaml import Count, Widths
from .told import ToldBlocks, waves

#: Sizes of an image or tile are multiples of this.
MULTIPLE_OF = 8

FREQUENCIES = 4

#: Width of what the numbers become that a network is told.
TOLD = 64


@dataclass(frozen=True)
class Shape:
    """Widths at 1/2, 1/4 and 1/8 of the image, blocks at each and in the middle."""

    widths: Widths = (32, 64, 96)
    blocks: Count = 1
    middle: Count = 2


class ShiftUnet(nn.Module):
    """A U-Net that sees `channels` images and is told `numbers` numbers, 0 to 1 each; at first it adds nothing.

    Sizes are multiples of 8. Nothing is normalised over space, so that a tile with a halo as wide as the network sees gives what the whole image
    would.
    """

    def __init__(self, shape: Shape, channels: int, numbers: int) -> None:
        super().__init__()
        widths = shape.widths
        self.told = nn.Sequential(nn.Linear(numbers * (1 + 2 * FREQUENCIES), TOLD), nn.SiLU(), nn.Linear(TOLD, TOLD), nn.SiLU())
        self.head = nn.Conv2d(4 * channels, widths[0], 3, padding=1)
        self.down = nn.ModuleList(ToldBlocks(width, shape.blocks, TOLD) for width in widths[:-1])
        self.shrink = nn.ModuleList(nn.Conv2d(fine, coarse, 2, 2) for fine, coarse in itertools.pairwise(widths))
        self.middle = ToldBlocks(widths[-1], shape.middle, TOLD)
        self.grow = nn.ModuleList(nn.Conv2d(coarse, 4 * fine, 1) for fine, coarse in itertools.pairwise(widths))
        self.up = nn.ModuleList(ToldBlocks(width, shape.blocks, TOLD) for width in widths[:-1])
        self.tail = nn.Conv2d(widths[0], 4, 3, padding=1)
        nn.init.zeros_(self.tail.weight)
        nn.init.zeros_(self.tail.bias)

    def residual(self, images: Sequence[Tensor], numbers: Tensor) -> tuple[Tensor, list[Tensor]]:
        """What is to be added [B,1,H,W], and the feature maps of every level on the way down, in the middle and on the way up."""
        told = self.told(waves(numbers, FREQUENCIES))
        hidden = self.head(F.pixel_unshuffle(torch.cat(list(images), dim=1), 2))
        kept = []
        for blocks, shrink in zip(self.down, self.shrink, strict=True):
            hidden = blocks(hidden, told)
            kept.append(hidden)
            hidden = shrink(hidden)
        hidden = self.middle(hidden, told)
        features = [*kept, hidden]
        for blocks, grow, skip in zip(reversed(self.up), reversed(self.grow), reversed(kept), strict=True):
            hidden = blocks(F.pixel_shuffle(grow(hidden), 2) + skip, told)
            features.append(hidden)
        return F.pixel_shuffle(self.tail(hidden), 2), features


def reach_of(before: Tensor, after: Tensor, edge: int, tolerance: float) -> int:
    """How many pixels below row `edge` a change of the rows above it can still be seen, to the next multiple: the halo that tiles need."""
    rows = (after - before).abs().amax(dim=(0, 1, 3)) > tolerance
    reach = int(torch.nonzero(rows).max()) + 1 - edge
    return -(-max(reach, 1) // MULTIPLE_OF) * MULTIPLE_OF
