"""Real single-knee films with their KL grades: read once, then drawn anew for every step as other hands would have taken them."""

import csv
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from ..errors import TrainingError
from ..film_split import read_film_split

#: Rows and columns of a film as networks see it, and the rows of it that hold the joint: the shafts above and below say little.
FILM_SIZE = 224
JOINT_ROWS = slice(40, 184)

GRADES = 5


@dataclass
class GradedFilms:
    """Films of some parts of the split: uint8 [N,1,224,224], left knees mirrored to look like right ones; KL grades int64 [N]."""

    names: list[str]
    participants: list[str]
    images: Tensor
    grades: Tensor

    def __len__(self) -> int:
        return len(self.names)


def load_graded_films(folder: Path, *parts: str) -> GradedFilms:
    """The films that `folder`/index.csv lists (file, participant, side, kl) of the people in these parts of the frozen split."""
    index = folder / 'index.csv'
    if not index.is_file():
        raise TrainingError(f'{index} does not exist; a folder of graded films with an index is expected.')
    split = read_film_split()
    with index.open(newline='', encoding='utf-8') as file:
        rows = [row for row in csv.DictReader(file) if split.get(row['participant']) in parts]
    if not rows:
        raise TrainingError(f'{index} lists no film of the people in {" or ".join(parts)}.')
    return GradedFilms(
        [row['file'] for row in rows],
        [row['participant'] for row in rows],
        torch.from_numpy(np.stack([_as_right_knee(folder / row['file'], row['side']) for row in rows]))[:, None],
        torch.tensor([int(row['kl']) for row in rows]),
    )


def joint_window(films: Tensor) -> Tensor:
    """uint8 or float [B,1,224,224] in 0..255 -> float [B,1,144,224]: the rows around the joint, mean 0 and deviation 1 in each."""
    joint = films[:, :, JOINT_ROWS].float()
    mean, deviation = joint.mean(dim=(2, 3), keepdim=True), joint.std(dim=(2, 3), keepdim=True)
    return (joint - mean) / (deviation + 1e-3)


def random_films(films: Tensor, stream: torch.Generator) -> Tensor:
    """uint8 [B,1,224,224] -> float 0..255: turned, moved, scaled, mirrored, exposed, blurred and grained at random, a patch missing."""
    count = len(films)
    images = F.grid_sample(films.float(), _poses(count, stream, films.shape), padding_mode='border', align_corners=False)
    unit = images / 255
    gamma = torch.exp(_between(count, -0.35, 0.35, stream))
    contrast, brightness = _between(count, 0.8, 1.2, stream), _between(count, -0.1, 0.1, stream)
    unit = ((unit.clamp(0, 1) ** gamma - 0.5) * contrast + 0.5 + brightness).clamp(0, 1)
    blurred = F.avg_pool2d(F.pad(unit, (1, 1, 1, 1), mode='replicate'), 3, 1)
    share = _between(count, -0.5, 0.8, stream)
    unit = unit + (blurred - unit) * share
    unit = unit + torch.randn(unit.shape, generator=stream) * _between(count, 0, 0.04, stream)
    return _with_patch(unit, stream).clamp(0, 1) * 255


def _as_right_knee(path: Path, side: str) -> np.ndarray:
    with Image.open(path) as image:
        pixels = np.asarray(image.convert('L'))
    if pixels.shape != (FILM_SIZE, FILM_SIZE):
        raise TrainingError(f'{path} is {pixels.shape[1]} x {pixels.shape[0]} pixels; {FILM_SIZE} x {FILM_SIZE} are expected.')
    return np.ascontiguousarray(pixels[:, ::-1]) if side == 'L' else pixels


def _poses(count: int, stream: torch.Generator, shape: torch.Size) -> Tensor:
    angle = _between(count, -math.radians(8), math.radians(8), stream).flatten()
    scale = _between(count, 0.88, 1.12, stream).flatten()
    mirror = torch.where(torch.rand(count, generator=stream) < 0.5, -1.0, 1.0)
    pose = torch.zeros(count, 2, 3)
    pose[:, 0, 0], pose[:, 0, 1] = angle.cos() * scale * mirror, -angle.sin() * scale
    pose[:, 1, 0], pose[:, 1, 1] = angle.sin() * scale * mirror, angle.cos() * scale
    pose[:, :, 2] = (torch.rand(count, 2, generator=stream) - 0.5) * 0.14
    return F.affine_grid(pose, list(shape), align_corners=False)


def _with_patch(unit: Tensor, stream: torch.Generator) -> Tensor:
    """Half the films lose a square a sixth as wide to grey, so that no single place decides."""
    rows, columns = unit.shape[2:]
    side = columns // 6
    for index in torch.nonzero(torch.rand(len(unit), generator=stream) < 0.5).flatten().tolist():
        top = int(torch.randint(0, rows - side, (1,), generator=stream))
        left = int(torch.randint(0, columns - side, (1,), generator=stream))
        unit[index, :, top : top + side, left : left + side] = 0.5
    return unit


def _between(count: int, low: float, high: float, stream: torch.Generator) -> Tensor:
    """[B,1,1,1], uniform."""
    return torch.rand(count, 1, 1, 1, generator=stream) * (high - low) + low
