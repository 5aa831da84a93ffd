"""Structural guidance after CoLa-Diff (Jiang et al. 2023, section 2.2), for a film: where its edges are.

CoLa-Diff guides with masks of brain regions. A radiograph has no such masks; what it has of structure are the outlines of the bones, so
the map is the magnitude of the smoothed film's gradient. What it adds to the film's features is weighed per channel by weights that are
learned, as CoLa-Diff's adaptive weights are, and start at zero.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

#: Standard deviation of the smoothing, in pixels of the film crop; that of RSSIM's edges (paper, section IV-A2).
SIGMA = 3.0
RADIUS = 9


class StructuralGuidance(nn.Module):
    """Film crop [B,1,256,256] in [-1,1] -> features [B,channels,32,32] that are added to the film's own."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        place = torch.arange(-RADIUS, RADIUS + 1).float()
        smooth = torch.exp(-place.square() / (2 * SIGMA**2))
        slope = -place * smooth
        self.register_buffer('smooth', (smooth / smooth.sum()).reshape(1, 1, -1), persistent=False)
        self.register_buffer('slope', (slope / slope.abs().sum()).reshape(1, 1, -1), persistent=False)
        self.encode = nn.Sequential(
            nn.PixelUnshuffle(8), nn.Conv2d(64, channels, 3, padding=1), nn.SiLU(), nn.Conv2d(channels, channels, 3, padding=1)
        )
        self.weight = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, xray: Tensor) -> Tensor:
        return self.weight * self.encode(self.edges(xray))

    def edges(self, xray: Tensor) -> Tensor:
        """Gradient magnitude, scaled to a largest value of 1 in each film."""
        across = self._filtered(xray, self.smooth, self.slope)
        down = self._filtered(xray, self.slope, self.smooth)
        magnitude = (across.square() + down.square() + 1e-12).sqrt()
        return magnitude / magnitude.amax(dim=(2, 3), keepdim=True)

    def _filtered(self, image: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        padded = F.pad(image, (RADIUS, RADIUS, RADIUS, RADIUS), mode='replicate')
        return F.conv2d(F.conv2d(padded, columns[:, :, None, :]), rows[:, :, :, None])
