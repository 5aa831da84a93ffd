"""The refiner: goes over decoded slices in pixels, where latents are too coarse for edges, grain and what a grade draws.

It walks back along a residual-shift path (Yue et al. 2023, ResShift): from the decoded slice, which is a mean of what may be, with noise on it, to
one of the slices that may be. The film lies on the slice, to the millimetre where its size is known.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..checked_yaml import Count, Widths
from ..features import FEATURES
from ..framing import JOINT_ROW as FILM_JOINT_ROW
from ..images import FILM_SIZE, MRI_SIZE
from ..turning import JOINT_ROW
from .shift_unet import Shape, ShiftUnet

PIXEL_MM = 0.625

#: Width of a film crop in mm at the joint where nobody tells it: the mean of synthetic boxes.
ASSUMED_MM = 90.5

#: How much noise the far end of the path has; images are in [-1,1].
KAPPA = 0.3

#: How far a true pixel lies from the decoded one: root mean square over knees.
SPREAD = 0.19

#: Half periods of the waves that tell a slice's depth: 1, 2, 4, 8, 16.
FREQUENCIES = 5

#: Images that the network sees: the state less the decoded slice, that slice, film, where the film is, row and column.
SEEN = 6


@dataclass(frozen=True)
class RefinerShape:
    """Widths at 1/2, 1/4 and 1/8 of the slice's resolution, and blocks in the middle."""

    widths: Widths = (40, 80, 128)
    middle: Count = 2


class Refiner(nn.Module):
    """Slices [B,1,256,256] and film [B,1,256,256] in [-1,1], depth [B], features [B,65], the film's side in mm [B], noise [B,1,256,256] -> slices.

    `side` is 0 where the film's size is not known. `path` holds the places where the network is asked, the decoded slice's end first.
    """

    def __init__(self, shape: RefinerShape, path: tuple[float, ...]) -> None:
        super().__init__()
        self.path = path
        self.unet = ShiftUnet(Shape(shape.widths, 1, shape.middle), SEEN, told_numbers(), waved=False)
        self.register_buffer('place', _place(), persistent=False)

    def forward(self, image: Tensor, xray: Tensor, depth: Tensor, features: Tensor, side: Tensor, noise: Tensor) -> Tensor:
        film = film_on_slice(xray, side)
        numbers = self.numbers(features, depth, side, torch.zeros_like(depth))
        clean, state = image, image + KAPPA * math.sqrt(self.path[0]) * noise
        for place, following in zip(self.path, (*self.path[1:], 0.0), strict=True):
            clean = self.clean(state, image, film, self.place, numbers, torch.full_like(depth, place))
            state = moved(state, image, clean, place, following)
        return clean

    def clean(self, state: Tensor, image: Tensor, film: Tensor, where: Tensor, numbers: Tensor, place: Tensor) -> Tensor:
        """The clean images thought to be behind states at `place` [B]; `film` [B,2,H,W] and `where` [1|B,2,H,W] lie on them."""
        # What the network sees and adds is of one size all along the path, and the better the state is, the more of it stays
        # (Karras et al. 2022, preconditioning).
        spread = (SPREAD**2 + KAPPA**2 * place)[:, None, None, None]
        seen = [(state - image) * spread.rsqrt(), image, film, where.expand(state.shape[0], -1, -1, -1)]
        told = torch.cat([numbers, place[:, None], place.sqrt()[:, None]], dim=1)
        kept = SPREAD**2 / spread
        return image + kept * (state - image) + reach(place)[:, None, None, None] * self.unet.residual(seen, told)[0]

    def numbers(self, features: Tensor, depth: Tensor, side: Tensor, mirrored: Tensor) -> Tensor:
        """What the network is told of slices besides their place on the path; `mirrored` is 1 for those seen as in a mirror."""
        known = (side > 0).to(features.dtype)
        return torch.cat([features, known[:, None], mirrored[:, None], depth_waves(depth)], dim=1)


def reach(place: Tensor) -> Tensor:
    """How far what is told by a state at `place` may be from the true slice: what the network adds is a multiple of it."""
    noise = KAPPA * place.sqrt()
    return noise * SPREAD / (noise.square() + SPREAD**2).sqrt()


def moved(state: Tensor, image: Tensor, clean: Tensor, place: float, following: float) -> Tensor:
    """The state at `following` of one at `place`, with the noise that is left in it if `clean` is behind it."""
    noise = (state - clean - place * (image - clean)) * math.sqrt(following / place)
    return clean + following * (image - clean) + noise


def film_on_slice(xray: Tensor, side: Tensor, astray: Tensor | None = None) -> Tensor:
    """Film crops [B,1,256,256] whose side is `side` mm, on the pixels of a slice with the joint in its row, and where they are: [B,2,256,256].

    Beyond the crop both are 0. A side of 0 counts as `ASSUMED_MM`. `astray` [B,2] moves the films by rows and columns, as a knee detector errs.
    """
    pitch = PIXEL_MM * FILM_SIZE / torch.where(side > 0, side, torch.full_like(side, ASSUMED_MM))
    down, across = (0.0, 0.0) if astray is None else astray.T[:, :, None]
    rows = _weights(pitch, JOINT_ROW + down, FILM_JOINT_ROW * FILM_SIZE)
    columns = _weights(pitch, MRI_SIZE / 2 + across, FILM_SIZE / 2)
    covered = rows.sum(dim=2)[:, :, None] * columns.sum(dim=2)[:, None, :]
    return torch.cat([(rows @ xray[:, 0] @ columns.transpose(1, 2))[:, None], covered[:, None]], dim=1)


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


def told_numbers() -> int:
    """How many numbers the network is told: grades, whether the film's size is known, mirrored or not, waves of the depth, the place twice."""
    return sum(levels for _, levels in FEATURES) + 2 + 1 + 2 * FREQUENCIES + 2


def depth_waves(depth: Tensor) -> Tensor:
    """Depths [N], 0 to 1, with their sines and cosines at 1, 2, 4, 8 and 16 half periods: [N,11].

    They are computed 16 at a time, because ONNX Runtime gives the last bits of fewer than that another value, depending on the batch.
    """
    angles = F.pad(depth[:, None] * (2.0 ** torch.arange(FREQUENCIES, device=depth.device)) * math.pi, (0, 16 - FREQUENCIES))
    return torch.cat([depth[:, None], angles.sin()[:, :FREQUENCIES], angles.cos()[:, :FREQUENCIES]], dim=1)


def _weights(pitch: Tensor, place: float | Tensor, film_place: float) -> Tensor:
    """Weights [B,256,256] of film pixels in slice pixels `pitch` [B] apart, where `place` in the slice, also [B,1], lies on `film_place`."""
    centres = film_place + ((torch.arange(MRI_SIZE) + 0.5)[None] - place) * pitch[:, None]
    reach = pitch.clamp(min=1)[:, None, None]
    apart = (centres[:, :, None] - (torch.arange(FILM_SIZE) + 0.5)[None, None]).abs()
    return (1 - apart / reach).clamp(min=0) / reach


def _place() -> Tensor:
    """Row and column of a pixel, -1 to 1: [1,2,256,256]."""
    line = torch.linspace(-1, 1, MRI_SIZE)
    return torch.stack(torch.meshgrid(line, line, indexing='ij'))[None]
