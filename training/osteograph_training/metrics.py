"""Image metrics on [0, 1] volumes, as the platform defines them (data range 1; scikit-image's algorithms)."""

import numpy as np
from skimage.feature import canny
from skimage.metrics import structural_similarity


def psnr(real: np.ndarray, generated: np.ndarray) -> float:
    """PSNR in dB over all voxels of both arrays."""
    error = float(np.mean((real.astype(np.float64) - generated.astype(np.float64)) ** 2))
    return float('inf') if error == 0 else 10 * float(np.log10(1 / error))


def ssim(real: np.ndarray, generated: np.ndarray) -> float:
    """SSIM of two slices: 7 x 7 uniform window, sample covariance (scikit-image's default)."""
    return float(structural_similarity(real.astype(np.float64), generated.astype(np.float64), data_range=1.0))


def rssim(real: np.ndarray, generated: np.ndarray) -> float | None:
    """SSIM of Canny edges (sigma 3, thresholds 0.1 and 0.2) around the joint line of the real slice; None without edges.

    The region runs from j - j / 3 to j + (H - j) / 3 with j the joint row found by `joint_row`.
    """
    row = joint_row(real)
    edges = [canny(image.astype(np.float64), sigma=3, low_threshold=0.1, high_threshold=0.2) for image in (real, generated)]
    height = len(real)
    top, bottom = row - row // 3, row + (height - row) // 3
    first, second = (edge[top:bottom].astype(np.float64) for edge in edges)
    return float(structural_similarity(first, second, data_range=1.0)) if first.any() else None


def joint_row(real: np.ndarray) -> int:
    """Row of the bright cartilage band in the middle half of the slice: the brightest row in the central third of the columns."""
    height, width = real.shape
    band = real[height // 4 : 3 * height // 4, width // 3 : 2 * width // 3].astype(np.float64).mean(axis=1)
    return height // 4 + int(np.argmax(np.convolve(band, np.ones(7) / 7, mode='same')))


def adjacent_correlation(volume: np.ndarray) -> float:
    """Mean Pearson correlation of neighbouring slices."""
    flat = volume.reshape(len(volume), -1).astype(np.float64)
    flat = flat - flat.mean(axis=1, keepdims=True)
    norms = np.sqrt((flat**2).sum(axis=1))
    return float(np.mean((flat[:-1] * flat[1:]).sum(axis=1) / np.maximum(norms[:-1] * norms[1:], 1e-12)))


def acutance(real: np.ndarray, generated: np.ndarray, pixels_per_degree: float = 60) -> float:
    """Texture acutance of a slice against the real one (IEEE 1858): detail shown, weighted by the eye's contrast sensitivity; NaN of a constant one.

    Of the largest square in the middle. 1 is as sharp as the real one, less is blurred, more over-sharpened or noisy.
    """
    side = min(real.shape)
    top, left = ((length - side) // 2 for length in real.shape)
    target, shown = (_radial_power(image[top : top + side, left : left + side].astype(np.float64)) for image in (real, generated))
    if not target.all():
        return float('nan')
    cycles = np.arange(1, len(target) + 1) / side * pixels_per_degree
    sensitivity = cycles**0.8 * np.exp(-0.2 * cycles)
    return float((sensitivity * np.sqrt(shown / target)).sum() / sensitivity.sum())


def _radial_power(image: np.ndarray) -> np.ndarray:
    """Mean power of 1, 2, ..., side / 2 cycles per image, without the mean, under a Hann window."""
    side = len(image)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(side) / side)
    power = np.abs(np.fft.fft2((image - image.mean()) * np.outer(hann, hann))) ** 2
    frequency = np.fft.fftfreq(side) * side
    radius = np.floor(np.hypot(*np.meshgrid(frequency, frequency)) + 0.5).astype(int)
    return np.array([power[radius == cycles].mean() for cycles in range(1, side // 2 + 1)])


def dice(first: np.ndarray, second: np.ndarray) -> float:
    """Dice of two masks; NaN where both are empty."""
    both = int(first.sum()) + int(second.sum())
    return 2 * int((first & second).sum()) / both if both > 0 else float('nan')
