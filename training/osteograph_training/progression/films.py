"""Graded films with their traced joints: what progressions are learnt from and judged on. Traced once and kept."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from ..errors import TrainingError
from ..reading.films import GRADES, GradedFilms, load_graded_films
from .field import JointLine, joint_line


@dataclass
class TracedFilms:
    """Films uint8 [N,1,224,224] that look like right knees, their KL grades [N], and the joint's line on each."""

    names: list[str]
    participants: list[str]
    images: Tensor
    grades: Tensor
    lines: list[JointLine]

    def __len__(self) -> int:
        return len(self.names)

    def lateral(self) -> np.ndarray:
        """Narrowest lateral width, % of the crop's width: a right knee has its lateral side on the image's left."""
        return np.array([line.left for line in self.lines]) * 100 / self.images.shape[3]

    def medial(self) -> np.ndarray:
        return np.array([line.right for line in self.lines]) * 100 / self.images.shape[3]

    def chosen(self, places: np.ndarray) -> 'TracedFilms':
        return TracedFilms(
            [self.names[place] for place in places],
            [self.participants[place] for place in places],
            self.images[torch.from_numpy(np.asarray(places, dtype=np.int64))],
            self.grades[torch.from_numpy(np.asarray(places, dtype=np.int64))],
            [self.lines[place] for place in places],
        )


def load_traced_films(folder: Path, cache: Path, part: str, most: int | None = None) -> TracedFilms:
    """Films of a part of the split, at most `most` of each grade, those left out whose joint cannot be traced.

    `cache` keeps the traces by file name, so that a second call takes no time.
    """
    films = load_graded_films(folder, part)
    stored = cache / f'joints-{part}.npz'
    known = dict(np.load(stored)) if stored.exists() else {}
    wanted = _wanted(films, most)
    for place in tqdm([place for place in wanted if films.names[place] not in known], f'tracing joints ({part})', mininterval=30):
        known[films.names[place]] = _traced(films.images[place, 0].numpy())
    cache.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(stored, **known)
    found = [place for place in wanted if known[films.names[place]].size]
    if not found:
        raise TrainingError(f'The joint could be traced on none of the {len(wanted)} films.')
    lines = [_line(known[films.names[place]]) for place in found]
    places = torch.tensor(found)
    return TracedFilms(
        [films.names[place] for place in found],
        [films.participants[place] for place in found],
        films.images[places],
        films.grades[places],
        lines,
    )


def _wanted(films: GradedFilms, most: int | None) -> list[int]:
    order = np.random.default_rng(1).permutation(len(films))
    if most is None:
        return sorted(order.tolist())
    grades = films.grades.numpy()
    return sorted(place for grade in range(GRADES) for place in order[grades[order] == grade][:most].tolist())


def _traced(film: np.ndarray) -> np.ndarray:
    """[3,224]: middle, half, and both widths in its first two values; nothing where the joint cannot be traced."""
    try:
        line = joint_line(film / 255)
    except TrainingError:
        return np.zeros((0, 0))
    widths = np.zeros_like(line.middle)
    widths[:2] = line.left, line.right
    return np.stack([line.middle, line.half, widths])


def _line(stored: np.ndarray) -> JointLine:
    return JointLine(stored[0], stored[1], float(stored[2, 0]), float(stored[2, 1]))
