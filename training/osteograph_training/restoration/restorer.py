"""The restorer: a U-Net between a spoilt film and a clean one, along a residual-shift path (Yue et al. 2023, ResShift)."""

import dataclasses
import itertools
import math
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..config import Count, NotNegative, Positive, Share, Steps, Widths
from .degrade import Degraded

#: Sizes of a film or tile are multiples of this.
MULTIPLE_OF = 8

#: How much noise the far end of the path has, in units of the window, where a sample and not a mean is wanted.
KAPPA = 0.2

#: The path's places (1 = the spoilt film, 0 = the clean one) in the manifest's words: `steps` of `trainSteps`, from the last one on.
SCHEDULE = {'kind': 'residual-shift', 'trainSteps': 4, 'firstShift': 0.05, 'lastShift': 0.999, 'power': 1.0, 'noiseScale': KAPPA}

#: Steps that a film may be restored in.
STEPS = (1, 2, 4)

FREQUENCIES = (1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True)
class RestorerOptions:
    """Widths at 1/2, 1/4 and 1/8 of the film, blocks at each and in the middle, and how it is trained on crops of `crop` pixels."""

    widths: Widths = (64, 128, 192)
    blocks: Count = 2
    middle: Count = 4
    crop: Count = 128
    batch: Count = 16
    steps: Steps = 8000
    learning_rate: Positive = 1e-3
    warmup: Steps = 200
    decay_share: Share = 0.9
    weight_decay: NotNegative = 1e-4
    ema: Share = 0.998
    sampled_share: Share = 0.35
    hidden_weight: Positive = 4.0


@dataclass(frozen=True)
class RestorerConfig:
    """Everything a run of `train-restorer` depends on, besides the films.

    `half` computes layers in bfloat16 (weights stay float32): two to three times quicker on processors with AMX, slower on others.
    """

    seed: Count = 1
    part: str = 'train'
    threads: Count = 1
    checkpoint_minutes: NotNegative = 5.0
    log_every: Count = 50
    validate_every: Count = 1000
    half: bool = False
    restorer: RestorerOptions = field(default_factory=RestorerOptions)

    def to_dict(self) -> dict:
        return dataclasses.asdict(self)


class Restorer(nn.Module):
    """State, spoilt film and mask [B,1,H,W] each, `place` and `spread` [B], strengths [B,3] -> the clean film [B,1,H,W].

    H and W are multiples of 8. `place` is where on the path the state is, `spread` how much noise of our own it has. Nothing is
    normalised over space, so that a tile with a halo as wide as the network sees gives what the whole film would.
    """

    def __init__(self, options: RestorerOptions) -> None:
        super().__init__()
        widths, told = options.widths, 64
        self.told = nn.Sequential(nn.Linear(5 * (1 + 2 * len(FREQUENCIES)), told), nn.SiLU(), nn.Linear(told, told), nn.SiLU())
        self.head = nn.Conv2d(3 * 4, widths[0], 3, padding=1)
        self.down = nn.ModuleList(_Blocks(width, options.blocks, told) for width in widths[:-1])
        self.shrink = nn.ModuleList(nn.Conv2d(fine, coarse, 2, 2) for fine, coarse in itertools.pairwise(widths))
        self.middle = _Blocks(widths[-1], options.middle, told)
        self.grow = nn.ModuleList(nn.Conv2d(coarse, 4 * fine, 1) for fine, coarse in itertools.pairwise(widths))
        self.up = nn.ModuleList(_Blocks(width, options.blocks, told) for width in widths[:-1])
        self.tail = nn.Conv2d(widths[0], 4, 3, padding=1)
        nn.init.zeros_(self.tail.weight)
        nn.init.zeros_(self.tail.bias)

    def forward(self, state: Tensor, degraded: Tensor, mask: Tensor, place: Tensor, spread: Tensor, strengths: Tensor) -> Tensor:
        told = self.told(_waves(torch.cat([place[:, None], spread[:, None] / KAPPA, strengths], dim=1)))
        hidden = self.head(F.pixel_unshuffle(torch.cat([state, degraded, mask], dim=1), 2))
        kept = []
        for blocks, shrink in zip(self.down, self.shrink, strict=True):
            hidden = blocks(hidden, told)
            kept.append(hidden)
            hidden = shrink(hidden)
        hidden = self.middle(hidden, told)
        for blocks, grow, skip in zip(reversed(self.up), reversed(self.grow), reversed(kept), strict=True):
            hidden = blocks(F.pixel_shuffle(grow(hidden), 2) + skip, told)
        return degraded + F.pixel_shuffle(self.tail(hidden), 2)


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
    """Where a sampler of 1, 2 or 4 steps stands on the path, the spoilt film's end first: every 4 / steps-th place of the schedule."""
    first, last = 0.05, 0.999
    return [first * (last / first) ** ((time - 1) / 3) for time in range(4, 0, -(4 // steps))]


def _where_free(degraded: Degraded) -> Tensor:
    """1 where a film may differ from the spoilt one: everywhere, or under the mask where there is one."""
    return torch.where(degraded.mask.amax(dim=(1, 2, 3), keepdim=True) > 0, degraded.mask, torch.ones_like(degraded.mask))


def _waves(values: Tensor) -> Tensor:
    angles = values[:, :, None] * torch.tensor(FREQUENCIES) * math.pi
    return torch.cat([values[:, :, None], angles.sin(), angles.cos()], dim=2).flatten(1)


class _Blocks(nn.Module):
    def __init__(self, width: int, count: int, told: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(_Block(width, told) for _ in range(count))

    def forward(self, hidden: Tensor, told: Tensor) -> Tensor:
        for block in self.blocks:
            hidden = block(hidden, told)
        return hidden


class _Block(nn.Module):
    def __init__(self, width: int, told: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.scale = nn.Linear(told, 2 * width)
        for layer in (self.second, self.scale):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, hidden: Tensor, told: Tensor) -> Tensor:
        gain, shift = self.scale(told)[:, :, None, None].chunk(2, dim=1)
        return hidden + self.second(F.silu(self.first(hidden) * (1 + gain) + shift))
