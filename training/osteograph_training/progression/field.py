"""The joint-closing field of a knee film: the reference of src/imaging/progression/field.ts.

Both edges of the joint space are traced (`reading.joint_space`). A stationary velocity moves rows towards the line halfway between them, in
proportion to their distance within the space and ever less beyond it, so that its flow is a diffeomorphism: after time 1 every gap
is the wished share of what it was, at any time between a frame on the way. Everything is in working pixels: a crop of WIDTH columns.
"""

from dataclasses import dataclass

import numpy as np

from ..errors import TrainingError
from ..reading.joint_space import WIDTH, CompartmentSpace, read_film_joint_space

#: Deviation of the Gaussian over the columns of the traced edges.
SMOOTH = 3.0
#: Half the least gap that the field knows, and the rows beyond the gap that still move in proportion.
LEAST_HALF, MARGIN = 0.5, 1.5
#: Rows over which the velocity stops growing.
BEND = 3.0
#: Rows from the middle of the joint beyond which nothing moves.
REACH = 56.0
#: Columns across the notch over which one compartment's share becomes the other's.
NOTCH = (90, 134)
#: Least and largest share of a gap: with these neither the field nor its inverse comes below .33 of a volume.
SHARES = (0.34, 1 / 0.34)
#: Steps of the fourth-order Runge-Kutta integration.
STEPS = 6


@dataclass
class JointLine:
    """Of a crop with WIDTH columns: rows of the line halfway between both edges, half the gap, each float64 [WIDTH]; narrowest widths in rows."""

    middle: np.ndarray
    half: np.ndarray
    left: float
    right: float


def joint_line(film: np.ndarray) -> JointLine:
    """Traces the joint of float [H,W] in [0, 1]. Raises TrainingError where a compartment's edges are not seen."""
    spaces = read_film_joint_space(film, 'L')
    left, right = spaces['medial'], spaces['lateral']
    if isinstance(left, str) or isinstance(right, str):
        raise TrainingError('The edges of the joint could not be traced on this film, so it cannot be changed.')
    scale = film.shape[1] / WIDTH
    return line_between(left, right, scale)


def line_between(left: CompartmentSpace, right: CompartmentSpace, scale: float) -> JointLine:
    """The joint's line through both compartments, `scale` crop pixels a working pixel; straight across the notch, level beyond the outer columns."""
    columns, femur, tibia = (
        (np.concatenate([getattr(left, name), getattr(right, name)]) + 0.5) / scale - 0.5 for name in ('columns', 'femur', 'tibia')
    )
    across = np.arange(WIDTH, dtype=np.float64)
    middle = _smoothed(np.interp(across, columns, (femur + tibia) / 2))
    half = _smoothed(np.interp(across, columns, (tibia - femur) / 2))
    return JointLine(middle, np.maximum(half, LEAST_HALF), left.minimum / scale, right.minimum / scale)


def closing(left: float, right: float) -> np.ndarray:
    """Wished shares of the gap of the compartments on the image's left and right -> what each column's gap becomes, float64 [WIDTH]."""
    shares = np.log(np.clip([left, right], *SHARES))
    place = np.clip((np.arange(WIDTH) - NOTCH[0]) / (NOTCH[1] - NOTCH[0]), 0, 1)
    return np.exp(shares[0] + (shares[1] - shares[0]) * place * place * (3 - 2 * place))


def displacement(line: JointLine, shares: np.ndarray, time: float, rows: int) -> np.ndarray:
    """Rows to add to a pixel's row to find where its grey comes from at `time` (0: the film, 1: the end), float64 [rows, WIDTH]."""
    rate = -np.log(shares)[None] * time
    straight = line.half * np.maximum(1, shares) + MARGIN
    start = np.arange(rows, dtype=np.float64)[:, None] - line.middle[None]
    place = start
    for _ in range(STEPS):
        first = rate * _profile(place, straight)
        second = rate * _profile(place + first / (2 * STEPS), straight)
        third = rate * _profile(place + second / (2 * STEPS), straight)
        fourth = rate * _profile(place + third / STEPS, straight)
        place = place + (first + 2 * second + 2 * third + fourth) / (6 * STEPS)
    return place - start


def warped(film: np.ndarray, field: np.ndarray) -> np.ndarray:
    """float [H,WIDTH] with each pixel's grey taken `field` rows further down; cubic (Keys, a = -1/2), rows beyond the border repeated."""
    rows = len(film)
    place = np.arange(rows)[:, None] + field
    below = np.floor(place).astype(int)
    share = place - below
    columns = np.arange(film.shape[1])[None]
    weights = (
        ((-0.5 * share + 1) * share - 0.5) * share,
        (1.5 * share - 2.5) * share * share + 1,
        ((-1.5 * share + 2) * share + 0.5) * share,
        (0.5 * share - 0.5) * share * share,
    )
    return sum(weight * film[np.clip(below + step - 1, 0, rows - 1), columns] for step, weight in enumerate(weights))


def jacobian(field: np.ndarray) -> np.ndarray:
    """Determinant of the map, float64 [rows-1, WIDTH]: only rows move, so it is the growth of their places."""
    return 1 + np.diff(field, axis=0)


def _profile(distance: np.ndarray, straight: np.ndarray) -> np.ndarray:
    """The velocity's shape: the distance itself up to `straight`, its growth fading over BEND rows, then a cosine down to 0 at REACH."""
    away = np.abs(distance)
    bent = np.clip(away - straight, 0, BEND)
    near = np.minimum(away, straight) + bent - bent * bent / (2 * BEND)
    fading = np.clip((away - straight - BEND) / (REACH - straight - BEND), 0, 1)
    return np.sign(distance) * near * np.cos(np.pi / 2 * fading) ** 2


def _smoothed(values: np.ndarray) -> np.ndarray:
    radius = int(4 * SMOOTH + 0.5)
    taps = np.exp(-0.5 * (np.arange(-radius, radius + 1) / SMOOTH) ** 2)
    return np.convolve(np.pad(values, radius, mode='edge'), taps / taps.sum(), 'valid')
