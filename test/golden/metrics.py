#!/usr/bin/env python3
"""Golden values of src/metrics, computed by scikit-image. Writes metrics.json beside this file.

    python test/golden/metrics.py     # needs numpy, scipy, scikit-image 0.26, pillow, pydicom, torch, pytorch-msssim

The synthetic pairs are made by the formulas in `pattern`, which test/metrics/patterns.ts repeats. The figures under `paperCase`
and `realPairs` come from the images of ../shared/data; only figures and edge counts are kept, never pixels.
"""

import base64
import itertools
import json
import math
import pathlib

import numpy as np
import pydicom
import scipy
import scipy.linalg
import scipy.ndimage as ndi
import skimage
import torch
from PIL import Image
from pytorch_msssim import ms_ssim
from skimage.feature import canny
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

HERE = pathlib.Path(__file__).resolve().parent
DATA = HERE.parent.parent.parent / 'shared' / 'data'
CASE = DATA / 'paper-case'
WANG = {'gaussian_weights': True, 'sigma': 1.5, 'use_sample_covariance': False}
SHAPES = {'rings': (128, 96), 'discs': (128, 96), 'bands': (128, 96), 'noise': (128, 96), 'corner': (41, 33), 'ramp': (64, 64)}


def hashed(row, column, salt):
    """Uniform in [0, 1) from 32-bit integer arithmetic, so that every language gets the same number."""
    value = (row * 374761393 + column * 668265263 + salt * 2246822519) & 0xFFFFFFFF
    value = ((value ^ (value >> 13)) * 1274126177) & 0xFFFFFFFF
    return ((value ^ (value >> 16)) & 0xFFFFFF) / 16777216


def pattern(name, row, column, rows, columns, variant):
    """Value in [0, 1] of pixel (row, column); variant 0 is the real image of a pair, 1 the generated one."""
    y, x = row / rows, column / columns
    noise = hashed(row, column, variant)
    if name == 'rings':
        radius = math.sqrt((y - 0.5) ** 2 + (x - 0.5 - 0.03 * variant) ** 2)
        return 0.5 + 0.45 * math.sin(40 * radius)
    if name == 'discs':
        left = (y - 0.4) ** 2 + (x - 0.35 - 0.02 * variant) ** 2 < 0.04
        right = (y - 0.65) ** 2 + (x - 0.7) ** 2 < 0.02 + 0.01 * variant
        return 0.15 + 0.5 * left + 0.25 * right + 0.1 * noise
    if name == 'bands':
        edge = 0.5 + 0.04 * math.cos(9 * x) + 0.02 * variant
        return 0.9 if abs(y - edge) < 0.04 else 0.08 + 0.06 * noise + 0.1 * x
    if name == 'noise':
        return noise
    if name == 'corner':
        return (0.8 if x + y > 0.9 + 0.1 * variant else 0.1) + 0.1 * noise
    return 0.2 + 0.6 * (x if variant == 0 else y)


def image(name, variant):
    rows, columns = SHAPES[name]
    return np.array([[pattern(name, r, c, rows, columns, variant) for c in range(columns)] for r in range(rows)])


def region(joint_row, rows):
    return slice(math.floor(joint_row - joint_row / 3), math.ceil(joint_row + (rows - joint_row) / 3))


def sobel_magnitude(a):
    return np.hypot(ndi.sobel(a, 0), ndi.sobel(a, 1)) / 4


def edges(a):
    return canny(a, sigma=3, low_threshold=0.1, high_threshold=0.2)


def packed(mask):
    return base64.b64encode(np.packbits(mask.ravel()).tobytes()).decode()


def scores(a, b, joint_row):
    edges_a, edges_b = edges(a).astype(float), edges(b).astype(float)
    rows = region(joint_row, len(a))
    return {
        'jointRow': joint_row,
        'psnr': peak_signal_noise_ratio(a, b, data_range=1),
        'ssim': structural_similarity(a, b, data_range=1),
        'ssimWang': structural_similarity(a, b, data_range=1, **WANG),
        'edgeSsim': structural_similarity(edges_a[rows], edges_b[rows], data_range=1),
        'edgeSsimWang': structural_similarity(edges_a[rows], edges_b[rows], data_range=1, **WANG),
        'correlation': float(np.corrcoef(a.ravel(), b.ravel())[0, 1]),
        'sobelDifferenceMean': float(np.abs(sobel_magnitude(a) - sobel_magnitude(b)).mean()),
    }


def masked(a, b, mask):
    """PSNR over the marked pixels; SSIM over the windows whose middle is marked."""
    result = {'maskedPsnr': float(10 * np.log10(1 / np.mean((a[mask] - b[mask]) ** 2)))}
    for key, window, options in (('maskedSsim', 7, {}), ('maskedSsimWang', 11, WANG)):
        full = structural_similarity(a, b, data_range=1, full=True, **options)[1]
        inside = tuple(slice(window // 2, -(window // 2)) for _ in a.shape)
        result[key] = float(full[inside][mask[inside]].mean())
    return result


def multi_scale(a, b):
    tensors = [torch.from_numpy(np.ascontiguousarray(x))[None, None] for x in (a, b)]
    # The package makes its window in float32.
    window = torch.exp(-(torch.arange(-5, 6, dtype=torch.float64) ** 2) / (2 * 1.5**2))
    return ms_ssim(*tensors, data_range=1.0, win=(window / window.sum())[None, None, None]).item()


def radial_power(a):
    side = len(a)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(side) / side)
    power = np.abs(np.fft.fft2((a - a.mean()) * np.outer(hann, hann))) ** 2
    frequency = np.fft.fftfreq(side) * side
    radius = np.floor(np.hypot(*np.meshgrid(frequency, frequency)) + 0.5).astype(int)
    return np.array([power[radius == r].mean() for r in range(side // 2 + 1)])


def acutance(a, b, pixels_per_degree=60):
    side = len(a)
    cycles = np.arange(1, side // 2 + 1) / side * pixels_per_degree
    weight = cycles**0.8 * np.exp(-0.2 * cycles)
    transfer = np.sqrt(radial_power(b)[1:] / radial_power(a)[1:])
    return float((weight * transfer).sum() / weight.sum())


def synthetic_pair(name):
    a, b = image(name, 0), image(name, 1)
    return {
        'name': name,
        'rows': a.shape[0],
        'columns': a.shape[1],
        **scores(a, b, round(0.52 * len(a))),
        **masked(a, b, a > 0.3),
        'edgesReal': packed(edges(a)),
        'edgesGenerated': packed(edges(b)),
    }


def stack(name):
    return np.array([np.array(Image.open(f)) for f in sorted((CASE / name).glob('*.png'))]) / 255.0


def adjacent(volume):
    return float(np.mean([np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in itertools.pairwise(volume)]))


def paper_slice(real, generated, index):
    a, b = real[index], generated[index]
    mask = edges(a)
    counts = {'edgeRowCounts': mask.sum(1).tolist(), 'edgeColumnCounts': mask.sum(0).tolist()}
    return {'index': index, **scores(a, b, 128), **counts}


def paper_case():
    real, generated, interpolated = stack('real'), stack('generated'), stack('interpolated')
    every = [scores(a, b, 128) for a, b in zip(real, generated)]
    medians = {key: float(np.median([s[key] for s in every])) for key in every[0] if key != 'jointRow'}
    whole = [structural_similarity(edges(a).astype(float), edges(b).astype(float), data_range=1) for a, b in zip(real, generated)]
    return {
        'medians': {**medians, 'edgeSsimWhole': float(np.median(whole))},
        'adjacentCorrelation': [adjacent(real), adjacent(generated), adjacent(interpolated)],
        'slices': [paper_slice(real, generated, index) for index in (4, 14, 24, 34, 44)],
    }


def wrapped_psnr(a, b):
    """The mistake that docs/metrics.md explains: differences of unsigned bytes wrap around."""
    return float(10 * np.log10(255**2 / np.mean((a - b) ** 2)))


def wrapped():
    real, generated = ((stack(name) * 255).round().astype(np.uint8) for name in ('real', 'generated'))
    order = np.random.default_rng(0).permutation(len(generated))
    medians = [float(np.median([wrapped_psnr(a, b) for a, b in zip(real, other)])) for other in (generated, generated[order])]
    return {'order': order.tolist(), 'medians': medians}


def grey(path):
    return np.array(Image.open(DATA / path).convert('L')) / 255.0


def dicom(path):
    return pydicom.dcmread(DATA / path).pixel_array / 16383.0


def real_pair(first, second):
    read = dicom if first.endswith('.dcm') else grey
    a, b = read(first), read(second)
    square = a.shape[0] == a.shape[1] and a.shape[0] & (a.shape[0] - 1) == 0
    return {
        'files': [first, second],
        'rows': a.shape[0],
        'columns': a.shape[1],
        **scores(a, b, round(0.52 * len(a))),
        **masked(a, b, a > 0.2),
        'multiScaleSsim': multi_scale(a, b),
        'acutance': acutance(a, b) if square else None,
    }


def pick_pairs():
    xrays = [sorted((DATA / 'xrays' / f'kl{kl}').glob('*.png'))[:2] for kl in (0, 2, 4)]
    slices = [DATA / 'mri-knee-sagittal-dicom' / f'{i:03}.dcm' for i in (6, 7, 12, 13, 18, 19)]
    real = [CASE / 'real' / f'{i:03}.png' for i in (9, 19, 29, 39)]
    pairs = [(f, CASE / 'generated' / f.name) for f in real] + [tuple(pair) for pair in xrays] + list(zip(slices[::2], slices[1::2]))
    return [(str(a.relative_to(DATA)), str(b.relative_to(DATA))) for a, b in pairs]


def volume_pair():
    """Ten slices of the pattern "bands", each with its own noise and the band a little lower."""

    def volume(variant):
        rows, columns = 24, 20
        return np.array([[[pattern('bands', r, c, rows, columns, variant + 2 * s) for c in range(columns)] for r in range(rows)] for s in range(14)])

    a, b = volume(0), volume(1)
    mask = a > 0.3
    return {
        'slices': a.shape[0],
        'rows': a.shape[1],
        'columns': a.shape[2],
        'psnr': peak_signal_noise_ratio(a, b, data_range=1),
        'ssim': structural_similarity(a, b, data_range=1),
        'ssimWang': structural_similarity(a, b, data_range=1, **WANG),
        **masked(a, b, mask),
    }


def feature_rows(count, dimensions, salt, shift):
    rows = [[hashed(i, j, salt) + hashed(i, j + dimensions, salt) - 1 + shift * (j % 3) for j in range(dimensions)] for i in range(count)]
    return np.array(rows, dtype=np.float32).astype(np.float64)


def frechet(a, b):
    root = scipy.linalg.sqrtm(np.cov(a, rowvar=False) @ np.cov(b, rowvar=False))
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(np.cov(a, rowvar=False) + np.cov(b, rowvar=False) - 2 * root.real))


def kernel(a, b):
    def k(x, y):
        return (x @ y.T / x.shape[1] + 1) ** 3

    m, n = len(a), len(b)

    def within(x):
        return (k(x, x).sum() - np.trace(k(x, x))) / (len(x) * (len(x) - 1))

    return float(within(a) + within(b) - 2 * k(a, b).sum() / (m * n))


def distances():
    """Fewer and more images than features."""
    result = []
    for count, others, dimensions in ((12, 15, 32), (60, 50, 8)):
        a, b = feature_rows(count, dimensions, 5, 0.0), feature_rows(others, dimensions, 6, 0.1)
        result.append({'real': count, 'generated': others, 'dimensions': dimensions, 'frechet': frechet(a, b), 'kernel': kernel(a, b)})
    return result


golden = {
    'madeBy': 'test/golden/metrics.py',
    'versions': {'scikit-image': skimage.__version__, 'scipy': scipy.__version__, 'numpy': np.__version__, 'torch': torch.__version__},
    'pairs': [synthetic_pair(name) for name in SHAPES],
    'volume': volume_pair(),
    'distances': distances(),
    'paperCase': {**paper_case(), 'wrapped': wrapped()},
    'realPairs': [real_pair(a, b) for a, b in pick_pairs()],
}
(HERE / 'metrics.json').write_text(json.dumps(golden, indent=1) + '\n')
print('metrics.json:', len(golden['pairs']), 'pairs,', golden['versions'])
