"""Pairs for training and tests: a slice as it is, what a scanner of 1.5 or 3 T makes of it, and that corrected as far as it can be."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .physics import SCANNERS, coarse, inverse, jacobian, random_bias, random_shift, sampled

#: What the arms of the ablation are given: nothing else, guidance as channels, corrected images with and without guidance.
ARMS = ('A', 'B', 'C', 'D')

#: Channels of guidance of each arm.
CHANNELS = {'A': 0, 'B': 3, 'C': 2, 'D': 0}

#: Factors in plane that networks are trained for.
LEAST_SCALE, LARGEST_SCALE = 1.5, 4.0


@dataclass
class Case:
    """Slices [B,1,H,W] of one grid: the truth, the coarse image enlarged by cubic convolution as it is and corrected, and the fields."""

    truth: Tensor
    enlarged: Tensor
    corrected: Tensor
    #: Jacobian - 1 and logarithm of the bias as far as they are known, and the length of the displacement / 10 pixels.
    jacobian: Tensor
    bias: Tensor
    length: Tensor
    scale: float
    #: The coarse image as it was taken, [B,1,h,w]; crops have none.
    taken: Tensor | None = None

    def given(self, arm: str) -> tuple[Tensor, Tensor]:
        """The image that an arm starts from, and its guidance [B,C,H,W]."""
        image = self.enlarged if arm in 'AB' else self.corrected
        fields = {'A': [], 'B': [self.length, self.jacobian, self.bias], 'C': [self.jacobian, self.bias], 'D': []}[arm]
        return image, torch.cat(fields, dim=1) if fields else torch.zeros(len(image), 0, *image.shape[2:])

    def crop(self, top: int, left: int, size: int) -> 'Case':
        fields = {
            name: value[:, :, top : top + size, left : left + size]
            for name, value in vars(self).items()
            if isinstance(value, Tensor) and name != 'taken'
        }
        return Case(scale=self.scale, **fields)


def acquire(
    truth: Tensor,
    scale: float,
    stream: torch.Generator,
    spacing_mm: float = 0.625,
    noise: float | None = None,
    taken: Tensor | None = None,
    plain_share: float = 0.0,
) -> Case:
    """What a scanner makes of slices [B,1,H,W], and its correction by the fields themselves.

    `taken` are the slices as they are thick, where they are thicker than the truth; `plain_share` of them have neither distortion nor bias, as a
    series that its scanner has already corrected; without `noise` each has one of its own.
    """
    count, _, rows, columns = truth.shape
    field = torch.rand(count, generator=stream) < 0.5
    plain = torch.rand(count, generator=stream) < plain_share
    shift = random_shift(count, rows, columns, spacing_mm, stream) * (~plain)[:, None, None, None]
    shading = torch.where(field, SCANNERS['1.5T'].shading, SCANNERS['3T'].shading)
    bias = random_bias(count, rows, columns, 1.0, stream) ** (shading * ~plain)[:, None, None, None]
    local, back = jacobian(shift), inverse(shift)
    seen = sampled((truth if taken is None else taken) * bias / local, back)
    low, high = (torch.where(field, SCANNERS['1.5T'].noise[end], SCANNERS['3T'].noise[end]) for end in (0, 1))
    noises = low + (high - low) * torch.rand(count, generator=stream) if noise is None else torch.full((count,), noise)
    small = coarse(seen, round(rows / scale), round(columns / scale), noises, stream)
    enlarged = sampled(small, torch.zeros_like(shift)).clamp(min=0)
    corrected = (sampled(small, shift) * local / bias).clamp(min=0)
    length = shift.norm(dim=-1)[:, None] / 10
    return Case(truth, enlarged, corrected, local - 1, bias.log(), length, scale, small)
