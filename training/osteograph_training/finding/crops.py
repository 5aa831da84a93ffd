"""Real crops of one knee with the square that a knee detector should find on each: traced, not labelled by hand."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from ..errors import TrainingError
from ..film_split import read_film_split
from ..reading.joint_space import bone_is_dark, read_film_joint_space, smoothed

#: Rows and columns of a crop.
CROP = 224
#: A knee's square is this many tibial plateaus wide, as that of phantoms is.
SQUARE = 1.22
#: Where the ends of a plateau are looked for, columns from the crop's sides, and over which rows below the joint line.
ENDS, BELOW = (4, 56), (7, 24)
#: Usual distance of an end from the crop's side and how much it varies, columns: what the edges say is weighed against this.
USUAL_END, SPREAD_END = 21.0, 14.0
#: How far an end moves inward per row: the tibia narrows below its plateau.
SLOPES = np.linspace(0.0, 0.8, 9)


@dataclass(frozen=True)
class KneeCrop:
    """A crop, uint8 [224,224], bone bright, and its knee: centre of the joint line and side of the square around it, crop pixels."""

    participant: str
    side: str
    image: np.ndarray
    column: float
    row: float
    square: float


def load_crops(folder: Path, part: str, cache: Path, most: int | None = None) -> list[KneeCrop]:
    """Crops that `folder`/index.csv lists of the people in a part of the frozen split, those whose joint can be traced.

    `most` takes as many at random, always the same. What was traced is kept in the folder `cache`.
    """
    index = folder / 'index.csv'
    if not index.is_file():
        raise TrainingError(f'{index} does not exist; a folder of graded films with an index is expected.')
    split = read_film_split()
    with index.open(newline='', encoding='utf-8') as file:
        rows = [row for row in csv.DictReader(file) if split.get(row['participant']) == part]
    if not rows:
        raise TrainingError(f'{index} lists no film of the people in {part}.')
    if most is not None and most < len(rows):
        rows = [rows[place] for place in sorted(np.random.default_rng(1).choice(len(rows), most, replace=False))]
    cache.mkdir(parents=True, exist_ok=True)
    kept = cache / f'crops-{part}-{len(rows)}.npz'
    if not kept.exists():
        images = np.stack([np.asarray(Image.open(folder / row['file']).convert('L')) for row in tqdm(rows, f'{part} crops', mininterval=10)])
        images = np.stack([upright(image) for image in images])
        places = np.array([knee_place(image / 255) or (np.nan,) * 3 for image in tqdm(images, 'traced', mininterval=10)])
        np.savez(kept, images=images, places=places)
    with np.load(kept) as saved:
        images, places = saved['images'], saved['places']
    return [
        KneeCrop(row['participant'], row['side'], image, *place.tolist())
        for row, image, place in zip(rows, images, places, strict=True)
        if np.isfinite(place).all()
    ]


def upright(image: np.ndarray) -> np.ndarray:
    """A crop with its bone bright: some of the collection are stored the other way round."""
    return 255 - image if bone_is_dark(smoothed(image / 255, 1.2)) else image


def knee_place(film: np.ndarray) -> tuple[float, float, float] | None:
    """Column, row and side of the square around the knee on a crop, float [224,224] in [0, 1], bone bright; None where the joint cannot be traced.

    The row is the middle of the joint space, both compartments together; the ends of the plateau are the strongest edges below it.
    """
    spaces = [space for space in read_film_joint_space(film, 'R').values() if not isinstance(space, str)]
    if len(spaces) < 2:
        return None
    row = float(np.mean([(space.femur + space.tibia) / 2 for space in spaces]))
    across = np.gradient(smoothed(film, 2.0), axis=1)
    left, right = _end(across, row), CROP - 1 - _end(-across[:, ::-1], row)
    return (left + right) / 2 + 0.5, row + 0.5, SQUARE * (right - left)


def _end(across: np.ndarray, row: float) -> float:
    """Column of the plateau's end at the left: the line, upright or leaning inward, with the strongest rise of grey."""
    rows = np.arange(round(row) + BELOW[0], min(round(row) + BELOW[1], CROP))
    columns = np.arange(*ENDS)
    rise = across[rows]
    rise = rise / max(float(np.percentile(np.abs(rise), 90)), 1e-6)
    lines = columns[:, None, None] + np.rint(SLOPES[:, None] * (rows - rows[0])).astype(int)
    strength = np.clip(rise[np.arange(len(rows)), lines], -1.5, 1.5).mean(axis=2).max(axis=1)
    return float(columns[(strength - 0.5 * ((columns - USUAL_END) / SPREAD_END) ** 2).argmax()])
