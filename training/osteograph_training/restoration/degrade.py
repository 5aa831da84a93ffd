"""What spoils a film: noise, impulses, lost resolution, a hidden place. All in units of the film's window, 0 = 5th and 1 = 99th percentile."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

#: Strongest Gaussian noise of training, in 1/255 of the window; largest share of black and white pixels; largest factor of reduction.
LARGEST_SIGMA, LARGEST_IMPULSES, LARGEST_SCALE = 75.0, 0.12, 8.0


@dataclass
class Degraded:
    """Films [B,1,H,W] as spoilt, what a mask hides (1 = hidden), and how strongly each was spoilt, [B,3], each 0 to 1 (see `strengths`)."""

    image: Tensor
    mask: Tensor
    strengths: Tensor


def strengths(sigma: Tensor, impulses: Tensor, scale: Tensor) -> Tensor:
    """Noise (1/255 of the window), share of impulses and factor of reduction (1 = none), each [B] -> what networks are told, [B,3]."""
    return torch.stack([sigma / LARGEST_SIGMA, impulses / LARGEST_IMPULSES, torch.log2(scale) / math.log2(LARGEST_SCALE)], dim=1)


def windowed(films: Tensor) -> Tensor:
    """uint8 or float [B,1,H,W] -> float, 0 at the 5th and 1 at the 99th percentile of each; values outside stay outside."""
    low, high = window_of(films)
    return (films.float() - low) / (high - low).clamp(min=1e-6)


def window_of(films: Tensor) -> tuple[Tensor, Tensor]:
    """The 5th and the 99th percentile of each film [B,1,H,W], float [B,1,1,1] both."""
    low, high = torch.quantile(films.float().flatten(1), torch.tensor([0.05, 0.99]), dim=1)[:, :, None, None, None]
    return low, high


def with_noise(clean: Tensor, sigma: Tensor, impulses: Tensor, stream: torch.Generator) -> Degraded:
    """Gaussian noise of `sigma` [B] in 1/255 of the window, then a share `impulses` [B] of pixels black or white."""
    noisy = clean + sigma[:, None, None, None] / 255 * torch.randn(clean.shape, generator=stream)
    chance = torch.rand(clean.shape, generator=stream)
    share = impulses[:, None, None, None]
    noisy = torch.where(chance < share / 2, torch.zeros(()), torch.where(chance < share, torch.ones(()), noisy))
    return Degraded(noisy, torch.zeros_like(clean), strengths(sigma, impulses, torch.ones_like(sigma)))


def with_counts(clean: Tensor, brightest: Tensor, stream: torch.Generator) -> Degraded:
    """Poisson noise: `brightest` [B] photons at the window's upper end. Networks are told the noise's own mean square."""
    peak = brightest[:, None, None, None]
    lifted = clean.clamp(min=0)
    noisy = torch.poisson(lifted * peak, generator=stream) / peak + clean - lifted
    sigma = 255 * (lifted.mean(dim=(1, 2, 3)) / brightest).sqrt()
    return Degraded(noisy, torch.zeros_like(clean), strengths(sigma.clamp(max=LARGEST_SIGMA), torch.zeros_like(sigma), torch.ones_like(sigma)))


def reduced(clean: Tensor, scale: float) -> Degraded:
    """Reduced by `scale` with an antialiased cubic filter and enlarged again by a cubic one, as a viewer would."""
    rows, columns = clean.shape[2:]
    size = (max(1, round(rows / scale)), max(1, round(columns / scale)))
    small = F.interpolate(clean, size=size, mode='bicubic', antialias=True, align_corners=False)
    large = F.interpolate(small, size=(rows, columns), mode='bicubic', align_corners=False)
    factor = torch.full((len(clean),), float(scale))
    return Degraded(large, torch.zeros_like(clean), strengths(torch.zeros(len(clean)), torch.zeros(len(clean)), factor))


def hidden(clean: Tensor, mask: Tensor) -> Degraded:
    """What the mask [B,1,H,W] hides is replaced by the mean of the rest."""
    seen = 1 - mask
    mean = (clean * seen).sum(dim=(2, 3), keepdim=True) / seen.sum(dim=(2, 3), keepdim=True).clamp(min=1)
    nothing = torch.zeros(len(clean))
    return Degraded(clean * seen + mean * mask, mask, strengths(nothing, nothing, torch.ones(len(clean))))


def random_masks(count: int, rows: int, columns: int, stream: torch.Generator) -> Tensor:
    """One to three rectangles or ellipses in each, their sides 12 to 40 % of the film's, float [B,1,H,W]."""
    masks = torch.zeros(count, 1, rows, columns)
    down, across = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing='ij')
    for index in range(count):
        for _ in range(int(torch.randint(1, 4, (1,), generator=stream))):
            height, width, top, left, kind = torch.rand(5, generator=stream).tolist()
            half_rows, half_columns = (height * 0.28 + 0.12) * rows / 2, (width * 0.28 + 0.12) * columns / 2
            centre_row = half_rows + top * (rows - 2 * half_rows)
            centre_column = half_columns + left * (columns - 2 * half_columns)
            away_rows, away_columns = (down - centre_row).abs() / half_rows, (across - centre_column).abs() / half_columns
            inside = torch.maximum(away_rows, away_columns) < 1 if kind < 0.5 else away_rows**2 + away_columns**2 < 1
            masks[index, 0][inside] = 1
    return masks


def random_degraded(clean: Tensor, stream: torch.Generator) -> Degraded:
    """Spoils a batch in every way: three eighths noise, an eighth photon counts, a quarter reduced, a quarter hidden."""
    noise, counts, small = len(clean) * 3 // 8, len(clean) // 8, len(clean) // 4
    parts = clean.split([noise, counts, small, len(clean) - noise - counts - small])
    sigma = torch.rand(noise, generator=stream) * LARGEST_SIGMA
    impulses = (torch.rand(noise, generator=stream) - 0.5).clamp(min=0) * 2 * LARGEST_IMPULSES
    brightest = torch.exp(torch.rand(counts, generator=stream) * 4 + 3)
    scale = 2 ** (1 + 2 * torch.rand(1, generator=stream).item())
    masks = random_masks(len(parts[3]), clean.shape[2], clean.shape[3], stream)
    degraded = [with_noise(parts[0], sigma, impulses, stream), with_counts(parts[1], brightest, stream), reduced(parts[2], scale)]
    degraded.append(hidden(parts[3], masks))
    return Degraded(*(torch.cat([getattr(part, name) for part in degraded]) for name in ('image', 'mask', 'strengths')))
