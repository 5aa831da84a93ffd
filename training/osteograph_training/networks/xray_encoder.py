"""Radiograph encoder: film crop [B,1,256,256] in [-1,1] -> latent [B,4,32,32] that is concatenated with the noisy sample.

It is trained together with the denoiser. The film crop covers about 95 mm and the MRI slice 160 mm, both centred near the
joint line, so the features are laid into the middle of the MRI's field of view by one fixed linear resampling; attention at
16 x 16 lets every latent position hold what is seen anywhere on the film. The crop is scaled to the tibial plateau, so size
can only be told from texture: how fine the trabeculae and the film's grain are beside the bone. A branch of its own measures that.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .blocks import Downsample, ResidualBlock, SelfAttention, Upsample, group_norm
from .structure import StructuralGuidance

LATENT_SIZE = 32
TEXTURE_WIDTH = 64


class XrayEncoder(nn.Module):
    """See the module text. `coverage` is the nominal share of the MRI's width that the film crop covers.

    With `structure`, the film's edges guide it too, through a branch of their own.
    """

    def __init__(self, fine: int = 64, coarse: int = 128, heads: int = 4, coverage: float = 0.6, structure: bool = False) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.PixelUnshuffle(4),
            nn.Conv2d(16, fine // 2, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(fine // 2, fine, 3, stride=2, padding=1),
            ResidualBlock(fine, fine),
            ResidualBlock(fine, fine),
        )
        self.structure = StructuralGuidance(fine) if structure else None
        self.register_buffer('placement', placement_matrix(LATENT_SIZE, coverage), persistent=False)
        self.down = Downsample(fine, coarse)
        self.position = nn.Parameter(torch.randn(1, coarse, LATENT_SIZE // 2, LATENT_SIZE // 2) * 0.02)
        self.context = nn.ModuleList(
            [
                ResidualBlock(coarse, coarse, TEXTURE_WIDTH),
                SelfAttention(coarse, heads),
                ResidualBlock(coarse, coarse, TEXTURE_WIDTH),
                SelfAttention(coarse, heads),
                ResidualBlock(coarse, coarse, TEXTURE_WIDTH),
            ]
        )
        self.texture = TextureEnergy(TEXTURE_WIDTH)
        self.up = Upsample(coarse, fine)
        self.merge = ResidualBlock(2 * fine, fine, TEXTURE_WIDTH)
        self.out = nn.Sequential(group_norm(fine), nn.SiLU(), nn.Conv2d(fine, 4, 3, padding=1))

    def forward(self, xray: Tensor) -> Tensor:
        film = self.stem(xray)
        if self.structure is not None:
            film = film + self.structure(xray)
        placed = self.placement @ film @ self.placement.t()
        hidden = self.down(placed) + self.position
        texture = self.texture(xray)
        for layer in self.context:
            hidden = layer(hidden, texture) if isinstance(layer, ResidualBlock) else layer(hidden)
        return self.out(self.merge(torch.cat([placed, self.up(hidden)], dim=1), texture))


class NoFilm(nn.Module):
    """In the place of a radiograph encoder: an empty latent, whatever the film shows."""

    def forward(self, xray: Tensor) -> Tensor:
        return torch.zeros_like(xray[:, :, :LATENT_SIZE, :LATENT_SIZE]).repeat(1, 4, 1, 1)


class TextureEnergy(nn.Module):
    """The film's mean spectrum along rows and along columns, standardised over the training films (`calibrate`), as a vector."""

    def __init__(self, width: int, frequencies: int = 24, length: int = 31) -> None:
        super().__init__()
        self.register_buffer('filters', quadrature_filters(frequencies, length), persistent=False)
        self.register_buffer('mean', torch.zeros(2 * frequencies))
        self.register_buffer('deviation', torch.ones(2 * frequencies))
        self.mlp = nn.Sequential(nn.Linear(2 * frequencies, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())

    def forward(self, xray: Tensor) -> Tensor:
        return self.mlp((self._spectrum(xray) - self.mean) / self.deviation)

    @torch.no_grad()
    def calibrate(self, films: Tensor) -> None:
        """Takes mean and deviation of the spectrum from the training films."""
        spectra = torch.cat([self._spectrum(part) for part in films.split(32)])
        self.mean.copy_(spectra.mean(dim=0))
        self.deviation.copy_(spectra.std(dim=0).clamp(min=1e-3))

    def _spectrum(self, xray: Tensor) -> Tensor:
        along_rows = self._energies(F.conv2d(xray, self.filters[:, :, None, :], stride=2))
        along_columns = self._energies(F.conv2d(xray, self.filters[:, :, :, None], stride=2))
        return torch.log(torch.cat([along_rows, along_columns], dim=1) + 1e-6)

    def _energies(self, response: Tensor) -> Tensor:
        cosine, sine = response.square().mean(dim=(2, 3)).chunk(2, dim=1)
        return cosine + sine


def quadrature_filters(frequencies: int, length: int) -> Tensor:
    """Hann-windowed cosines, then sines, of 0.06 to 0.5 cycles per pixel: [2 x frequencies, 1, length], each free of a mean."""
    place = torch.arange(length) - (length - 1) / 2
    window = torch.hann_window(length, periodic=False)
    angles = 2 * math.pi * torch.linspace(0.06, 0.5, frequencies)[:, None] * place
    filters = torch.cat([torch.cos(angles), torch.sin(angles)]) * window
    filters = filters - filters.mean(dim=1, keepdim=True) * window / window.mean()
    return (filters / window.sum())[:, None]


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
