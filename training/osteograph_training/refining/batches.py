"""Batches of a refiner: pairs of crops of one knee with other grades, somewhere on the path from a decoded slice to the true one."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..images import MRI_SIZE
from ..networks.refiner import KAPPA, film_on_slice, mirrored_features
from .config import RefinerOptions
from .samples import Samples, differs

#: How far a film lies from where it belongs, as a knee detector errs: standard deviation in pixels of a slice.
ASTRAY = 1.2

#: Crops begin at multiples of this, so that the network's pooling lies on a crop as it lies on the slice.
GRID = 8


@dataclass(frozen=True)
class Pairs:
    """N pairs of crops, the first of each pair and then the second; images [2N,1,C,C] in [-1,1].

    `film` [2N,2,C,C] lies on them, `where` [2N,2,C,C] is their place in the slice, `place` [2N] that on the path, which both of a pair share.
    """

    image: Tensor
    truth: Tensor
    film: Tensor
    where: Tensor
    features: Tensor
    depth: Tensor
    side: Tensor
    mirrored: Tensor
    place: Tensor
    noise: Tensor

    @property
    def state(self) -> Tensor:
        """What the path holds at `place`."""
        place = self.place[:, None, None, None]
        return self.truth + place * (self.image - self.truth) + KAPPA * place.sqrt() * self.noise


def drawn_pairs(samples: Samples, options: RefinerOptions, where: Tensor, stream: torch.Generator) -> Pairs:
    """A batch; `where` [1,2,256,256] is the place of each pixel of a slice."""
    rng = np.random.default_rng(int(torch.randint(2**62, (1,), generator=stream)))
    count, versions, size = options.pairs, samples.versions, options.crop
    knees = rng.integers(len(samples), size=count)
    first = rng.integers(versions, size=count)
    swapped = rng.random(count) < options.film_swap
    second = (first + np.where(swapped, 1, rng.integers(1, versions, size=count))) % versions
    slices, tops, lefts = _places(samples, knees, first, second, options, rng)
    group = samples.group_of(slices)
    sides = np.where(rng.random(count) < options.unknown_share, 0, samples.sides[knees, group])
    parts: dict[str, list[np.ndarray]] = {name: [] for name in ('image', 'truth', 'film', 'features')}
    for version, other_film in ((first, swapped), (second, np.zeros_like(swapped))):
        parts['image'].append(samples.base[knees, version, other_film.astype(int), slices])
        parts['truth'].append(samples.truth[knees, version, slices])
        parts['film'].append(samples.films[knees, np.where(other_film, second, version), group])
        parts['features'].append(samples.features[knees, version] * samples.seen[knees, group])
    side = torch.from_numpy(sides.astype(np.float32)).repeat(2)
    whole = {name: _unit(parts[name]) for name in ('image', 'truth', 'film')}
    astray = torch.from_numpy(rng.normal(0, ASTRAY, size=(count, 2)).astype(np.float32)).repeat(2, 1)
    whole['film'] = film_on_slice(whole['film'], side, astray)
    whole['where'] = where.expand(2 * count, -1, -1, -1)
    cut = {name: _cut(images, np.tile(tops, 2), np.tile(lefts, 2), size) for name, images in whole.items()}
    features = torch.from_numpy(np.concatenate(parts['features']))
    mirrored = rng.random(count) < 0.5
    both = torch.from_numpy(np.tile(mirrored, 2))
    cut = {name: torch.where(both[:, None, None, None], images.flip(3), images) for name, images in cut.items()}
    features = torch.where(both[:, None], features[:, mirrored_features()], features)
    place = torch.from_numpy(_on_path(options, count, rng)).float().repeat(2)
    noise = torch.randn(count, 1, size, size, generator=stream).repeat(2, 1, 1, 1)
    depth = samples.depth_of(knees, slices).repeat(2)
    return Pairs(**cut, features=features, depth=depth, side=side, mirrored=both.float(), place=place, noise=noise)


def _on_path(options: RefinerOptions, count: int, rng: np.random.Generator) -> np.ndarray:
    """Places of pairs on the path: its far end, or anywhere down to its last place, by the logarithm."""
    first, last = options.path[0], options.path[-1]
    anywhere = first * (last / first) ** rng.random(count)
    return np.where(rng.random(count) < options.final_share, first, anywhere)


def _places(
    samples: Samples, knees: np.ndarray, first: np.ndarray, second: np.ndarray, options: RefinerOptions, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Slice, top and left of each pair's crop; a share of them lies around what differs, small findings as often as large ones."""
    count, room = len(knees), MRI_SIZE - options.crop
    slices = rng.integers(samples.slices.shape[1], size=count)
    corners = rng.integers(room // GRID + 1, size=(2, count)) * GRID
    for index in np.flatnonzero(rng.random(count) < options.changed_share):
        knee, one, other = knees[index], first[index], second[index]
        changed = np.sqrt(samples.changed[knee, one, other].astype(np.float64))
        if changed.any():
            slices[index] = rng.choice(len(changed), p=changed / changed.sum())
            rows, columns = np.nonzero(differs(samples.truth[knee, one, slices[index]], samples.truth[knee, other, slices[index]]))
            pixel = rng.integers(len(rows))
            apart = rng.integers(options.crop // 4, 3 * options.crop // 4 + 1, size=2)
            corners[:, index] = np.clip((np.array([rows[pixel], columns[pixel]]) - apart) // GRID * GRID, 0, room)
    return slices, corners[0], corners[1]


def _cut(images: Tensor, tops: np.ndarray, lefts: np.ndarray, size: int) -> Tensor:
    return torch.stack([image[:, top : top + size, left : left + size] for image, top, left in zip(images, tops, lefts, strict=True)])


def _unit(parts: list[np.ndarray]) -> Tensor:
    """Bytes [N,H,W] of several parts as [-1,1]."""
    return torch.from_numpy(np.concatenate(parts))[:, None].float().div_(127.5).sub_(1)
