"""DDIM sampling of whole volumes in PyTorch: the reference that the platform's sampler is compared with."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from .config import ScheduleConfig
from .noise import keyed_noise
from .schedule import alphas_cumprod, previous_alphas, sampling_timesteps

#: (sample, timestep) -> v prediction; both have the batch as their first dimension.
Prediction = Callable[[Tensor, Tensor], Tensor]


@torch.no_grad()
def ddim(predict: Prediction, noise: Tensor, schedule: ScheduleConfig, steps: int) -> Tensor:
    """Deterministic DDIM (eta 0) from `noise` with v prediction; no clipping of latents."""
    timesteps = sampling_timesteps(schedule, steps)
    alphas = alphas_cumprod(schedule)
    sample = noise
    for timestep, previous in zip(timesteps, previous_alphas(schedule, timesteps), strict=True):
        alpha = alphas[timestep]
        velocity = predict(sample, torch.full((len(sample),), float(timestep)))
        clean = float(np.sqrt(alpha)) * sample - float(np.sqrt(1 - alpha)) * velocity
        epsilon = float(np.sqrt(alpha)) * velocity + float(np.sqrt(1 - alpha)) * sample
        sample = float(np.sqrt(previous)) * clean + float(np.sqrt(1 - previous)) * epsilon
    return sample


def shared_noise(seed: int, count: int) -> Tensor:
    """The same initial latent for every slice of a volume (the platform's default), [count,4,32,32]."""
    return torch.from_numpy(keyed_noise(seed, 0, 0)).repeat(count, 1, 1, 1)


def depths(count: int) -> Tensor:
    """Depths i / (s - 1) of a volume of `count` slices; a single slice lies at 0."""
    return torch.arange(count, dtype=torch.float32) / max(count - 1, 1)
