"""Scores the slices of bench/metrics.ts with scikit-image: metrics_rival.py FILE SLICES SIDE JOINT_ROW -> JSON on stdout."""

import itertools
import json
import math
import sys
import time

import numpy as np
from skimage.feature import canny
from skimage.metrics import peak_signal_noise_ratio, structural_similarity


def scores(real, generated, rows):
    edges = [canny(image, sigma=3).astype(float)[rows] for image in (real, generated)]
    return {
        'psnr': peak_signal_noise_ratio(real, generated, data_range=1),
        'ssim': structural_similarity(real, generated, data_range=1),
        'rssim': structural_similarity(*edges, data_range=1),
    }


def main():
    slices, side, joint = (int(argument) for argument in sys.argv[2:])
    real, generated = np.fromfile(sys.argv[1]).reshape(2, slices, side, side)
    rows = slice(math.floor(joint - joint / 3), math.ceil(joint + (side - joint) / 3))
    start = time.perf_counter()
    result = [scores(a, b, rows) for a, b in zip(real, generated)]
    pairs = itertools.pairwise(generated)
    correlation = float(np.mean([np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in pairs]))
    seconds = time.perf_counter() - start
    print(json.dumps({'seconds': seconds, 'scores': result, 'correlation': correlation}))


if __name__ == '__main__':
    main()
