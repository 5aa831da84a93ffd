"""Radiograph encoder: film crop [B,1,256,256] in [-1,1] -> latent [B,4,32,32] that is concatenated with the noisy sample.

It is trained together with the denoiser. The film crop covers about 95 mm and the MRI slice 160 mm, both centred near the
joint line, so the features are laid into the middle of the MRI's field of view by one fixed linear resampling; attention at
16 x 16 lets every latent position hold what is seen anywhere on the film.
"""

import torch
from torch import Tensor, nn

from .blocks import Downsample, ResidualBlock, SelfAttention, Upsample, group_norm

LATENT_SIZE = 32


class XrayEncoder(nn.Module):
    """See the module text. `coverage` is the nominal share of the MRI's width that the film crop covers."""

    def __init__(self, fine: int = 64, coarse: int = 128, heads: int = 4, coverage: float = 0.6) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.PixelUnshuffle(4),
            nn.Conv2d(16, fine // 2, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(fine // 2, fine, 3, stride=2, padding=1),
            ResidualBlock(fine, fine),
            ResidualBlock(fine, fine),
        )
        self.register_buffer('placement', placement_matrix(LATENT_SIZE, coverage), persistent=False)
        self.down = Downsample(fine, coarse)
        self.position = nn.Parameter(torch.randn(1, coarse, LATENT_SIZE // 2, LATENT_SIZE // 2) * 0.02)
        self.context = nn.ModuleList(
            [
                ResidualBlock(coarse, coarse),
                SelfAttention(coarse, heads),
                ResidualBlock(coarse, coarse),
                SelfAttention(coarse, heads),
                ResidualBlock(coarse, coarse),
            ]
        )
        self.up = Upsample(coarse, fine)
        self.merge = ResidualBlock(2 * fine, fine)
        self.out = nn.Sequential(group_norm(fine), nn.SiLU(), nn.Conv2d(fine, 4, 3, padding=1))

    def forward(self, xray: Tensor) -> Tensor:
        film = self.stem(xray)
        placed = self.placement @ film @ self.placement.t()
        hidden = self.down(placed) + self.position
        for layer in self.context:
            hidden = layer(hidden)
        return self.out(self.merge(torch.cat([placed, self.up(hidden)], dim=1)))


def placement_matrix(size: int, coverage: float) -> Tensor:
    """Row i holds the linear-interpolation weights of output position i; positions outside the film are all zero."""
    centre = (size - 1) / 2
    matrix = torch.zeros(size, size)
    for row in range(size):
        source = (row - centre) / coverage + centre
        low = int(torch.floor(torch.tensor(source)))
        for column, weight in ((low, 1 - (source - low)), (low + 1, source - low)):
            if 0 <= column < size:
                matrix[row, column] = weight
    return matrix
