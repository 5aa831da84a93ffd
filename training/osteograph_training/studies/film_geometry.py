"""`compare-films`: whether phantom films have the geometry of real ones.

A network is blind to what its training films never show. The measure is taken on crops of the knee, right knees and left ones
mirrored, so it needs no truth, and real and phantom films are measured with the same error.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy import ndimage
from torch.nn import functional as F

from ..errors import TrainingError
from ..images import FILM_SIZE, central_crop, film_patch, read_film, window_film
from ..reading.films import GradedFilms, load_graded_films
from ..release import read_films

#: Columns of the lateral and the medial compartment and rows around the joint, as shares of the crop.
COMPARTMENTS = ((0.22, 0.38), (0.62, 0.78))
ROWS = (0.35, 0.65)

#: Standard deviations of the smoothing that takes the grain off, and of the background that the dark line is searched against: pixels.
GRAIN, BACKGROUND = 1.5, 18.0


def joint_rows(crop: np.ndarray) -> tuple[float, float]:
    """Rows of the joint space's darkest line in the lateral and the medial compartment, in % of the width of a crop [256,256]."""
    smooth = ndimage.gaussian_filter(crop, GRAIN)
    height, width = smooth.shape
    first, last = (int(share * height) for share in ROWS)
    rows = []
    for left, right in COMPARTMENTS:
        profile = smooth[first:last, int(left * width) : int(right * width)].mean(axis=1)
        rows.append(100 * (first + float(np.argmin(profile - ndimage.gaussian_filter1d(profile, BACKGROUND)))) / width)
    return rows[0], rows[1]


def obliquity(crop: np.ndarray) -> float:
    """How much lower the medial joint line lies than the lateral one, in % of the crop's width."""
    lateral, medial = joint_rows(crop)
    return medial - lateral


def compare_films(release: Path, films: Path, limit: int) -> dict[str, dict[str, float]]:
    """Obliquity of a synthetic release's films against that of real crops of training people, KL 0-1 and KL 2-4 apart.

    `films` is a folder with index.csv (file, participant, side, kl); of each group up to `limit` crops are measured. `inside` is the
    share of real films within the middle 95 % of the phantoms.
    """
    phantoms = np.array([obliquity(crop) for crop in phantom_crops(release)])
    low, high = np.percentile(phantoms, [2.5, 97.5])
    table = {'phantoms': _summary(phantoms)}
    graded = load_graded_films(films, 'train')
    for name, grades in (('real, KL 0-1', (0, 1)), ('real, KL 2-4', (2, 3, 4))):
        values = np.array([obliquity(crop) for crop in real_crops(graded, grades, limit)])
        table[name] = _summary(values) | {'inside': float(np.mean((values >= low) & (values <= high)))}
    return table


def geometry_table(table: dict[str, dict[str, float]]) -> str:
    """The result of `compare_films` as Markdown."""
    lines = [
        '| films | number | median, % of width | SD | middle 95 % | inside the middle 95 % of the phantoms |',
        '|---|---|---|---|---|---|',
    ]
    for name, row in table.items():
        inside = f'{100 * row["inside"]:.0f} %' if 'inside' in row else ''
        lines.append(f'| {name} | {row["films"]:.0f} | {row["median"]:+.1f} | {row["sd"]:.1f} | {row["low"]:+.1f} to {row["high"]:+.1f} | {inside} |')
    return '\n'.join(lines)


def phantom_crops(release: Path) -> Iterator[np.ndarray]:
    """Crops [256,256] in [-1,1] of every knee on the films of a release, left knees mirrored."""
    for film in read_films(release):
        pixels = read_film(film.folder)
        for box in film.boxes:
            # The film shows the patient's left knee on its right half.
            mirror = box.left + box.side / 2 > pixels.shape[1] / 2
            yield window_film(central_crop(film_patch(pixels, box, mirror)))


def real_crops(films: GradedFilms, grades: tuple[int, ...], limit: int) -> Iterator[np.ndarray]:
    """Crops [256,256] in [-1,1] of up to `limit` films with these KL grades, spread evenly over the list."""
    chosen = [index for index, grade in enumerate(films.grades.tolist()) if grade in grades]
    if not chosen:
        raise TrainingError(f'There is no film of training people with KL {grades[0]} to {grades[-1]}.')
    for place in spread(len(chosen), limit):
        yield real_crop(films, chosen[place])


def real_crop(films: GradedFilms, index: int) -> np.ndarray:
    """A real film as the generator takes it: [256,256] in [-1,1]."""
    image = F.interpolate(films.images[index][None].float(), (FILM_SIZE, FILM_SIZE), mode='bilinear')
    return window_film(image[0, 0].numpy())


def spread(count: int, limit: int) -> list[int]:
    """Up to `limit` places among `count`, evenly apart from the first to the last."""
    return np.linspace(0, count - 1, min(limit, count)).astype(int).tolist()


def _summary(values: np.ndarray) -> dict[str, float]:
    low, high = np.percentile(values, [2.5, 97.5])
    return {'films': len(values), 'median': float(np.median(values)), 'sd': float(values.std()), 'low': float(low), 'high': float(high)}
