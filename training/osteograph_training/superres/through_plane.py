"""Twice as many slices of a series, by the network for finer slices: `src/imaging/superres/through-plane.ts` does the same on the platform."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from ..networks.shift_unet import MULTIPLE_OF
from .keep_taken import estimated_noise, keep_taken
from .network import SuperResolver, super_resolve

#: How many slices are made of each.
THROUGH_PLANE = 2

#: Planes that a network sees at once.
AT_ONCE = 32


def thicker(volume: Tensor, noise: float, stream: torch.Generator) -> Tensor:
    """Slices [2Z,H,W] two by two in one, with noise of deviation `noise` in either channel."""
    mean = volume.unflatten(0, (-1, THROUGH_PLANE)).mean(dim=1)
    noises = noise * torch.randn(2, *mean.shape, generator=stream)
    return torch.complex(mean + noises[0], noises[1]).abs()


def enlarged_slices(taken: Tensor, mode: str = 'bicubic') -> Tensor:
    """Slices [Z,H,W] -> [2Z,H,W] along the first side by cubic convolution, or by lines (`bilinear`)."""
    planes = taken.transpose(0, 1)[:, None]
    return _longer(planes, mode)[:, 0].transpose(0, 1)


def thin_slices(network: SuperResolver, taken: Tensor, steps: int = 1) -> Tensor:
    """Slices [Z,H,W] -> [2Z,H,W]: the network sees the planes along rows and along columns, each enlarged across slices alone; the mean of both, with
    what it lost of the slices put back."""
    noise = estimated_noise(taken[:, None]).median()

    def by_planes(planes: Tensor, after: Callable[[Tensor, Tensor, slice], Tensor]) -> Tensor:
        made = []
        for first in range(0, len(planes), AT_ONCE):
            part = slice(first, first + AT_ONCE)
            longer = _longer(planes[part])
            made.append(after(_finer(network, longer, steps), longer, part))
        return torch.cat(made)

    across = by_planes(taken.permute(2, 0, 1)[:, None], lambda made, _longer, _part: made)
    # Planes along rows, out of those along columns: [W,1,2Z,H] -> [H,1,2Z,W].
    across = across.permute(3, 1, 2, 0)

    def joined(made: Tensor, longer: Tensor, part: slice) -> Tensor:
        return keep_taken((made + across[part]) / 2, longer, (len(taken), taken.shape[2]), noise.expand(len(made)))

    return by_planes(taken.permute(1, 0, 2)[:, None], joined)[:, 0].transpose(0, 1)


def _longer(planes: Tensor, mode: str = 'bicubic') -> Tensor:
    return F.interpolate(planes, size=(THROUGH_PLANE * planes.shape[2], planes.shape[3]), mode=mode, align_corners=False)


def _finer(network: SuperResolver, planes: Tensor, steps: int) -> Tensor:
    rows, columns = planes.shape[2:]
    whole = F.pad(planes, (0, -columns % MULTIPLE_OF, 0, -rows % MULTIPLE_OF), mode='replicate')
    guidance = torch.zeros(len(whole), 2, *whole.shape[2:])
    return super_resolve(network, whole, guidance, float(THROUGH_PLANE), steps)[:, :, :rows, :columns]
