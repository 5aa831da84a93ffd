"""The restorer: a U-Net between a spoilt film and a clean one, along a residual-shift path (Yue et al. 2023, ResShift)."""

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..checked_yaml import Count, Positive, Share, Steps, Widths
from ..loop_settings import LoopConfig, LoopOptions
from ..networks.shift_path import places_of, schedule_of
from ..networks.shift_unet import Shape, ShiftUnet
from .degrade import Degraded

#: How much noise the far end of the path has, in units of the window, where a sample and not a mean is wanted.
KAPPA = 0.2

#: Places of the path, and what the manifest says of it.
PLACES = 4
SCHEDULE = schedule_of(PLACES, KAPPA)

#: Steps that a film may be restored in.
STEPS = (1, 2, 4)


@dataclass(frozen=True)
class RestorerOptions(LoopOptions):
    """Widths at 1/2, 1/4 and 1/8 of the film, blocks at each and in the middle, and how it is trained on crops of `crop` pixels."""

    widths: Widths = (64, 128, 192)
    blocks: Count = 2
    middle: Count = 4
    crop: Count = 128
    batch: Count = 16
    steps: Steps = 8000
    learning_rate: Positive = 1e-3
    warmup: Steps = 200
    ema: Share = 0.998
    sampled_share: Share = 0.35
    hidden_weight: Positive = 4.0


@dataclass(frozen=True)
class RestorerConfig(LoopConfig):
    """Everything a run of `train-restorer` depends on, besides the films."""

    seed: Count = 1
    part: str = 'train'
    validate_every: Count = 1000
    restorer: RestorerOptions = field(default_factory=RestorerOptions)


class Restorer(ShiftUnet):
    """State, spoilt film and mask [B,1,H,W] each, `place` and `spread` [B], strengths [B,3] -> the clean film [B,1,H,W].

    `place` is where on the path the state is, `spread` how much noise of our own it has.
    """

    def __init__(self, options: RestorerOptions) -> None:
        super().__init__(Shape(options.widths, options.blocks, options.middle), channels=3, numbers=5)

    def forward(self, state: Tensor, degraded: Tensor, mask: Tensor, place: Tensor, spread: Tensor, strengths: Tensor) -> Tensor:
        numbers = torch.cat([place[:, None], spread[:, None] / KAPPA, strengths], dim=1)
        return degraded + self.residual([state, degraded, mask], numbers)[0]


def state_between(clean: Tensor, degraded: Degraded, place: Tensor, spread: Tensor, stream: torch.Generator) -> Tensor:
    """The state at `place` [B] between clean and spoilt, with noise of deviation `spread` [B]; where a mask hides, only there."""
    noise = torch.randn(clean.shape, generator=stream) * _where_free(degraded)
    return clean + place[:, None, None, None] * (degraded.image - clean) + spread[:, None, None, None] * noise


@torch.no_grad()
def restore(network: Restorer, degraded: Degraded, steps: int = 1, sampled: bool = False, stream: torch.Generator | None = None) -> Tensor:
    """The clean films. `sampled` draws one of the possible ones, else noise is left out, and one step gives their mean.

    Pixels that are only seen past a mask stay as they are.
    """
    count, path = len(degraded.image), places(steps)
    kappa = KAPPA if sampled else 0.0
    free = _where_free(degraded)
    state = degraded.image + (kappa * torch.randn(degraded.image.shape, generator=stream) * free if sampled else 0)
    masked = degraded.mask.amax(dim=(1, 2, 3), keepdim=True)
    clean = state
    for index, place in enumerate(path):
        at, spread = torch.full((count,), place), torch.full((count,), kappa * math.sqrt(place))
        clean = network(state, degraded.image, degraded.mask, at, spread, degraded.strengths)
        clean = torch.where((masked > 0) & (degraded.mask < 0.5), degraded.image, clean)
        if index + 1 < len(path):
            following = path[index + 1]
            share = following / place
            state = share * state + (1 - share) * clean
            if sampled:
                state = state + kappa * math.sqrt(following * (1 - share)) * torch.randn(state.shape, generator=stream) * free
    return clean


def places(steps: int) -> list[float]:
    """Where a sampler of 1, 2 or 4 steps stands on the path, the spoilt film's end first."""
    return places_of(PLACES, steps)


def _where_free(degraded: Degraded) -> Tensor:
    """1 where a film may differ from the spoilt one: everywhere, or under the mask where there is one."""
    return torch.where(degraded.mask.amax(dim=(1, 2, 3), keepdim=True) > 0, degraded.mask, torch.ones_like(degraded.mask))
