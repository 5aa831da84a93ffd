"""From DICOM to the arrays that the networks see: the film crop and the normalised, canonical MRI stack."""

from pathlib import Path

import numpy as np
import pydicom
import torch

from .errors import TrainingError
from .release import FilmBox

#: Pixels of the box itself, and of the wider patch that is cached so that crops can be jittered.
FILM_SIZE = 256
PATCH_SIZE = 320

MRI_SIZE = 256
SERIES_SLICES = 80
FIRST_SLICE, LAST_SLICE = 13, 62
STACK_SLICES = LAST_SLICE - FIRST_SLICE + 1


def read_film(folder: Path) -> np.ndarray:
    """The film as float32 [rows, columns] with bright bone (MONOCHROME1 inverted)."""
    dataset = pydicom.dcmread(_files(folder)[0])
    pixels = dataset.pixel_array.astype(np.float32)
    if pixels.ndim != 2:
        raise TrainingError(f'{folder} holds an image of shape {pixels.shape}; one grey film is expected.')
    return pixels.max() - pixels if dataset.PhotometricInterpretation == 'MONOCHROME1' else pixels


def film_patch(film: np.ndarray, box: FilmBox, mirror: bool) -> np.ndarray:
    """The crop and a margin of 1/8 around it, [320, 320] float32 at the crop's own pitch; `mirror` for left knees."""
    margin = box.side * (PATCH_SIZE / FILM_SIZE - 1) / 2
    side = box.side + 2 * margin
    rows = resampling_matrix(film.shape[0], box.top - margin, side, PATCH_SIZE)
    columns = resampling_matrix(film.shape[1], box.left - margin, side, PATCH_SIZE)
    patch = rows @ film @ columns.T
    return np.ascontiguousarray(patch[:, ::-1] if mirror else patch, dtype=np.float32)


def window_film(crop: np.ndarray) -> np.ndarray:
    """Percentile window 5-99, clipped and scaled to [-1, 1]."""
    low, high = np.percentile(crop, [5, 99])
    return (np.clip((crop - low) / max(float(high - low), 1e-6), 0, 1) * 2 - 1).astype(np.float32)


def central_crop(patch: np.ndarray) -> np.ndarray:
    """The box itself out of a cached patch."""
    margin = (PATCH_SIZE - FILM_SIZE) // 2
    return patch[..., margin : margin + FILM_SIZE, margin : margin + FILM_SIZE]


def inference_crops(patches: np.ndarray) -> torch.Tensor:
    """Cached patches uint16 [N,320,320] -> radiographs as the platform prepares them, [N,1,256,256] in [-1,1]."""
    crops = [window_film(central_crop(patch.astype(np.float32))) for patch in patches]
    return torch.from_numpy(np.stack(crops)).unsqueeze(1)


def read_stack(folder: Path, mirror: bool) -> np.ndarray:
    """The trained stack of a COR T1 3D FLASH series: uint8 [50, 256, 256], posterior to anterior, canonical.

    Intensities are clip(v / p99.5, 0, 1) with the percentile over the whole series, stored in 255 steps.
    """
    datasets = [pydicom.dcmread(file) for file in _files(folder)]
    if len(datasets) != SERIES_SLICES:
        raise TrainingError(f'{folder} holds {len(datasets)} slices; the {SERIES_SLICES} of a COR T1 3D FLASH series are expected.')
    # LPS: y grows towards the back, so posterior to anterior is descending y.
    datasets.sort(key=lambda dataset: -float(dataset.ImagePositionPatient[1]))
    orientation = [float(value) for value in datasets[0].ImageOrientationPatient]
    volume = np.stack([_grey(dataset) for dataset in datasets])
    if orientation[0] < 0:
        volume = volume[:, :, ::-1]
    if orientation[5] > 0:
        volume = volume[:, ::-1]
    white = np.percentile(volume, 99.5)
    if white <= 0:
        raise TrainingError(f'{folder} is empty: its 99.5th percentile is {white}.')
    stack = volume[FIRST_SLICE : LAST_SLICE + 1].astype(np.float32)
    while stack.shape[1] > MRI_SIZE:
        stack = stack.reshape(len(stack), stack.shape[1] // 2, 2, stack.shape[2] // 2, 2).mean(axis=(2, 4))
    if stack.shape[1:] != (MRI_SIZE, MRI_SIZE):
        raise TrainingError(f'{folder} has slices of {volume.shape[1:]}; 512 x 512 or 256 x 256 are expected.')
    stack = np.rint(np.clip(stack / white, 0, 1) * 255).astype(np.uint8)
    return np.ascontiguousarray(stack[:, :, ::-1] if mirror else stack)


def resampling_matrix(length: int, start: float, extent: float, count: int) -> np.ndarray:
    """Weights [count, length] that resample `extent` pixels from `start` to `count` samples.

    Area means where the sampling gets coarser, linear interpolation where it gets finer; beyond the edge the last pixel counts.
    """
    pitch = extent / count
    half = max(pitch, 1.0) / 2
    matrix = np.zeros((count, length), dtype=np.float32)
    for index in range(count):
        centre = start + (index + 0.5) * pitch
        for pixel in range(int(np.floor(centre - half - 0.5)), int(np.ceil(centre + half + 0.5)) + 1):
            weight = min(centre + half, pixel + 1) - max(centre - half, pixel) if pitch > 1 else 1 - abs(centre - (pixel + 0.5))
            if weight > 0:
                matrix[index, min(max(pixel, 0), length - 1)] += weight
        matrix[index] /= matrix[index].sum()
    return matrix


def _files(folder: Path) -> list[Path]:
    files = sorted(path for path in folder.iterdir() if path.is_file())
    if not files:
        raise TrainingError(f'{folder} holds no files.')
    return files


def _grey(dataset: pydicom.Dataset) -> np.ndarray:
    slope, intercept = float(dataset.get('RescaleSlope', 1)), float(dataset.get('RescaleIntercept', 0))
    pixels = dataset.pixel_array
    return pixels if (slope, intercept) == (1.0, 0.0) else pixels * slope + intercept
