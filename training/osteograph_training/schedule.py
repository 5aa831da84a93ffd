"""The noise schedule and the sampling grid, as the bundle manifest names them (diffusers' conventions, float64)."""

import math

import numpy as np

from .config import ScheduleConfig
from .errors import TrainingError


def alphas_cumprod(schedule: ScheduleConfig) -> np.ndarray:
    """Cumulative products of 1 - beta, float64 [train_steps]."""
    count, start, end = schedule.train_steps, schedule.beta_start, schedule.beta_end
    if schedule.beta_schedule == 'linear':
        betas = np.linspace(start, end, count)
    elif schedule.beta_schedule == 'scaled_linear':
        betas = np.linspace(math.sqrt(start), math.sqrt(end), count) ** 2
    elif schedule.beta_schedule == 'squaredcos_cap_v2':
        place = np.arange(count + 1) / count
        level = np.cos((place + 0.008) / 1.008 * math.pi / 2) ** 2
        betas = np.minimum(1 - level[1:] / level[:-1], 0.999)
    else:
        raise TrainingError(f'The beta schedule is {schedule.beta_schedule!r}; accepted are linear, scaled_linear and squaredcos_cap_v2.')
    return np.cumprod(1 - betas)


def sampling_timesteps(schedule: ScheduleConfig, steps: int) -> np.ndarray:
    """Training timesteps visited by a sampler of `steps` steps, noisiest first."""
    count = schedule.train_steps
    if not 1 <= steps <= count:
        raise TrainingError(f'The number of steps is {steps}; accepted are 1 to {count}.')
    if schedule.spacing == 'trailing':
        return np.round(np.arange(count, 0, -count / steps)).astype(np.int64) - 1
    if schedule.spacing == 'leading':
        return (np.arange(steps) * (count // steps)).round()[::-1].astype(np.int64)
    if schedule.spacing == 'linspace':
        return np.linspace(0, count - 1, steps).round()[::-1].astype(np.int64)
    raise TrainingError(f'The spacing is {schedule.spacing!r}; accepted are trailing, leading and linspace.')


def previous_alphas(schedule: ScheduleConfig, timesteps: np.ndarray) -> np.ndarray:
    """Cumulative alpha of the state that each step leads to; the last one is 1 or that of timestep 0 (`final_alpha`)."""
    alphas = alphas_cumprod(schedule)
    final = 1.0 if schedule.final_alpha == 'one' else alphas[0]
    return np.append(alphas[timesteps[1:]], final)
