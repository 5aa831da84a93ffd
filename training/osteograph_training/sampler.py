"""DDIM and DPM-Solver++(2M) in PyTorch: the reference that the platform's samplers are compared with.

Each evaluates the denoiser once per timestep of its grid.
"""

import math
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


@torch.no_grad()
def dpmpp_2m(predict: Prediction, noise: Tensor, schedule: ScheduleConfig, steps: int) -> Tensor:
    """DPM-Solver++(2M) (Lu et al. 2022, Algorithm 2, data prediction) from `noise` with v prediction; no clipping of latents.

    First order at the first step, which has no step before it, and at the last, which with `final_alpha: one` goes to infinite SNR.
    """
    timesteps = sampling_timesteps(schedule, steps)
    alphas = alphas_cumprod(schedule)
    sample, before = noise, None
    for index, (timestep, following) in enumerate(zip(timesteps, previous_alphas(schedule, timesteps), strict=True)):
        alpha = alphas[timestep]
        velocity = predict(sample, torch.full((len(sample),), float(timestep)))
        clean = float(np.sqrt(alpha)) * sample - float(np.sqrt(1 - alpha)) * velocity
        estimate = clean
        here, there = half_log_snr(alpha), half_log_snr(following)
        if before is not None and index + 1 < len(timesteps):
            earlier, clean_before = before
            share = (there - here) / (here - earlier) / 2
            estimate = (1 + share) * clean - share * clean_before
        ratio = float(np.sqrt((1 - following) / (1 - alpha)))
        sample = ratio * sample - float(np.sqrt(following)) * math.expm1(here - there) * estimate
        before = here, clean
    return sample


def half_log_snr(alpha: float) -> float:
    """log(signal / noise) at a cumulative alpha; infinite at 1."""
    return math.inf if alpha == 1 else 0.5 * math.log(alpha / (1 - alpha))


#: Samplers by the name that a bundle's manifest gives them.
SAMPLERS = {'ddim': ddim, 'dpmpp_2m': dpmpp_2m}


def shared_noise(seed: int, count: int) -> Tensor:
    """The same initial latent for every slice of a volume (the platform's default), [count,4,32,32]."""
    return torch.from_numpy(keyed_noise(seed, 0, 0)).repeat(count, 1, 1, 1)


def depths(count: int) -> Tensor:
    """Depths i / (s - 1) of a volume of `count` slices; a single slice lies at 0."""
    return torch.arange(count, dtype=torch.float32) / max(count - 1, 1)
