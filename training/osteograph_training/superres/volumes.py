"""What networks learn from and are tested on: prepared phantoms, and real series of DICOM files."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pydicom
import torch
from torch import Tensor

from ..errors import TrainingError

#: Slices with less signal than this on average show no knee.
LEAST_MEAN = 0.05


@dataclass(frozen=True)
class Volumes:
    """Slices uint8 or float32 [N,H,W], 0 = no signal and 1 (or 255) = the series' 99.5th percentile, with the person and series that each is of."""

    slices: Tensor
    participants: list[str]
    #: Number of the series, [N].
    series: Tensor

    def __len__(self) -> int:
        return len(self.slices)

    def windows(self, chosen: Tensor, reach: int, stride: int = 1) -> tuple[Tensor, Tensor]:
        """Slices `chosen` [B] with `reach` neighbours on either side, every `stride`-th, float32 [B,2 reach + 1,H,W], and as large 1 where there
        is no such slice in the series, else 0."""
        places = chosen[:, None] + stride * torch.arange(-reach, reach + 1)[None]
        inside = places.clamp(0, len(self) - 1)
        missing = (places != inside) | (self.series[inside] != self.series[chosen][:, None])
        window = white(self.slices[inside].flatten(0, 1))[:, 0].unflatten(0, places.shape)
        return window, missing[:, :, None, None].float().expand(window.shape)


def prepared_volumes(folder: Path) -> Volumes:
    """The series that `prepare` has written. Raises TrainingError where there is none."""
    paths = sorted(folder.glob('*.mri.npy'))
    if not paths:
        raise TrainingError(f'{folder} holds no <knee>.mri.npy; "prepare --mri-only" writes them.')
    return _joined([(np.load(path), path.name.split('_')[0]) for path in paths])


def dicom_volume(folder: Path) -> Volumes:
    """The slices of one DICOM series, each a person of its own: an interval then says how slices differ, not people."""
    datasets = [pydicom.dcmread(path) for path in sorted(folder.glob('*.dcm'))]
    if not datasets:
        raise TrainingError(f'{folder} holds no *.dcm file.')
    volume = np.stack([dataset.pixel_array for dataset in datasets]).astype(np.float32)
    volume = (volume / np.percentile(volume, 99.5)).clip(0, 1)
    joined = _joined([(volume, '')])
    return replace(joined, participants=[f'slice {index + 1}' for index in range(len(joined))])


def white(slices: Tensor) -> Tensor:
    """Slices of volumes as the networks see them, float32 [B,1,H,W]."""
    return (slices.float() / 255 if slices.dtype == torch.uint8 else slices.float())[:, None]


def other_contrast(slices: Tensor, stream: torch.Generator) -> Tensor:
    """Half of the time another brightness curve, and now and then what is bright dark, as other weightings have it; the air stays dark."""

    def chance() -> float:
        return torch.rand(1, generator=stream).item()

    if chance() < 0.5:
        slices = slices ** (0.5 + chance())
    if chance() < 0.15:
        slices = torch.where(slices > 0.04, (1.04 - slices) * (slices / 0.12).clamp(max=1), slices)
    return slices


def _joined(volumes: list[tuple[np.ndarray, str]]) -> Volumes:
    slices = torch.cat([torch.from_numpy(volume) for volume, _ in volumes])
    people = [person for volume, person in volumes for _ in volume]
    series = torch.tensor([number for number, (volume, _) in enumerate(volumes) for _ in volume])
    kept = torch.nonzero(white(slices).mean(dim=(1, 2, 3)) > LEAST_MEAN).flatten().tolist()
    return Volumes(slices[kept], [people[index] for index in kept], series[kept])
