#!/usr/bin/env python3
"""Golden values of src/inference/metrics, computed by scikit-image. Writes metrics.json beside this file.

    python test/golden/metrics.py            # needs numpy, scipy, scikit-image 0.26, pillow

The synthetic pairs are made by the formulas in `pattern`, which test/metrics/patterns.ts repeats. The figures under `paperCase`
come from the images of ../shared/data/paper-case; only figures and edge counts are kept, never pixels.
"""
import base64
import json
import math
import pathlib

import numpy as np
import scipy
import scipy.ndimage as ndi
import skimage
from PIL import Image
from skimage.feature import canny
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

HERE = pathlib.Path(__file__).resolve().parent
CASE = HERE.parent.parent.parent / "shared" / "data" / "paper-case"
WANG = dict(gaussian_weights=True, sigma=1.5, use_sample_covariance=False)
SHAPES = {"rings": (128, 96), "discs": (128, 96), "bands": (128, 96), "noise": (128, 96), "corner": (41, 33), "ramp": (64, 64)}


def hashed(row, column, salt):
    """Uniform in [0, 1) from 32-bit integer arithmetic, so that every language gets the same number."""
    value = (row * 374761393 + column * 668265263 + salt * 2246822519) & 0xFFFFFFFF
    value = ((value ^ (value >> 13)) * 1274126177) & 0xFFFFFFFF
    return ((value ^ (value >> 16)) & 0xFFFFFF) / 16777216


def pattern(name, row, column, rows, columns, variant):
    """Value in [0, 1] of pixel (row, column); variant 0 is the real image of a pair, 1 the generated one."""
    y, x = row / rows, column / columns
    noise = hashed(row, column, variant)
    if name == "rings":
        radius = math.sqrt((y - 0.5) ** 2 + (x - 0.5 - 0.03 * variant) ** 2)
        return 0.5 + 0.45 * math.sin(40 * radius)
    if name == "discs":
        left = (y - 0.4) ** 2 + (x - 0.35 - 0.02 * variant) ** 2 < 0.04
        right = (y - 0.65) ** 2 + (x - 0.7) ** 2 < 0.02 + 0.01 * variant
        return 0.15 + 0.5 * left + 0.25 * right + 0.1 * noise
    if name == "bands":
        edge = 0.5 + 0.04 * math.cos(9 * x) + 0.02 * variant
        return 0.9 if abs(y - edge) < 0.04 else 0.08 + 0.06 * noise + 0.1 * x
    if name == "noise":
        return noise
    if name == "corner":
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
        "jointRow": joint_row,
        "psnr": peak_signal_noise_ratio(a, b, data_range=1),
        "ssim": structural_similarity(a, b, data_range=1),
        "ssimWang": structural_similarity(a, b, data_range=1, **WANG),
        "edgeSsim": structural_similarity(edges_a[rows], edges_b[rows], data_range=1),
        "edgeSsimWang": structural_similarity(edges_a[rows], edges_b[rows], data_range=1, **WANG),
        "correlation": float(np.corrcoef(a.ravel(), b.ravel())[0, 1]),
        "sobelDifferenceMean": float(np.abs(sobel_magnitude(a) - sobel_magnitude(b)).mean()),
    }


def synthetic_pair(name):
    a, b = image(name, 0), image(name, 1)
    return {
        "name": name,
        "rows": a.shape[0],
        "columns": a.shape[1],
        **scores(a, b, round(0.52 * len(a))),
        "edgesReal": packed(edges(a)),
        "edgesGenerated": packed(edges(b)),
    }


def stack(name):
    return np.array([np.array(Image.open(f)) for f in sorted((CASE / name).glob("*.png"))]) / 255.0


def adjacent(volume):
    return float(np.mean([np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(volume, volume[1:])]))


def paper_slice(real, generated, index):
    a, b = real[index], generated[index]
    mask = edges(a)
    counts = {"edgeRowCounts": mask.sum(1).tolist(), "edgeColumnCounts": mask.sum(0).tolist()}
    return {"index": index, **scores(a, b, 128), **counts}


def paper_case():
    real, generated, interpolated = stack("real"), stack("generated"), stack("interpolated")
    every = [scores(a, b, 128) for a, b in zip(real, generated)]
    medians = {key: float(np.median([s[key] for s in every])) for key in every[0] if key != "jointRow"}
    whole = [structural_similarity(edges(a).astype(float), edges(b).astype(float), data_range=1) for a, b in zip(real, generated)]
    return {
        "medians": {**medians, "edgeSsimWhole": float(np.median(whole))},
        "adjacentCorrelation": [adjacent(real), adjacent(generated), adjacent(interpolated)],
        "slices": [paper_slice(real, generated, index) for index in (4, 14, 24, 34, 44)],
    }


golden = {
    "madeBy": "test/golden/metrics.py",
    "versions": {"scikit-image": skimage.__version__, "scipy": scipy.__version__, "numpy": np.__version__},
    "pairs": [synthetic_pair(name) for name in SHAPES],
    "paperCase": paper_case(),
}
(HERE / "metrics.json").write_text(json.dumps(golden, indent=1) + "\n")
print("metrics.json:", len(golden["pairs"]), "pairs,", golden["versions"])
