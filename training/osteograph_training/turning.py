"""Film and MRI turned together in the coronal plane, as a knee stands or lies obliquely.

Turning the film alone would teach a network to ignore how oblique the joint line is.
"""

import hashlib
import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from .images import MRI_SIZE

#: Row of the joint line in the MRI, where the turn's centre is: a COR T1 3D FLASH series is centred 6 mm above it, with 0.625 mm pixels.
JOINT_ROW = MRI_SIZE / 2 + 6 / 0.625


def turn_angles(names: list[str], reach: float, number: int) -> np.ndarray:
    """Degrees within +-`reach` for each knee, float32 [N]; they depend on the knee's name and `number` alone."""
    digests = [hashlib.sha256(f'turn {number} {name}'.encode()).digest() for name in names]
    shares = np.array([int.from_bytes(digest[:8], 'big') / 2**64 for digest in digests])
    return (reach * (2 * shares - 1)).astype(np.float32)


def turned_slices(images: Tensor, degrees: float) -> Tensor:
    """MRI slices [B,1,256,256] turned about the joint line's middle, as `turn_matrix` says; the border repeats."""
    middle = (JOINT_ROW - MRI_SIZE / 2) / (MRI_SIZE / 2)
    matrix = turn_matrix(degrees)
    # The point (0, middle) stays where it is.
    offset = torch.tensor([0.0, middle]) - matrix @ torch.tensor([0.0, middle])
    theta = torch.cat([matrix, offset[:, None]], dim=1)[None].expand(len(images), 2, 3)
    grid = F.affine_grid(theta.to(images), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, mode='bilinear', padding_mode='border', align_corners=False)


def turn_matrix(degrees: float) -> Tensor:
    """Where an output point is found in the input, both in [-1,1]: films and slices turn by the same one."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return torch.tensor([[cosine, -sine], [sine, cosine]])
