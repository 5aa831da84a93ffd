"""Settings that every network has which learns from single images: how it is trained, and how often its run writes."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from .checked_yaml import Count, NotNegative, Positive, Share, Steps


@dataclass(frozen=True)
class LoopOptions:
    """How a network is trained; its own options add what it looks like and what it is shown."""

    steps: Steps = 3000
    learning_rate: Positive = 2e-3
    warmup: Steps = 80
    decay_share: Share = 0.9
    weight_decay: NotNegative = 1e-4
    ema: Share = 0.995


@dataclass(frozen=True)
class LoopConfig:
    """How a run goes; its own configuration adds the networks.

    `half` computes layers in bfloat16 (weights stay float32): two to three times quicker on processors with AMX, slower on some others.
    """

    threads: Count = 1
    checkpoint_minutes: NotNegative = 5.0
    log_every: Count = 50
    validate_every: Count = 500
    half: bool = False

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)
