"""The network: on the path from a slice that was filled smoothly to one as it could have been, with the slices around it."""

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..checked_yaml import Count, Share
from ..loop_settings import LoopConfig, LoopOptions
from ..networks.shift_path import mean_along, places_of, schedule_of
from ..networks.shift_unet import Shape, ShiftUnet
from .fill import NEIGHBOURS, filled, filled_inside

#: How much noise the far end of the path has.
KAPPA = 0.1

#: Places of the path, and what the manifest says of it.
PLACES = 4
SCHEDULE = schedule_of(PLACES, KAPPA)

#: Steps that a slice may be filled in.
STEPS = (1, 2, 4)

#: Distances of slices in pixels of the plane that networks are told; what lies beyond counts as the nearest of these.
GAPS = (1.0, 8.0)


@dataclass(frozen=True)
class InpainterOptions(LoopOptions):
    """The network, and how it is trained, on `crops` crops of `crop` pixels of each of `slices` slices and their neighbours."""

    shape: Shape = field(default_factory=Shape)
    slices: Count = 6
    crops: Count = 2
    crop: Count = 96
    sampled_share: Share = 0.25


@dataclass(frozen=True)
class InpainterConfig(LoopConfig):
    """Everything a run of `train-inpainter` depends on, besides the volumes."""

    seed: Count = 1
    validate_every: Count = 250
    inpainter: InpainterOptions = field(default_factory=InpainterOptions)


@dataclass(frozen=True)
class Hidden:
    """Slices as a network is given them: filled smoothly [B,1,H,W], filled from themselves alone, what is hidden, the slices on either side and
    what of those is hidden [B,4,H,W], and how far slices lie apart, pixels [B]. Hidden pixels of the neighbours are those of the filled slice."""

    filled: Tensor
    inside: Tensor
    mask: Tensor
    neighbours: Tensor
    neighbour_masks: Tensor
    gap: Tensor


def hidden(window: Tensor, masks: Tensor, gap: Tensor) -> Hidden:
    """What is left of slices [B,5,H,W] behind their masks; a slice that is not there at all has a mask of ones."""
    start = filled(window, masks)
    others = [index for index in range(window.shape[1]) if index != NEIGHBOURS]
    neighbours = torch.where(masks[:, others] > 0, start, window[:, others])
    return Hidden(start, filled_inside(window, masks), masks[:, NEIGHBOURS : NEIGHBOURS + 1], neighbours, masks[:, others], gap)


class Inpainter(ShiftUnet):
    """State and the parts of `Hidden`, `place` and `spread` [B] -> the whole slice [B,1,H,W]."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape, channels=4 + 4 * NEIGHBOURS, numbers=3)

    def forward(
        self,
        state: Tensor,
        filled: Tensor,
        inside: Tensor,
        mask: Tensor,
        neighbours: Tensor,
        neighbour_masks: Tensor,
        place: Tensor,
        spread: Tensor,
        gap: Tensor,
    ) -> Tensor:
        least, most = GAPS
        apart = torch.log2(gap.clamp(least, most)) / math.log2(most)
        numbers = torch.stack([place, spread / KAPPA, apart], dim=1)
        return filled + mask * self.residual([state, filled, inside, mask, neighbours, neighbour_masks], numbers)[0]


def places(steps: int) -> list[float]:
    """Where a sampler of 1, 2 or 4 steps stands on the path, the filled slice's end first."""
    return places_of(PLACES, steps)


@torch.no_grad()
def inpaint(network: Inpainter, given: Hidden, steps: int = 1) -> Tensor:
    """The slices with their hidden places filled in, the mean of what is likely; all else as it is."""

    def clean_at(state: Tensor, place: Tensor, spread: Tensor) -> Tensor:
        return network(state, given.filled, given.inside, given.mask, given.neighbours, given.neighbour_masks, place, spread, given.gap)

    return mean_along(places(steps), given.filled, clean_at)
