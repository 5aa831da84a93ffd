"""The KL grader: a residual network over the joint's rows that gives probabilities of KL 0 to 4."""

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..checked_yaml import Count, NotNegative, Positive, Share, Steps, Widths
from ..loop_settings import LoopConfig, LoopOptions
from .films import GRADES, joint_window


@dataclass(frozen=True)
class GraderOptions(LoopOptions):
    """Widths at 1/4, 1/8, 1/16 and 1/32 of the film, and how one network of the ensemble is trained.

    `smoothing` is the probability that training gives to each neighbouring grade, since readers disagree by one;
    `rare_power` 0 draws films as they are, 1 draws every grade equally often.
    """

    widths: Widths = (32, 64, 128, 160)
    blocks: Count = 2
    dropout: Share = 0.3
    batch: Count = 32
    steps: Steps = 5000
    learning_rate: Positive = 1e-3
    warmup: Steps = 200
    weight_decay: NotNegative = 0.03
    ema: Share = 0.998
    smoothing: Share = 0.06
    rare_power: Share = 0.3
    mixup: Share = 0.2


@dataclass(frozen=True)
class GraderConfig(LoopConfig):
    """Everything a run of `train-grader` depends on, besides the films. Each network of the ensemble has a seed of its own."""

    seeds: tuple[Count, ...] = (1, 2, 3)
    part: str = 'train'
    grader: GraderOptions = field(default_factory=GraderOptions)


class Grader(nn.Module):
    """Films [B,1,144,224] as `joint_window` gives them -> logits of KL 0 to 4, [B,5]."""

    def __init__(self, options: GraderOptions) -> None:
        super().__init__()
        first = options.widths[0]
        self.stem = nn.Sequential(
            nn.Conv2d(1, first // 2, 3, 2, 1, bias=False),
            nn.BatchNorm2d(first // 2),
            nn.ReLU(),
            nn.Conv2d(first // 2, first, 3, 2, 1, bias=False),
            nn.BatchNorm2d(first),
            nn.ReLU(),
        )
        stages: list[nn.Module] = []
        width = first
        for stage, next_width in enumerate(options.widths):
            for block in range(options.blocks):
                stride = 2 if stage > 0 and block == 0 else 1
                stages.append(_Residual(width, next_width, stride))
                width = next_width
        self.body = nn.Sequential(*stages)
        self.dropout = nn.Dropout(options.dropout)
        self.head = nn.Linear(2 * width, GRADES)

    def features(self, window: Tensor) -> Tensor:
        """Mean and maximum over the film of the last layer, [B,2W]: what distances between films are taken of."""
        hidden = self.body(self.stem(window))
        return torch.cat([hidden.mean(dim=(2, 3)), hidden.amax(dim=(2, 3))], dim=1)

    def forward(self, window: Tensor) -> Tensor:
        return self.head(self.dropout(self.features(window)))


class GraderEnsemble(nn.Module):
    """What is read at inference: the mean probability over networks and over the film and its mirror image, at a temperature.

    Films float [B,1,224,224] in 0..255 -> probabilities [B,5].
    """

    def __init__(self, networks: list[Grader], temperature: float = 1.0) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)
        self.temperature = temperature

    def forward(self, films: Tensor) -> Tensor:
        return self.chances(self.logits(films))

    def logits(self, films: Tensor) -> Tensor:
        """Of each network for the film and for its mirror image, [B,N,2,5]."""
        window = joint_window(films)
        both = torch.cat([window, window.flip(3)])
        each = [torch.stack(network(both).chunk(2), dim=1) for network in self.networks]
        return torch.stack(each, dim=1)

    def chances(self, logits: Tensor) -> Tensor:
        """What the logits say together, [B,5]."""
        return F.softmax(logits / self.temperature, dim=-1).mean(dim=(1, 2))


def wanted_chances(grades: Tensor, smoothing: float) -> Tensor:
    """Grades [B] -> the probabilities that training asks for, [B,5]."""
    distance = (torch.arange(GRADES)[None] - grades[:, None]).abs()
    chances = (distance == 0).float() + smoothing * (distance == 1).float()
    return chances / chances.sum(dim=1, keepdim=True)


class _Residual(nn.Module):
    def __init__(self, inward: int, outward: int, stride: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(inward, outward, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outward),
            nn.ReLU(),
            nn.Conv2d(outward, outward, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outward),
        )
        # Each block begins as the identity: deep nets start sooner (Goyal et al. 2017, 5.1).
        nn.init.zeros_(self.layers[-1].weight)
        same = stride == 1 and inward == outward
        self.skip = nn.Identity() if same else nn.Sequential(nn.Conv2d(inward, outward, 1, stride, bias=False), nn.BatchNorm2d(outward))

    def forward(self, hidden: Tensor) -> Tensor:
        return F.relu(self.skip(hidden) + self.layers(hidden))
