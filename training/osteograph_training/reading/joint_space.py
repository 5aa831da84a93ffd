"""Joint-space width of a single-knee film, traced by dynamic programming: the reference of src/metrics/knee/film-joint-space.ts.

Each compartment has two edges, the lower one of the femoral condyle (bright to dark, going down) and the upper one of the tibial plateau
(dark to bright). Both are traced together, column by column, as a row and a gap, so that one never strays without the other; the two
compartments are tied to each other by a jump across the notch. Only numpy is used.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np

#: Columns to which a crop is brought: that of the public films, in which the knee takes 80-95 % of the width.
WIDTH = 224
#: Deviation of the Gaussian before the gradient, in working columns.
SIGMA = 1.2
#: Rows in which the condyle's edge is looked for, in shares of the height.
ROWS = (0.32, 0.73)
#: Gaps between the two edges, in working columns, the last one excluded.
GAPS = (1, 28)
#: Columns traced in the compartment on the image's left, mirrored for the other, and those of them over which the width is measured.
TRACED = (34, 90)
MEASURED = (36, 84)
#: Gradients count in units of this percentile of their magnitude, up to the limit.
PERCENTILE = 95.0
LIMIT = 1.5
#: Costs: of a row's or a gap's change by one from column to column, of one row of gap, of one row between the compartments beyond the free ones.
STEP_COST = 0.2
GAP_COST = 0.045
JUMP_COST = 1.0
FREE_JUMP = 6
#: Columns over which the width is averaged before the minimum is taken.
RUN = 5
#: Mean gradient along an edge, in units of the percentile, under which it was not seen.
WEAKEST = 0.2
#: Columns at each side of a crop that show soft tissue or air, hardly ever bone.
SIDE = 6
#: Fewest rows and columns of a crop.
SMALLEST = 64

MOVES = list(product((-1, 0, 1), (-1, 0, 1)))


@dataclass
class CompartmentSpace:
    """Everything in pixels of the crop: widths, the traced columns, and the rows of both edges in each."""

    minimum: float
    mean: float
    columns: np.ndarray
    femur: np.ndarray
    tibia: np.ndarray


def read_film_joint_space(film: np.ndarray, side: str) -> dict[str, CompartmentSpace | str]:
    """float [H,W] in [0, 1], side 'R' or 'L' -> 'medial' and 'lateral': the space, or why it could not be read.

    The crop shows a right knee with its lateral side on the image's left, as in a PA film that is read facing the patient.
    """
    if min(film.shape) < SMALLEST:
        return {'medial': 'TOO_SMALL', 'lateral': 'TOO_SMALL'}
    scale = film.shape[1] / WIDTH
    smooth = _resampled(smoothed(np.asarray(film, dtype=np.float64), SIGMA * scale), scale)
    gradient = np.zeros_like(smooth)
    gradient[1:-1] = (smooth[2:] - smooth[:-2]) / 2 * (-1 if bone_is_dark(smooth) else 1)
    left, right = _traced(gradient, scale)
    return {'medial': right, 'lateral': left} if side == 'R' else {'medial': left, 'lateral': right}


def _traced(gradient: np.ndarray, scale: float) -> list[CompartmentSpace | str]:
    height = len(gradient)
    rows, gaps = np.arange(int(ROWS[0] * height), int(ROWS[1] * height)), np.arange(*GAPS)
    lower = np.minimum(rows[:, None] + gaps, height - 2)
    outer = np.arange(*TRACED)
    compartments = [outer, WIDTH - 1 - outer[::-1]]
    units = [_unit(gradient[rows[0] : lower[-1, -1] + 1, columns]) for columns in compartments]
    if min(units) == 0:
        return ['NO_EDGES', 'NO_EDGES']
    strengths = [np.clip(gradient[:, columns] / unit, -LIMIT, LIMIT) for columns, unit in zip(compartments, units, strict=True)]

    def costs(strength: np.ndarray, column: int) -> np.ndarray:
        return strength[rows, column][:, None] - strength[lower, column] + GAP_COST * gaps

    moves: list[list[np.ndarray]] = [[], []]
    total, gap_at_notch, row_before_notch = np.zeros((len(rows), len(gaps))), np.zeros(0, int), np.zeros(0, int)
    for index, strength in enumerate(strengths):
        if index == 1:
            gap_at_notch = total.argmin(axis=1)
            jumps = JUMP_COST * np.maximum(np.abs(rows[:, None] - rows) - FREE_JUMP, 0) + total.min(axis=1)
            row_before_notch = jumps.argmin(axis=1)
            total = np.repeat(jumps.min(axis=1)[:, None], len(gaps), axis=1)
        total = total + costs(strength, 0)
        for column in range(1, len(outer)):
            padded = np.pad(total, 1, constant_values=np.inf)
            reached = np.stack([_shifted(padded, *move) + STEP_COST * (abs(move[0]) + abs(move[1])) for move in MOVES])
            moves[index].append(reached.argmin(axis=0))
            total = reached.min(axis=0) + costs(strength, column)
    row, gap = np.unravel_index(total.argmin(), total.shape)
    last = _path(int(row), int(gap), moves[1])
    before = int(row_before_notch[last[0][0]])
    first = _path(before, int(gap_at_notch[before]), moves[0])
    return [
        _space(gradient[:, columns], strength, rows, gaps, path, columns, scale)
        for columns, strength, path in zip(compartments, strengths, (first, last), strict=True)
    ]


def _shifted(padded: np.ndarray, down: int, wider: int) -> np.ndarray:
    return padded[1 + down : padded.shape[0] - 1 + down, 1 + wider : padded.shape[1] - 1 + wider]


def _path(row: int, gap: int, moves: list[np.ndarray]) -> list[tuple[int, int]]:
    path = [(row, gap)]
    for move in moves[::-1]:
        down, wider = MOVES[move[row, gap]]
        row, gap = row + down, gap + wider
        path.append((row, gap))
    return path[::-1]


def _space(
    gradient: np.ndarray,
    strength: np.ndarray,
    rows: np.ndarray,
    gaps: np.ndarray,
    path: list[tuple[int, int]],
    columns: np.ndarray,
    scale: float,
) -> CompartmentSpace | str:
    places = np.arange(len(path))
    femur = rows[[row for row, _ in path]]
    tibia = np.minimum(femur + gaps[[gap for _, gap in path]], len(gradient) - 2)
    if min(-strength[femur, places].mean(), strength[tibia, places].mean()) < WEAKEST:
        return 'WEAK_EDGES'
    upper, lower = femur + _peak(-gradient, femur, places), tibia + _peak(gradient, tibia, places)
    measured = slice(MEASURED[0] - TRACED[0], MEASURED[1] - TRACED[0])
    widths = (lower - upper) * scale
    widths = widths[measured] if columns[0] == TRACED[0] else widths[::-1][measured]
    runs = np.convolve(widths, np.ones(RUN) / RUN, mode='valid')
    centre = (np.array([columns, upper, lower]) + 0.5) * scale - 0.5
    return CompartmentSpace(max(0.0, float(runs.min())), float(widths.mean()), *centre)


def _peak(signal: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Offset of the peak of a parabola through three rows, within half a row; 0 where there is no peak."""
    above, here, below = (signal[rows + step, columns] for step in (-1, 0, 1))
    bend = above - 2 * here + below
    return np.clip(np.where(bend < 0, (above - below) / (2 * np.where(bend < 0, bend, 1)), 0), -0.5, 0.5)


def bone_is_dark(image: np.ndarray) -> bool:
    """Whether the middle of the crop, which is bone, is darker than its sides."""
    rows = image[len(image) // 4 : 3 * len(image) // 4]
    return bool(np.median(rows[:, WIDTH // 4 : 3 * WIDTH // 4]) < np.median(np.concatenate([rows[:, :SIDE], rows[:, -SIDE:]], axis=1)))


def _unit(gradient: np.ndarray) -> float:
    return float(np.percentile(np.abs(gradient), PERCENTILE))


def smoothed(image: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian over both axes, four deviations wide, the edge pixel repeated."""
    radius = int(4 * sigma + 0.5)
    taps = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    taps /= taps.sum()
    for axis in (0, 1):
        padded = np.pad(image, [(radius, radius) if axis == a else (0, 0) for a in (0, 1)], mode='symmetric')
        image = np.apply_along_axis(np.convolve, axis, padded, taps, 'valid')
    return image


def _resampled(image: np.ndarray, scale: float) -> np.ndarray:
    """Linear interpolation at the centres of working pixels `scale` crop pixels wide."""
    for axis, count in ((0, round(image.shape[0] / scale)), (1, WIDTH)):
        place = np.clip((np.arange(count) + 0.5) * scale - 0.5, 0, image.shape[axis] - 1)
        low = np.minimum(place.astype(int), image.shape[axis] - 2)
        share = np.expand_dims(place - low, 1 - axis)
        image = image.take(low, axis) * (1 - share) + image.take(low + 1, axis) * share
    return image
