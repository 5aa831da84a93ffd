"""The coil's bias field estimated from the image itself, as N4 does (Tustison et al. 2010) but with few smooth functions instead of splines.

`src/imaging/superres/bias.ts` computes the same; `test/golden/superres.py` pins it to this file.
"""

import numpy as np

#: Slices are reduced by whole blocks to at most this many rows and columns.
SIDE = 64

#: Voxels darker than this share of the 99.5th percentile are air.
AIR = 0.1

#: Largest total degree of the Legendre polynomials, bins of the histogram, width (FWHM) of the Gaussian that blurs it, of noise in Wiener's filter.
DEGREE, BINS, FWHM, NOISE = 3, 200, 0.15, 0.01

ROUNDS = 20

#: Length of the transforms, a power of 2 with room for the Gaussian.
LENGTH = 512


def powers(slices: int) -> list[tuple[int, int, int]]:
    """Degrees in x, y and z of every polynomial, the constant first; those in z are bounded by how many slices there are."""
    most = range(DEGREE + 1)
    return [(i, j, k) for k in most for j in most for i in most if i + j + k <= DEGREE and k < max(slices, 1)]


def polynomials(size: tuple[int, int, int], x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """The polynomials at places in voxels of a volume of `size` (slices, rows, columns), [places, polynomials]."""
    slices, rows, columns = size
    across, down, through = (legendre(2 * (place + 0.5) / count - 1) for place, count in ((x, columns), (y, rows), (z, slices)))
    return np.stack([across[i] * down[j] * through[k] for i, j, k in powers(slices)], axis=-1)


def legendre(x: np.ndarray) -> list[np.ndarray]:
    return [np.ones_like(x), x, (3 * x * x - 1) / 2, (5 * x * x * x - 3 * x) / 2]


def estimate_bias(volume: np.ndarray) -> np.ndarray:
    """Volume [slices, rows, columns] -> weights of the polynomials whose sum is the logarithm of the bias; zeros where nearly all is air.

    The logarithm's mean over the tissue is 0: the brightness of the whole stays as it is.
    """
    volume = np.asarray(volume, dtype=np.float64)
    size = volume.shape
    small, block = reduced(volume)
    least = AIR * np.percentile(small, 99.5)
    z, y, x = np.nonzero(small > max(least, 1e-12))
    functions = polynomials(size, (x + 0.5) * block - 0.5, (y + 0.5) * block - 0.5, z.astype(np.float64))
    weights = np.zeros(functions.shape[1])
    if len(x) < 10 * len(weights):
        return weights
    means = functions[:, 1:].mean(axis=0)
    functions = functions[:, 1:] - means
    normal = functions.T @ functions + 1e-9 * len(x) * np.eye(len(means))
    logarithms = np.log(small[z, y, x])
    for _ in range(ROUNDS):
        now = logarithms - functions @ weights[1:]
        weights[1:] += np.linalg.solve(normal, functions.T @ (now - sharpened(now)))
    weights[0] = -means @ weights[1:]
    return weights


def field(weights: np.ndarray, size: tuple[int, int, int], index: int) -> np.ndarray:
    """Logarithm of the bias on slice `index`, [rows, columns]."""
    _, rows, columns = size
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float64)
    return polynomials(size, x, y, np.full_like(x, index)) @ weights


def reduced(volume: np.ndarray) -> tuple[np.ndarray, int]:
    """Means of whole blocks of every slice, and the block's side; what is left over at the end is left out."""
    slices, rows, columns = volume.shape
    block = max(1, -(-max(rows, columns) // SIDE))
    down, across = rows // block, columns // block
    return volume[:, : down * block, : across * block].reshape(slices, down, block, across, block).mean(axis=(2, 4)), block


def sharpened(values: np.ndarray) -> np.ndarray:
    """What each value would be without the bias: its expectation under the histogram from which a Gaussian has been taken out."""
    low, high = values.min(), values.max()
    width = (high - low) / (BINS - 1)
    if width <= 0:
        return values.copy()
    place = (values - low) / width
    lower = np.minimum(np.floor(place).astype(int), BINS - 2)
    share = place - lower
    histogram = np.bincount(lower, 1 - share, LENGTH) + np.bincount(lower + 1, share, LENGTH)
    # Into the middle, so that nothing runs around the end.
    start = (LENGTH - BINS) // 2
    histogram = np.roll(histogram, start)
    deviation = FWHM / (2 * np.sqrt(2 * np.log(2))) / width
    steps = np.minimum(np.arange(LENGTH), LENGTH - np.arange(LENGTH))
    gaussian = np.exp(-((steps / deviation) ** 2) / 2)
    blur = np.fft.fft(gaussian / gaussian.sum())
    sharp = np.fft.ifft(np.fft.fft(histogram) * np.conj(blur) / (np.abs(blur) ** 2 + NOISE)).real.clip(min=0)
    centres = low + (np.arange(LENGTH) - start) * width
    above = np.fft.ifft(np.fft.fft(sharp * centres) * blur).real
    below = np.fft.ifft(np.fft.fft(sharp) * blur).real
    expected = np.where(below > 1e-6 * histogram.sum(), above / np.maximum(below, 1e-300), centres)[start : start + BINS]
    return expected[lower] * (1 - share) + expected[lower + 1] * share
