"""The refiner: a small network in pixels that goes over the joint of decoded slices, where latents are too coarse for what a grade draws.

It sees half a joint at a time and the other half as in a mirror, so that a medial and a lateral finding are one thing to learn.
"""

import itertools
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..checked_yaml import Count, Widths
from ..features import FEATURES
from ..framing import JOINT_ROW as FILM_JOINT_ROW
from ..images import FILM_SIZE, MRI_SIZE, resampling_matrix
from ..turning import JOINT_ROW
from .blocks import Downsample, ResidualBlock, Upsample, group_norm, zeroed

#: Rows of the joint and columns of its medial half in a slice, canonical orientation: 60 x 60 mm. Halves overlap by 20 mm in the middle.
ROWS, COLUMNS = slice(72, 168), slice(112, 208)
SIDE = 96

#: Pixels over which what is added fades at the border of both halves.
FADE = 8

PIXEL_MM = 0.625

#: Width of a film crop in mm at the joint, which nobody tells: the mean of synthetic boxes.
FILM_MM = 90.5

#: Half periods of the waves that tell a slice's depth: 1, 2, 4, 8, 16.
FREQUENCIES = 5

TOLD = 64


@dataclass(frozen=True)
class RefinerShape:
    """Widths at 1/2, 1/4 and 1/8 of the slice's resolution, and residual blocks in the middle."""

    widths: Widths = (32, 64, 96)
    middle: Count = 2


class Refiner(nn.Module):
    """Slices [B,1,256,256] and film [B,1,256,256] in [-1,1], depth [B], features [B,65] -> the slices with their joint gone over.

    Where no grade is told it adds nothing.
    """

    def __init__(self, shape: RefinerShape) -> None:
        super().__init__()
        widths = shape.widths
        self.told = nn.Sequential(nn.Linear(told_numbers(), TOLD), nn.SiLU(), nn.Linear(TOLD, TOLD), nn.SiLU())
        # Slice and film, four pixels each, and the place in the half.
        self.head = nn.Conv2d(10, widths[0], 3, padding=1)
        pairs = list(itertools.pairwise(widths))
        self.down = nn.ModuleList(ResidualBlock(width, width, TOLD) for width in widths[:-1])
        self.shrink = nn.ModuleList(Downsample(fine, coarse) for fine, coarse in pairs)
        self.middle = nn.ModuleList(ResidualBlock(widths[-1], widths[-1], TOLD) for _ in range(shape.middle))
        self.grow = nn.ModuleList(Upsample(coarse, fine) for fine, coarse in pairs)
        self.up = nn.ModuleList(ResidualBlock(2 * width, width, TOLD) for width in widths[:-1])
        self.tail = nn.Sequential(group_norm(widths[0]), nn.SiLU(), zeroed(nn.Conv2d(widths[0], 4, 3, padding=1)))
        for name, value in (('mirrored', mirrored_features()), ('fade', _fade()), ('place', _place())):
            self.register_buffer(name, value, persistent=False)
        rows, columns = _film_matrices()
        self.register_buffer('film_rows', rows, persistent=False)
        self.register_buffer('film_columns', columns, persistent=False)

    def forward(self, image: Tensor, xray: Tensor, depth: Tensor, features: Tensor) -> Tensor:
        slices, films = halves(image), self.film_halves(xray)
        grades = torch.cat([features, features[:, self.mirrored]])
        lateral = torch.cat([torch.zeros_like(depth), torch.ones_like(depth)])
        added = self.fade * self.residual(slices, films, lateral, torch.cat([depth, depth]), grades)
        around = (COLUMNS.start, MRI_SIZE - COLUMNS.stop, ROWS.start, MRI_SIZE - ROWS.stop)
        medial, mirrored = F.pad(added, around).chunk(2)
        return image + medial + mirrored.flip(3)

    def film_halves(self, xray: Tensor) -> Tensor:
        """Film [B,1,256,256] -> both halves of its joint on the pixels of a slice, [2B,1,96,96]: the medial ones, then the lateral ones mirrored."""
        return self.film_rows @ torch.cat([xray, xray.flip(3)]) @ self.film_columns

    def residual(self, slices: Tensor, films: Tensor, lateral: Tensor, depth: Tensor, grades: Tensor) -> Tensor:
        """What is to be added to halves [N,1,96,96]; `lateral` is 1 for mirrored ones, whose grades are those of the other side.

        It is what the network makes of the grades, less what it makes of none: a blur that would be added whatever the grades falls out.
        """
        return self._made(slices, films, lateral, depth, grades) - self._made(slices, films, lateral, depth, torch.zeros_like(grades))

    def _made(self, slices: Tensor, films: Tensor, lateral: Tensor, depth: Tensor, grades: Tensor) -> Tensor:
        told = self.told(torch.cat([grades, lateral[:, None], depth_waves(depth)], dim=1))
        seen = F.pixel_unshuffle(torch.cat([slices, films], dim=1), 2)
        hidden = self.head(torch.cat([seen, self.place.expand(seen.shape[0], -1, -1, -1)], dim=1))
        kept = []
        for block, shrink in zip(self.down, self.shrink, strict=True):
            hidden = block(hidden, told)
            kept.append(hidden)
            hidden = shrink(hidden)
        for block in self.middle:
            hidden = block(hidden, told)
        for block, grow, skip in zip(reversed(self.up), reversed(self.grow), reversed(kept), strict=True):
            hidden = block(torch.cat([grow(hidden), skip], dim=1), told)
        return F.pixel_shuffle(self.tail(hidden), 2)


def halves(images: Tensor) -> Tensor:
    """Slices [B,1,256,256] -> halves of their joint [2B,1,96,96]: the medial ones, then the lateral ones mirrored."""
    return torch.cat([images, images.flip(3)])[:, :, ROWS, COLUMNS]


def told_numbers() -> int:
    """How many numbers the network is told of a half: grades, side, waves of the depth."""
    return sum(levels for _, levels in FEATURES) + 1 + 1 + 2 * FREQUENCIES


def depth_waves(depth: Tensor) -> Tensor:
    """Depths [N], 0 to 1, with their sines and cosines at 1, 2, 4, 8 and 16 half periods: [N,11].

    They are computed 16 at a time, because ONNX Runtime gives the last bits of fewer than that another value, depending on the batch.
    """
    angles = F.pad(depth[:, None] * (2.0 ** torch.arange(FREQUENCIES, device=depth.device)) * math.pi, (0, 16 - FREQUENCIES))
    return torch.cat([depth[:, None], angles.sin()[:, :FREQUENCIES], angles.cos()[:, :FREQUENCIES]], dim=1)


def mirrored_features() -> Tensor:
    """Where each number of a feature vector stands that has medial and lateral exchanged, int64 [65]."""
    starts, start = {}, 0
    for code, levels in FEATURES:
        starts[code] = start
        start += levels
    exchanged = {'M': 'L', 'L': 'M'}
    # XRKL ends in L too and has no side.
    places = [starts[code[:-1] + exchanged[code[-1]] if code != 'XRKL' else code] + level for code, levels in FEATURES for level in range(levels)]
    return torch.tensor(places)


def _fade() -> Tensor:
    """Weights [1,1,96,96]: 0 to 1 over `FADE` pixels at the border; towards the middle line as the other half takes over."""
    place = torch.arange(SIDE) + 0.5
    overlap = MRI_SIZE - 2 * COLUMNS.start
    outer = ((SIDE - place) / FADE).clamp(max=1)
    rows = torch.minimum((place / FADE).clamp(max=1), outer)
    return (rows[:, None] * torch.minimum((place / overlap).clamp(max=1), outer)[None])[None, None]


def _place() -> Tensor:
    """Row and column in the half, -1 to 1, on every second pixel: [1,2,48,48]."""
    line = torch.linspace(-1, 1, SIDE // 2)
    return torch.stack(torch.meshgrid(line, line, indexing='ij'))[None]


def _film_matrices() -> tuple[Tensor, Tensor]:
    """Matrices [96,256] and [256,96] that resample a film's rows and columns to the pixels of a half, with the joint where slices have it."""
    pitch = PIXEL_MM * FILM_SIZE / FILM_MM
    top = FILM_JOINT_ROW * FILM_SIZE - (JOINT_ROW - ROWS.start) * pitch
    left = FILM_SIZE / 2 - (MRI_SIZE / 2 - COLUMNS.start) * pitch
    rows, columns = (torch.from_numpy(resampling_matrix(FILM_SIZE, start, SIDE * pitch, SIDE)) for start in (top, left))
    return rows, columns.T.contiguous()
