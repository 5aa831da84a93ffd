"""What a network adds near the joint: osteophytes, sclerosis, attrition.

A residual-shift diffusion (the restorer's network, Yue et al. 2023) draws the bone near the joint anew from a film on which it is blurred,
told the KL grade and which compartment is affected, and shown where the joint space is. What a progression adds to a closed film is
the difference between two such drawings from the same start: at the frame's grade and at the film's own. Grades that are alike add nothing.
"""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..checked_yaml import Count, Positive, Share, Steps, Widths
from ..loop_settings import LoopConfig, LoopOptions
from ..restoration.degrade import Degraded, window_of
from ..restoration.restorer import Restorer, RestorerOptions

#: Rows and columns of the network's picture: the joint's rows of a crop, two crop pixels to one of its own.
ROWS, COLUMNS = 72, 112
#: First row of the crop that it shows.
TOP = 40
#: Deviation of the blur near the joint, in its pixels; rows from the joint's middle up to which it is full, and beyond which there is none.
BLUR, NEAR, FAR = 8.0, 16.0, 24.0


@dataclass(frozen=True)
class RemodellerOptions(LoopOptions):
    """Widths at 1/2, 1/4 and 1/8 of the picture, blocks at each and in the middle, and how it is trained.

    At most `per_grade` films of each grade take part, all grades equally often; a share `moved` of them with one of `variants` gaps at
    random from `narrowest` to `widest` of their own, so that the joint space does not tell the grade. The rest is as for the restorer.
    """

    widths: Widths = (32, 48, 64)
    blocks: Count = 1
    middle: Count = 2
    per_grade: Count = 400
    variants: Count = 3
    moved: Share = 0.7
    narrowest: Positive = 0.45
    widest: Positive = 1.8
    batch: Count = 16
    warmup: Steps = 100
    sampled_share: Share = 0.5


@dataclass(frozen=True)
class RemodellerConfig(LoopConfig):
    """Everything a run of `train-remodeller` depends on, besides the films."""

    seed: Count = 1
    part: str = 'train'
    remodeller: RemodellerOptions = field(default_factory=RemodellerOptions)


def remodeller(options: RemodellerOptions) -> Restorer:
    """The network: the restorer's, its mask being the joint space and its strengths the grade (of 4) and the affected compartments."""
    return Restorer(RestorerOptions(widths=options.widths, blocks=options.blocks, middle=options.middle))


def pictures(films: Tensor, window: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """Films 0..255, [B,1,224,224] -> what the network sees of them in units of their window, [B,1,72,112]; the windows' ends, [B,1,1,1].

    `window` is that of other films: frames are seen in the window of the film that they are made from.
    """
    low, high = window or window_of(films)
    scaled = (films.float() - low) / (high - low).clamp(min=1)
    return F.avg_pool2d(scaled[:, :, TOP : TOP + 2 * ROWS], 2), low, high


def joint_maps(middle: Tensor, half: Tensor) -> tuple[Tensor, Tensor]:
    """Line and half gap [B,224] in crop rows -> how much of each pixel is joint space, and how much of it is drawn anew, [B,1,72,112]."""
    middle = (F.avg_pool1d(middle[:, None], 2)[:, 0] - TOP + 0.5) / 2 - 0.5
    half = F.avg_pool1d(half[:, None], 2)[:, 0] / 2
    away = (torch.arange(ROWS)[None, :, None] - middle[:, None]).abs()
    space = (half[:, None] + 0.5 - away).clamp(0, 1)
    near = ((FAR - away) / (FAR - NEAR)).clamp(0, 1)
    return space[:, None].float(), near[:, None].float()


def hidden_joint(picture: Tensor, space: Tensor, near: Tensor, grades: Tensor, affected: Tensor) -> Degraded:
    """The picture with its joint blurred, as the network is given it; grades [B], affected [B,2] medial and lateral, each 0 or 1."""
    radius = int(3 * BLUR)
    taps = torch.exp(-0.5 * (torch.arange(-radius, radius + 1) / BLUR) ** 2)
    taps = taps / taps.sum()
    padded = F.pad(picture, (radius, radius, radius, radius), mode='replicate')
    blurred = F.conv2d(F.conv2d(padded, taps[None, None, :, None]), taps[None, None, None])
    strengths = torch.cat([grades[:, None].float() / 4, affected.float()], dim=1)
    return Degraded(picture + (blurred - picture) * near, space, strengths)


@torch.no_grad()
def added(network: Restorer, picture: Tensor, space: Tensor, near: Tensor, own: Tensor, grades: Tensor, affected: Tensor) -> Tensor:
    """What the network adds to closed pictures on the way from the grades `own` [B] to `grades` [B], in units of the window, [B,1,72,112].

    One step each, without noise: the difference of two expected pictures. Between whole grades it is mixed from both.
    """
    return (_drawn(network, picture, space, near, grades, affected) - _drawn(network, picture, space, near, own, affected)) * near


def enlarged(addition: Tensor) -> Tensor:
    """The addition [B,1,72,112] on the whole crop, [B,1,224,224], zero beyond the picture."""
    large = F.interpolate(addition, scale_factor=2, mode='bilinear', align_corners=False)
    return F.pad(large, (0, 0, TOP, 224 - TOP - 2 * ROWS))


def line_tensors(middle: np.ndarray, half: np.ndarray) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(middle).float(), torch.from_numpy(half).float()


def _drawn(network: Restorer, picture: Tensor, space: Tensor, near: Tensor, grades: Tensor, affected: Tensor) -> Tensor:
    below = grades.floor().clamp(max=3)
    drawn = _expected(network, picture, space, near, below, affected)
    following = _expected(network, picture, space, near, below + 1, affected)
    return drawn + (grades - below)[:, None, None, None] * (following - drawn)


def _expected(network: Restorer, picture: Tensor, space: Tensor, near: Tensor, grades: Tensor, affected: Tensor) -> Tensor:
    case = hidden_joint(picture, space, near, grades, affected)
    return expected_picture(network, case)


def expected_picture(network: Restorer, case: Degraded) -> Tensor:
    """One step from the blurred end of the path; the mask says where the joint is and hides nothing."""
    one = torch.ones_like(case.strengths[:, 0])
    return network(case.image, case.image, case.mask, 0.999 * one, 0 * one, case.strengths)
