"""How a scanner of lower field sees a slice: distorted, shaded, cut off in k-space and noisy. Slices are [B,1,H,W], 0 = no signal, 1 = white."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from .gradients import displacement, random_gradients


@dataclass(frozen=True)
class Scanner:
    """What field strength changes here: `noise` is the deviation of each complex channel of the coarse image (signal grows with the field:
    Edelstein et al. 1986), `shading` how strong the coil's bias is, as a share of the logarithm. Contrast is not modelled."""

    noise: tuple[float, float]
    shading: float


SCANNERS = {'1.5T': Scanner((0.015, 0.04), 0.25), '3T': Scanner((0.0075, 0.02), 0.35), '7T': Scanner((0.003, 0.009), 0.5)}

#: How far a field may be followed back in steps, and how the knee may lie, mm from the isocentre.
INVERSIONS = 5
FARTHEST_MM = (110.0, 60.0, 60.0)

#: The ways that a slice's columns and rows may run: coronal, sagittal, axial, in RAS.
PLANES = (((-1, 0, 0), (0, 0, -1)), ((0, -1, 0), (0, 0, -1)), ((-1, 0, 0), (0, -1, 0)))


def sampled(image: Tensor, shift: Tensor) -> Tensor:
    """Slices of another size sampled by cubic convolution at the places of a grid displaced by `shift` [B,H,W,2], pixels of that grid.

    The outermost pixels go on. Without a shift it is what `interpolate(mode='bicubic')` gives.
    """
    rows, columns = shift.shape[1:3]
    down, across = torch.meshgrid(torch.arange(rows) + 0.5, torch.arange(columns) + 0.5, indexing='ij')
    places = torch.stack([across, down], dim=-1)[None] + shift
    places = 2 * places / torch.tensor([columns, rows]) - 1
    return F.grid_sample(image, places.to(image.dtype), mode='bicubic', padding_mode='border', align_corners=False)


def jacobian(shift: Tensor) -> Tensor:
    """Determinant of the derivative of x + shift(x), [B,H,W,2] in pixels -> [B,1,H,W]; below 1 where the image is stretched."""
    across, down = torch.gradient(shift, dim=2)[0], torch.gradient(shift, dim=1)[0]
    return ((1 + across[..., 0]) * (1 + down[..., 1]) - across[..., 1] * down[..., 0])[:, None]


def inverse(shift: Tensor) -> Tensor:
    """The field e with e(x) = -shift(x + e(x)), by iteration."""
    back = -shift
    for _ in range(INVERSIONS):
        back = -sampled(shift.permute(0, 3, 1, 2), back).permute(0, 2, 3, 1)
    return back


def random_shift(count: int, rows: int, columns: int, spacing_mm: float, stream: torch.Generator) -> Tensor:
    """Displacements in a slice's plane, pixels [B,H,W,2], of a random scanner and a knee somewhere in it. The mean is taken off: a knee that
    is shifted as a whole is a knee elsewhere, not a distorted one."""
    shifts = []
    down, across = torch.meshgrid(torch.arange(rows) - (rows - 1) / 2, torch.arange(columns) - (columns - 1) / 2, indexing='ij')
    for _ in range(count):
        right, below = (torch.tensor(axis, dtype=torch.float32) for axis in PLANES[int(torch.randint(0, 3, (1,), generator=stream))])
        middle = (2 * torch.rand(3, generator=stream) - 1) * torch.tensor(FARTHEST_MM)
        points = middle + spacing_mm * (across[..., None] * right + down[..., None] * below)
        moved = displacement(random_gradients(stream), points) / spacing_mm
        shift = torch.stack([moved @ right, moved @ below], dim=-1)
        shifts.append(shift - shift.mean(dim=(0, 1)))
    return torch.stack(shifts)


def random_bias(count: int, rows: int, columns: int, shading: float, stream: torch.Generator) -> Tensor:
    """Smooth receive fields [B,1,H,W], their logarithm a polynomial of order 3 and a wave, its mean 0 and its deviation about `shading` / 2."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, rows), torch.linspace(-1, 1, columns), indexing='ij')
    terms = torch.stack([x, y, x * x, y * y, x * y, x * x * y, x * y * y, torch.cos(2.5 * x) * torch.cos(2.5 * y), torch.sin(2.5 * x) * y])
    weights = 2 * torch.rand(count, len(terms), generator=stream) - 1
    logarithm = torch.einsum('bt,thw->bhw', weights, terms) * shading / 1.5
    return torch.exp(logarithm - logarithm.mean(dim=(1, 2), keepdim=True))[:, None]


def coarse(image: Tensor, rows: int, columns: int, noise: Tensor, stream: torch.Generator) -> Tensor:
    """The magnitude image of `rows` x `columns` whose k-space is the middle of this one's, with complex noise of deviation `noise` [B].

    The object has a smooth phase, and the outer k-space is damped a little, as scanners do against ringing. Pixels are those of a grid over
    the same field of view, centres on centres.
    """
    count, _, high, wide = image.shape
    phase = 1.2 * random_bias(count, high, wide, 0.5, stream).log()[:, 0]
    spectrum = torch.fft.fft2(torch.polar(image[:, 0].clamp(min=0), phase))
    kept_down, kept_across = (torch.fft.fftfreq(size, 1 / size).round().long() for size in (rows, columns))
    spectrum = spectrum[:, kept_down][:, :, kept_across]
    # Half a pixel of the coarse grid and half of the fine one lie between the first pixels of both.
    spectrum = spectrum * (_ramp(kept_down, high, rows)[:, None] * _ramp(kept_across, wide, columns)[None])
    floor = 0.6 + 0.4 * torch.rand(count, 1, 1, generator=stream)
    window = torch.outer(*(torch.cos(math.pi * kept / size) ** 2 for kept, size in ((kept_down, rows), (kept_across, columns))))
    spectrum = spectrum * (floor + (1 - floor) * window)
    taken = torch.fft.ifft2(spectrum) * (rows * columns / (high * wide))
    noises = torch.randn(2, *taken.shape, generator=stream) * noise[None, :, None, None]
    return (taken + torch.complex(noises[0], noises[1])).abs()[:, None]


def _ramp(frequencies: Tensor, fine: int, coarse_size: int) -> Tensor:
    return torch.exp(2j * math.pi * frequencies * (fine / coarse_size - 1) / (2 * fine))


def thick(slices: Tensor, neighbours: tuple[Tensor, Tensor], thickness: Tensor) -> Tensor:
    """Slices `thickness` [B] times as thick as they lie apart (1 to 3): their neighbours' share is what reaches over."""
    share = ((thickness - 1) / (2 * thickness))[:, None, None, None]
    return (1 - 2 * share) * slices + share * (neighbours[0] + neighbours[1])
