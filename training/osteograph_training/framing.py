"""How a crop of one knee is framed for generators of volumes: the reference of src/imaging/radiograph/framing.ts."""

import numpy as np

from .images import FILM_SIZE, resampling_matrix, window_film
from .reading.joint_space import read_film_joint_space
from .release import FilmBox

#: Where the films of the training hold the joint line, as a share of the square's height, and how far they were moved at random.
JOINT_ROW, MOVED = 0.493, 0.03


def framed_square(film: np.ndarray) -> FilmBox:
    """The square of a crop, float [H,H] in [0, 1], moved up or down to where a generator was shown joints.

    The whole crop where the joint lies there already, or cannot be traced.
    """
    size = film.shape[1]
    spaces = [space for space in read_film_joint_space(film, 'R').values() if not isinstance(space, str)]
    rows = [(((space.femur + space.tibia) / 2).mean() + 0.5) / size for space in spaces]
    if not rows or abs(np.mean(rows) - JOINT_ROW) <= MOVED:
        return FilmBox(0.0, 0.0, float(size))
    return FilmBox(0.0, (float(np.mean(rows)) - JOINT_ROW) * size, float(size))


def framed_crop(film: np.ndarray) -> np.ndarray:
    """A crop of one knee, float [H,H] in [0, 1], as a generator is given it: [256,256] in [-1,1]; beyond the border its last pixels count."""
    square = framed_square(film)
    rows = resampling_matrix(film.shape[0], square.top, square.side, FILM_SIZE)
    columns = resampling_matrix(film.shape[1], square.left, square.side, FILM_SIZE)
    return window_film(rows @ film.astype(np.float32) @ columns.T)
