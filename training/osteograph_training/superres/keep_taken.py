"""What a network lost of the slice that was taken, put back: `src/imaging/superres/keep-taken.ts` does the same on the platform."""

import math

import torch
from skimage.restoration import estimate_sigma
from torch import Tensor
from torch.nn import functional as F

#: Over how many taken pixels a side the difference is judged.
JUDGED_PX = 3


def keep_taken(made: Tensor, enlarged: Tensor, size: tuple[int, int], noise: Tensor, gain: Tensor | None = None) -> Tensor:
    """Slices [B,1,H,W] that, reduced to `size` again, are the ones that were taken, up to noise of deviation `noise` [B]: one round of
    back-projection (Irani and Peleg 1991), the difference weighted by the share of its local power that noise does not explain (Lee 1980).
    `gain` [B,1,H,W] is what correction has multiplied the noise by. Air in a magnitude image has a mean square of twice the variance."""
    high = (made.shape[2], made.shape[3])
    lacking = enlarged - _enlarged(_reduced(made, size), high)
    power = _enlarged(_reduced(lacking.square(), (math.ceil(size[0] / JUDGED_PX), math.ceil(size[1] / JUDGED_PX))), high)
    explained = 2 * (noise[:, None, None, None] * (1 if gain is None else gain)).square()
    share = torch.where(power > explained, 1 - explained / power, torch.zeros(()))
    return made + share * lacking


def estimated_noise(slices: Tensor) -> Tensor:
    """The deviation of white noise on each of the slices [B,1,H,W], by their finest wavelet details."""
    return torch.tensor([float(estimate_sigma(slice_)) for slice_ in slices[:, 0].double().numpy()])


def _reduced(image: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(image, size=size, mode='bicubic', antialias=True, align_corners=False)


def _enlarged(image: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(image, size=size, mode='bicubic', align_corners=False)
