"""Film-style randomisation of radiograph crops, so that real films are in range.

Place and scale move as much as a knee detector errs; a film turns only where its MRI turns with it (`turning`). Exposure, contrast,
noise, blur, shading, collimation and lead markers vary as films do. A share of the crops stays as it is.
"""

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from .images import FILM_SIZE, PATCH_SIZE
from .turning import turn_matrix


def random_crops(patches: np.ndarray, rng: np.random.Generator, untouched: float = 0.3, degrees: float = 0.0) -> Tensor:
    """Patches uint16 [N,320,320] -> network input [N,1,256,256] in [-1,1], turned by `degrees`.

    `untouched` is the share otherwise left exactly as at inference.
    """
    return torch.stack([_random_crop(patch, rng, rng.random() < untouched, degrees) for patch in patches])


def _random_crop(patch: np.ndarray, rng: np.random.Generator, untouched: bool, degrees: float) -> Tensor:
    image = torch.from_numpy(patch.astype(np.float32) / 65535)[None, None]
    if untouched and degrees:
        return _window(_placed(image, FILM_SIZE / PATCH_SIZE, degrees, (0.0, 0.0)), 0.05, 0.99)[0]
    if untouched:
        margin = (PATCH_SIZE - FILM_SIZE) // 2
        crop = image[:, :, margin : margin + FILM_SIZE, margin : margin + FILM_SIZE]
        return _window(crop, 0.05, 0.99)[0]
    crop = _jittered(image, rng, degrees)
    low, high = rng.uniform(0.02, 0.09), rng.uniform(0.97, 0.998)
    crop = (_window(crop, low, high) + 1) / 2
    if rng.random() < 0.6:
        crop = crop ** math.exp(rng.normal(0, 0.3))
    if rng.random() < 0.5:
        crop = _shaded(crop, rng)
    if rng.random() < 0.3:
        crop = F.avg_pool2d(F.pad(crop, (1, 1, 1, 1), mode='replicate'), 3, stride=1) * 0.6 + crop * 0.4
    if rng.random() < 0.15:
        small = int(rng.integers(190, 240))
        crop = F.interpolate(F.interpolate(crop, (small, small), mode='bilinear'), (FILM_SIZE, FILM_SIZE), mode='bilinear')
    if rng.random() < 0.35:
        noise = rng.standard_normal((FILM_SIZE, FILM_SIZE), dtype=np.float32) * rng.uniform(0.005, 0.03)
        crop = crop + torch.from_numpy(noise)
    if rng.random() < 0.15:
        _collimate(crop, rng)
    if rng.random() < 0.1:
        _stamp(crop, rng)
    # The window is taken again, as it is at inference on whatever film comes in.
    return _window(crop, 0.05, 0.99)[0]


def _jittered(image: Tensor, rng: np.random.Generator, degrees: float) -> Tensor:
    """A crop that is off by up to 3 % of the side and 5 % in scale."""
    reach = FILM_SIZE / PATCH_SIZE
    scale = reach * rng.uniform(0.95, 1.05)
    across, down = (rng.uniform(-0.06, 0.06, size=2) * reach).tolist()
    return _placed(image, scale, degrees, (across, down))


def _placed(image: Tensor, scale: float, degrees: float, shift: tuple[float, float]) -> Tensor:
    matrix = torch.cat([scale * turn_matrix(degrees), torch.tensor(shift)[:, None]], dim=1)[None]
    grid = F.affine_grid(matrix, [1, 1, FILM_SIZE, FILM_SIZE], align_corners=False)
    return F.grid_sample(image, grid, mode='bilinear', padding_mode='border', align_corners=False)


def _window(crop: Tensor, low: float, high: float) -> Tensor:
    ordered = crop.flatten().numpy()
    first, last = np.quantile(ordered, [low, high])
    return ((crop - float(first)) / max(float(last - first), 1e-6)).clamp(0, 1) * 2 - 1


def _shaded(crop: Tensor, rng: np.random.Generator) -> Tensor:
    """An exposure gradient in a random direction."""
    axis = torch.linspace(-1, 1, FILM_SIZE)
    slope = rng.normal(0, 0.12, size=2)
    return crop + float(slope[0]) * axis[None, None, :, None] + float(slope[1]) * axis[None, None, None, :]


def _collimate(crop: Tensor, rng: np.random.Generator) -> None:
    """An unexposed or over-exposed strip along one border."""
    width = int(rng.integers(4, 26))
    value = float(rng.choice([0.0, 1.0]))
    side = rng.integers(4)
    strip = crop[:, :, :width] if side == 0 else crop[:, :, -width:] if side == 1 else crop[..., :width] if side == 2 else crop[..., -width:]
    strip.fill_(value)


def _stamp(crop: Tensor, rng: np.random.Generator) -> None:
    """A lead marker or a label near a corner."""
    height, width = int(rng.integers(8, 24)), int(rng.integers(8, 40))
    top = int(rng.choice([rng.integers(0, 30), rng.integers(200, 230)]))
    left = int(rng.integers(0, 20) if rng.random() < 0.5 else rng.integers(190, 215))
    crop[:, :, top : top + height, left : left + width] = 1.0
