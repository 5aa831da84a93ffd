"""From a radiograph to latents and from latents to slices, with the networks of a run."""

import numpy as np
import torch
from torch import Tensor

from .config import ScheduleConfig
from .models import Generator
from .networks import Autoencoder, AutoencoderKL
from .networks.refiner import Refiner
from .sampler import SAMPLERS, Prediction, shared_noise
from .schedule import alphas_cumprod

#: Slices decoded at once.
DECODED_TOGETHER = 10


@torch.no_grad()
def sample_latents(
    model: Generator,
    schedule: ScheduleConfig,
    xray: Tensor,
    features: Tensor,
    depth: Tensor,
    steps: int,
    seed: int,
    prediction: str = 'v_prediction',
    sampler: str = 'ddim',
    guidance: float = 1,
) -> Tensor:
    """Scaled latents [S,4,32,32] of the slices at the given depths, on the model's device.

    `guidance` is how strongly the grades pull away from what is predicted without any: 1 as trained, 0 not at all.
    """
    device = next(model.parameters()).device
    count = len(depth)
    condition, *context = (part.repeat_interleave(count, dim=0) for part in model.condition(xray[None].to(device)))
    grades, places = features[None].repeat(count, 1).to(device), depth.to(device)

    def predict(sample: Tensor, timestep: Tensor) -> Tensor:
        graded = model.denoiser(sample, timestep.to(device), condition, places, grades, *context)
        if guidance == 1:
            return graded
        ungraded = model.denoiser(sample, timestep.to(device), condition, places, torch.zeros_like(grades), *context)
        return ungraded + guidance * (graded - ungraded)

    return SAMPLERS[sampler](as_velocity(predict, schedule, prediction), shared_noise(seed, count).to(device), schedule, steps)


def as_velocity(predict: Prediction, schedule: ScheduleConfig, prediction: str) -> Prediction:
    """A denoiser's prediction as v: (noise - sqrt(1 - alpha) sample) / sqrt(alpha) when it predicts the noise (`epsilon`)."""
    if prediction == 'v_prediction':
        return predict
    alphas = alphas_cumprod(schedule)

    def velocity(sample: Tensor, timestep: Tensor) -> Tensor:
        alpha = float(alphas[int(timestep[0])])
        return (predict(sample, timestep) - (1 - alpha) ** 0.5 * sample) / alpha**0.5

    return velocity


@torch.no_grad()
def decode(autoencoder: Autoencoder | AutoencoderKL, latents: Tensor) -> Tensor:
    """Unscaled latents -> slices [S,1,256,256], about [-1,1]."""
    return torch.cat([autoencoder.decode(part) for part in latents.split(DECODED_TOGETHER)])


@torch.no_grad()
def refined(refiner: Refiner, images: Tensor, xray: Tensor, features: Tensor, depth: Tensor, guidance: float = 1) -> Tensor:
    """Decoded slices gone over by a refiner; `guidance` pulls what it adds as it pulls the denoiser."""
    parts = []
    for slices, places in zip(images.split(DECODED_TOGETHER), depth.to(images.device).split(DECODED_TOGETHER), strict=True):
        films, grades = (value[None].to(images.device).expand(len(slices), *value.shape) for value in (xray, features))
        graded = refiner(slices, films, places, grades)
        if guidance != 1:
            ungraded = refiner(slices, films, places, torch.zeros_like(grades))
            graded = ungraded + guidance * (graded - ungraded)
        parts.append(graded)
    return torch.cat(parts)


def unit_images(images: Tensor) -> np.ndarray:
    """Slices [S,1,256,256], about [-1,1], as float32 [S,256,256] in [0,1]."""
    return ((images + 1) / 2).squeeze(1).clamp(0, 1).cpu().numpy()
