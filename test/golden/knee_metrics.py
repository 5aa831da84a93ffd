#!/usr/bin/env python3
"""Golden values of src/metrics/knee and statistics/agreement by scikit-image, scipy and numpy. Writes knee-metrics.json.

python test/golden/knee_metrics.py    # needs numpy, scipy, scikit-image
"""

import base64
import json
import pathlib

import numpy as np
import scipy
import scipy.stats
import skimage
from scipy import ndimage
from skimage.feature import canny

HERE = pathlib.Path(__file__).resolve().parent
SPACING = 1.25
JOINT_ROW = 52
ROWS, COLUMNS = 104, 120


def knee(seed, gap, tilt, noise):
    """A leg with two dark bones and a bright joint between them, as on T1 FLASH; uint8."""
    rng = np.random.default_rng(seed)
    row, column = np.mgrid[:ROWS, :COLUMNS].astype(float)
    line = JOINT_ROW + tilt * (column - COLUMNS / 2)
    leg = ((column - COLUMNS / 2) / 52) ** 2 + ((row - ROWS / 2) / 140) ** 2 < 1
    bone = (np.abs(column - COLUMNS / 2) < 36 - 0.08 * np.abs(row - line)) & (np.abs(row - line) > gap)
    image = np.where(leg, 0.75, 0.02)
    image[bone & leg] = 0.2 + 0.04 * np.sin(column[bone & leg] / 2) * np.cos(row[bone & leg] / 3)
    image = ndimage.gaussian_filter(image, 0.8) + rng.normal(0, noise, image.shape)
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def window():
    height, margin = round(30 / SPACING), round(25 / SPACING)
    return slice(max(0, JOINT_ROW - height), min(ROWS, JOINT_ROW + height)), slice(margin, COLUMNS - margin)


def edge_f1(real, generated):
    wanted, found = (canny(v, sigma=1.5, low_threshold=0.05, high_threshold=0.12)[window()] for v in (real, generated))
    if not wanted.any():
        return None
    if not found.any():
        return 0.0
    from_wanted, from_found = (ndimage.distance_transform_edt(~edges) for edges in (wanted, found))
    precision, recall = (from_wanted[found] <= 1.25 / SPACING).mean(), (from_found[wanted] <= 1.25 / SPACING).mean()
    return float(2 * precision * recall / (precision + recall)) if precision + recall else 0.0


def bone(image):
    leg = ndimage.binary_fill_holes(ndimage.gaussian_filter(image, 2) >= 0.12)
    dark = ndimage.gaussian_filter(image, 1.2) < 0.32
    return ndimage.binary_opening(dark & ndimage.binary_erosion(leg, iterations=6), iterations=3)


def bone_dice(real, generated):
    rows = window()[0]
    a, b = bone(real)[rows], bone(generated)[rows]
    return float(2 * (a & b).sum() / max(a.sum() + b.sum(), 1)) if a.any() else None


def sharpness(real, generated):
    detail = [np.hypot(*np.gradient(v)).mean() for v in (real, generated)]
    return float(detail[1] / detail[0]) if detail[0] else None


def packed(array):
    return base64.b64encode(array.tobytes()).decode()


REAL = knee(1, 5, 0.02, 0.02)
OTHERS = {
    'itself': REAL,
    'with other noise': knee(2, 5, 0.02, 0.02),
    'narrower and tilted': knee(3, 3, -0.06, 0.02),
    'blurred': np.rint(ndimage.gaussian_filter(REAL.astype(float), 2)).astype(np.uint8),
    'mirrored': np.ascontiguousarray(REAL[:, ::-1]),
    'black': np.zeros_like(REAL),
}
real = REAL / 255
pairs = []
for name, pixels in OTHERS.items():
    image = pixels / 255
    figures = {'edgeF1': edge_f1(real, image), 'boneDice': bone_dice(real, image), 'sharpness': sharpness(real, image)}
    pairs.append({'name': name, 'pixels': packed(pixels), 'bone': packed(np.packbits(bone(image))), **figures})

rng = np.random.default_rng(4)
first = rng.normal(4, 1, 40)
second = first + rng.normal(0.2, 0.3, 40)
differences = second - first
n = len(differences)
z = scipy.stats.norm.ppf(0.975)
agreement = {
    'first': first.tolist(),
    'second': second.tolist(),
    'bias': float(differences.mean()),
    'deviation': float(differences.std(ddof=1)),
    'lower': float(differences.mean() - z * differences.std(ddof=1)),
    'upper': float(differences.mean() + z * differences.std(ddof=1)),
    'biasError': float(scipy.stats.sem(differences)),
    'limitError': float(differences.std(ddof=1) * np.sqrt(1 / n + z**2 / (2 * (n - 1)))),
    'correlation': float(np.corrcoef(first, second)[0, 1]),
}
golden = {
    'madeBy': 'test/golden/knee_metrics.py',
    'versions': {'numpy': np.__version__, 'scipy': scipy.__version__, 'scikit-image': skimage.__version__},
    'rows': ROWS,
    'columns': COLUMNS,
    'spacing': SPACING,
    'jointRow': JOINT_ROW,
    'real': packed(REAL),
    'pairs': pairs,
    'agreement': agreement,
}
(HERE / 'knee-metrics.json').write_text(json.dumps(golden, indent=1) + '\n')
