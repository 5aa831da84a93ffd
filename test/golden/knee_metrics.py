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
from scipy import ndimage, signal
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


def compartments(middle):
    near, far = int(12 / SPACING), int(28 / SPACING)
    return slice(middle - far, middle - near), slice(middle + near, middle + far)


def bearing(volume):
    depth = np.arange(len(volume)) / (len(volume) - 1)
    return volume[(depth >= 25.5 / 49) & (depth <= 35.5 / 49)]


def joint_lines(volume):
    """[lines, row of the brightest] of the compartments on the image's left and right."""
    mean = ndimage.gaussian_filter1d(bearing(volume).mean(axis=0), 1, axis=0)
    middle = ROWS / 2 + 6 / SPACING
    first, last = max(0, int(middle - 28 / SPACING)), int(middle + 28 / SPACING)
    found = []
    for columns in compartments(COLUMNS // 2):
        profile = mean[first:last, columns].mean(axis=1)
        rise = profile.max() - np.median(profile)
        peaks, _ = signal.find_peaks(profile, prominence=max(0.5 * rise, 1e-6), distance=int(6 / SPACING))
        found.append([len(peaks), int(first + profile.argmax()) if len(peaks) else None])
    return found


def traced(femur, tibia, before, widest):
    """Least cost through (row, gap), column by column: costs of the last column, and where each state came from."""
    first = int(0.32 * ROWS)
    rows, gaps = np.arange(first, int(0.73 * ROWS)), np.arange(1, widest)
    lower = np.minimum(rows[:, None] + gaps, ROWS - 2)
    total, history = before, []
    for column in range(femur.shape[1]):
        if column:
            padded = np.pad(total, 1, constant_values=np.inf)
            moves = [(down, wider) for down in (-1, 0, 1) for wider in (-1, 0, 1)]
            reached = np.stack([padded[1 + d : 1 + d + len(rows), 1 + w : 1 + w + len(gaps)] + 0.2 * (abs(d) + abs(w)) for d, w in moves])
            history.append(reached.argmin(axis=0))
            total = reached.min(axis=0)
        total = total - femur[rows, column][:, None] - tibia[lower, column]
    return total, history


def joint_space(volume):
    """mm of the compartments on the image's left and right: bone to bone, median over slices of the first quartile over columns."""
    widths = [[], []]
    bones, widest = int(8.75 / SPACING), int(11.25 / SPACING)
    for image in bearing(volume):
        columns = image.sum(axis=0)
        leg = np.flatnonzero(columns > columns.mean() / 4)
        smooth = ndimage.gaussian_filter(image, 0.8)
        femur, tibia = np.zeros_like(smooth), np.zeros_like(smooth)
        for row in range(bones, ROWS - bones):
            femur[row] = np.maximum(0, smooth[row + 1] - smooth[row - bones : row].max(axis=0))
            tibia[row] = np.maximum(0, smooth[row - 1] - smooth[row + 1 : row + bones + 1].max(axis=0))
        first = int(0.32 * ROWS)
        last = min(int(0.73 * ROWS) - 1 + widest - 1, ROWS - 2)
        sides = compartments(int((leg[0] + leg[-1]) // 2))
        units = [np.quantile(np.maximum(femur, tibia)[first : last + 1, side], 0.95) for side in sides]
        strength = [
            (np.clip(femur[:, side] / unit, -1.5, 1.5), np.clip(tibia[:, side] / unit, -1.5, 1.5)) for side, unit in zip(sides, units, strict=True)
        ]
        shape = (int(0.73 * ROWS) - first, widest - 1)
        left, left_moves = traced(*strength[0], np.zeros(shape), widest)
        best, rows = left.argmin(axis=1), np.arange(shape[0])
        jumps = np.maximum(np.abs(rows[:, None] - rows) - 6, 0) + left.min(axis=1)
        right, right_moves = traced(*strength[1], np.repeat(jumps.min(axis=1)[:, None], shape[1], axis=1), widest)
        end = np.unravel_index(right.argmin(), shape)
        right_path = walked(end, right_moves)
        start = jumps.argmin(axis=1)[right_path[0][0]]
        left_path = walked((start, best[start]), left_moves)
        for place, path in enumerate((left_path, right_path)):
            upper = first + np.array([row for row, _ in path])
            lower = np.minimum(upper + 1 + np.array([gap for _, gap in path]), ROWS - 2)
            across = np.arange(len(path))
            seen = [strength[place][0][upper, across].mean(), strength[place][1][lower, across].mean()]
            if min(seen) < 0.2:
                continue
            column = np.arange(sides[place].start, sides[place].stop)
            gap = lower + peak(tibia, lower, column) - upper - peak(femur, upper, column)
            widths[place].append(np.quantile(gap, 0.25))
    return [float(np.median(w) * SPACING) if len(w) >= 0.5 * len(bearing(volume)) else None for w in widths]


def walked(end, history):
    path = [tuple(map(int, end))]
    for moves in history[::-1]:
        row, gap = path[-1]
        move = int(moves[row, gap])
        path.append((row + move // 3 - 1, gap + move % 3 - 1))
    return path[::-1]


def peak(edges, rows, columns):
    above, here, below = (edges[rows + step, columns] for step in (-1, 0, 1))
    bend = above - 2 * here + below
    return np.clip(np.where(bend < 0, (above - below) / (2 * np.where(bend < 0, bend, 1)), 0), -0.5, 0.5)


def leg_columns(image):
    sums = image.sum(axis=0)
    found = np.flatnonzero(sums > sums.mean() / 4)
    return int(found[0]), int(found[-1])


def half_up(value):
    return int(np.floor(value + 0.5))


def joint_rows(volume):
    """As src/metrics/joint-row.ts: a bright band between two dark bodies, supported by the neighbouring slices."""
    half, flank = max(1, half_up(ROWS * 0.015)), max(2, half_up(ROWS * 0.15))
    curves = np.full((len(volume), ROWS), -1.0)
    for curve, image in zip(curves, volume, strict=True):
        left, right = leg_columns(image)
        start = half_up(left + (right - left) / 3)
        profile = image[:, start : max(start + 1, half_up(right - (right - left) / 3))].mean(axis=1)
        for row in range(half_up(ROWS * 0.3), half_up(ROWS * 0.72)):
            above = profile[max(0, row - 2 * half - flank) : row - 2 * half].mean()
            below = profile[row + 2 * half + 1 : row + 2 * half + flank + 1].mean()
            prior = 0.02 * ((row - ROWS / 2) / (ROWS * 0.12)) ** 2
            curve[row] = profile[row - half : row + half + 1].mean() - max(above, below) - prior
    weights = np.exp(-0.5 * ((np.arange(len(volume))[:, None] - np.arange(len(volume))) / 4) ** 2)
    return (weights @ curves).argmax(axis=1)


def joint_crop(volume):
    depth = np.arange(len(volume)) / (len(volume) - 1)
    inner = (depth >= 0.25) & (depth <= 0.75)
    row = np.median(joint_rows(volume)[inner])
    column = np.median([sum(leg_columns(image)) / 2 for image in volume[inner]])
    size, values = 2.5 / SPACING, []
    side = half_up(size)
    padded = np.pad(volume, ((0, 0), (ROWS, ROWS), (COLUMNS, COLUMNS)))
    for depth in (0.4, 0.55, 0.7):
        place = depth * (len(volume) - 1)
        low = int(np.floor(place))
        image = padded[low] + (place - low) * (padded[low + 1] - padded[low])
        for down in range(16):
            for right in range(44):
                top, left = ROWS + half_up(row + (down - 8) * size), COLUMNS + half_up(column + (right - 22) * size)
                values.append(image[top : top + side, left : left + side].mean())
    crop = np.array(values) - np.mean(values)
    return crop / np.linalg.norm(crop)


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

volumes = []
for name, gap, tilt, second in (('wide', 3.5, 0.01, 0), ('narrow and tilted', 1.6, -0.05, 0), ('with a second line', 2.2, 0.0, 14)):
    stack = np.stack([knee(20 + index, gap, tilt, 0.015) for index in range(8)])
    if second:
        stack[:, JOINT_ROW + second : JOINT_ROW + second + 3, :][:, :, COLUMNS // 2 :] = 200
    volumes.append(
        {
            'name': name,
            'slices': packed(stack),
            'count': len(stack),
            'lines': joint_lines(stack / 255),
            'space': joint_space(stack / 255),
            'crop': [float(v) for v in joint_crop(stack / 255)[::7]],
        }
    )

# What stands in for a generated volume: means without one person's volumes, and slices 3/49 of the stack away.
people = [0, 0, 1, 2]
knees = np.stack([np.stack([knee(60 + 5 * person + index, 3, 0, 0.02) for index in range(5)]) for person in range(4)])
knees = knees[:, :, 30:70, 30:75] / 255
away = []
for index in range(5):
    step = 3 / 49 * 4
    place = index + step if index + step <= 4 else index - step
    low = int(np.floor(place))
    away.append(knees[0][low] + (place - low) * (knees[0][min(low + 1, 4)] - knees[0][low]))
references = {
    'people': people,
    'volumes': [packed(np.rint(v * 255).astype(np.uint8)) for v in knees],
    'shape': knees[0].shape,
    'meanWithoutFirst': [float(v) for v in knees[2:].mean(axis=0)[:, ::13, ::17].ravel()],
    'away': [float(v) for v in np.stack(away)[:, ::13, ::17].ravel()],
}

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
    'volumes': volumes,
    'references': references,
    'agreement': agreement,
}
(HERE / 'knee-metrics.json').write_text(json.dumps(golden, indent=1) + '\n')
