"""The networks: a U-Net on the path between an enlarged slice and a fine one (residual shift, Yue et al. 2023), for teacher and student alike."""

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..checked_yaml import Count, NotNegative, Share, Steps
from ..loop_settings import LoopConfig, LoopOptions
from ..networks.shift_path import mean_along, places_of, schedule_of
from ..networks.shift_unet import Shape, ShiftUnet
from .cases import CHANNELS, LARGEST_SCALE

#: How much noise the far end of the path has.
KAPPA = 0.1

#: Places of the path, and what the manifest says of it.
PLACES = 8
SCHEDULE = schedule_of(PLACES, KAPPA)

#: Steps of the teacher and of the students that are halved from it.
STEPS = (8, 4, 2, 1)


@dataclass(frozen=True)
class Stage(LoopOptions):
    """How one network is trained, on `crops` crops of `crop` pixels of each of `slices` slices."""

    steps: Steps = 2000
    slices: Count = 4
    crops: Count = 3
    crop: Count = 96
    ema: Share = 0.995


@dataclass(frozen=True)
class SuperresConfig(LoopConfig):
    """Everything a run of `train-superres` depends on, besides the volumes.

    `teacher` and `student` are networks; the student's stages have `halving` steps each, and the arms of the ablation, all of the student's
    shape, as many as these together.
    """

    seed: Count = 1
    teacher: Shape = field(default_factory=Shape)
    student: Shape = field(default_factory=lambda: Shape(widths=(16, 32, 48)))
    teaching: Stage = field(default_factory=Stage)
    halving: Stage = field(default_factory=lambda: Stage(steps=700))
    sampled_share: Share = 0.3
    feature_weight: NotNegative = 0.05


class SuperResolver(ShiftUnet):
    """State and enlarged slice [B,1,H,W], guidance [B,C,H,W], `place` and `spread` [B], scale [B] -> the fine slice [B,1,H,W]."""

    def __init__(self, shape: Shape, arm: str = 'C') -> None:
        super().__init__(shape, channels=2 + CHANNELS[arm], numbers=3)

    def forward(self, state: Tensor, enlarged: Tensor, guidance: Tensor, place: Tensor, spread: Tensor, scale: Tensor) -> Tensor:
        return self.with_features(state, enlarged, guidance, place, spread, scale)[0]

    def with_features(
        self, state: Tensor, enlarged: Tensor, guidance: Tensor, place: Tensor, spread: Tensor, scale: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        """The fine slice, and the feature maps of every level on the way down, in the middle and on the way up."""
        strength = torch.log2(scale) / math.log2(LARGEST_SCALE)
        residual, features = self.residual([state, enlarged, guidance], torch.stack([place, spread / KAPPA, strength], dim=1))
        return enlarged + residual, features


def places(steps: int) -> list[float]:
    """Where a sampler of 8, 4, 2 or 1 steps stands on the path, the enlarged slice's end first."""
    return places_of(PLACES, steps)


@torch.no_grad()
def super_resolve(network: SuperResolver, enlarged: Tensor, guidance: Tensor, scale: float, steps: int) -> Tensor:
    """The fine slices, their mean: no noise is drawn, so that nothing is there which another seed would not show."""
    scales = torch.full((len(enlarged),), scale)

    def fine_at(state: Tensor, place: Tensor, spread: Tensor) -> Tensor:
        return network(state, enlarged, guidance, place, spread, scales)

    return mean_along(places(steps), enlarged, fine_at)
