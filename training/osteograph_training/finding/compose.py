"""Whole films composed of real knees set into invented legs, and films that show no knee from the front, as a knee detector sees them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..detector import FILM_COLUMNS, FILM_ROWS
from ..detector_data import styled
from .crops import KneeCrop
from .legs import Place, draw_hardware, draw_implant, draw_leg, draw_marker
from .other_views import NO_KNEE, lateral, skyline

#: Films are drawn this many times as fine as the network sees them.
FINE = 2


@dataclass(frozen=True)
class ComposedFilm:
    """A film, float [rows, columns] in [0, 1], its knees (column, row, side) [K,3] in its pixels, what it shows, and how it lies.

    `turned` counts quarter turns clockwise that it was turned by; a film that was turned has no knees to be found.
    """

    image: np.ndarray
    knees: np.ndarray
    shows: str
    turned: int = 0
    inverted: bool = False


def compose(shows: str, crops: Sequence[KneeCrop], rng: np.random.Generator, change: bool = True, strip: bool | None = None) -> ComposedFilm:
    """A film of one of detector.SHOWS; `change` turns some of the films and inverts the greys of some.

    `strip` says whether a film of knees is cut to a strip, wider than high, about the joint; some are where it is None.
    """
    if shows == 'BILATERAL':
        image, places = _bilateral(crops, rng, rng.random() < 0.45 if strip is None else strip)
    elif shows == 'SINGLE':
        image, places = _single(crops, rng, rng.random() < 0.4 if strip is None else strip)
    else:
        image, places = _other(shows, crops, rng), []
    for place in places:
        if rng.random() < 0.06:
            draw_implant(image, place, rng)
        if rng.random() < 0.08:
            draw_hardware(image, place, rng)
    image = F.avg_pool2d(torch.from_numpy(np.ascontiguousarray(image, dtype=np.float32))[None, None], FINE)
    image = styled(image, rng)[0, 0].numpy()
    if rng.random() < 0.6:
        draw_marker(image, rng)
    knees = np.array([(place.column / FINE, place.row / FINE, place.side / FINE) for place in places], np.float32).reshape(-1, 3)
    if rng.random() < 0.25:
        image, knees = _padded(image, knees, rng)
    film = ComposedFilm(np.ascontiguousarray(image), knees, shows)
    return changed(film, rng) if change else film


def changed(film: ComposedFilm, rng: np.random.Generator) -> ComposedFilm:
    """Every fifth film turned by quarter turns, every seventh or so with its greys inverted."""
    turned = int(rng.integers(1, 4)) if rng.random() < 0.2 else 0
    inverted = bool(rng.random() < 0.15)
    image, knees = film.image, film.knees
    if turned:
        image, knees = np.rot90(image, -turned), knees[:0]
    return ComposedFilm(np.ascontiguousarray(image.max() - image if inverted else image), knees, film.shows, turned, inverted)


def laid_in(film: ComposedFilm) -> tuple[Tensor, Tensor]:
    """A film laid into the network's input with its edges repeated beside it, [1,1,192,256], and its knees in input pixels."""
    rows, columns = film.image.shape
    pitch = max(columns / FILM_COLUMNS, rows / FILM_ROWS)
    height, width = min(FILM_ROWS, round(rows / pitch)), min(FILM_COLUMNS, round(columns / pitch))
    image = torch.from_numpy(film.image)[None, None]
    image = F.interpolate(image, (height, width), mode='bilinear', antialias=True, align_corners=False)
    top, left = (FILM_ROWS - height) // 2, (FILM_COLUMNS - width) // 2
    image = F.pad(image, (left, FILM_COLUMNS - width - left, top, FILM_ROWS - height - top), mode='replicate')
    knees = torch.from_numpy(film.knees / pitch + np.array([left, top, 0], np.float32))
    return image, knees.float()


def _bilateral(crops: Sequence[KneeCrop], rng: np.random.Generator, strip: bool) -> tuple[np.ndarray, list[Place]]:
    rows, columns = _size(rng.uniform(1.55, 2.6) if strip else rng.uniform(0.85, 1.5))
    side = rng.uniform(0.5, 0.98) * rows if strip else rng.uniform(0.19, 0.36) * columns
    side = min(side, columns * 0.47)
    apart = min(max(rng.uniform(1.05, 2.1) * side, 0.36 * columns), columns - 0.86 * side)
    apart = max(apart, 0.98 * side)
    middle, height = columns / 2 + rng.normal(0, 0.02) * columns, rows * (0.5 + rng.uniform(-0.14, 0.14))
    first = crops[rng.integers(len(crops))]
    second = _partner(first, crops, rng)
    film, places = _air(rows, columns, rng), []
    for crop, sign in ((first, -1), (second, 1)):
        place = Place(middle + sign * apart / 2, height + rng.normal(0, 0.03) * side, side * np.exp(rng.normal(0, 0.03)), rng.normal(0, 3))
        draw_leg(film, crop, place, rng)
        places.append(place)
    return film, places


def _single(crops: Sequence[KneeCrop], rng: np.random.Generator, strip: bool) -> tuple[np.ndarray, list[Place]]:
    if strip:
        rows, columns = _size(rng.uniform(1.3, 2.3))
        side = rng.uniform(0.5, 1.05) * rows
    elif rng.random() < 0.6:
        rows, columns = _size(rng.uniform(0.45, 1.2))
        side = rng.uniform(0.3, 0.85) * columns
    else:
        rows, columns = _size(rng.uniform(0.8, 1.25))
        side = rng.uniform(0.7, 1.08) * min(rows, columns)
    place = Place(columns * (0.5 + rng.uniform(-0.14, 0.14)), rows * (0.5 + rng.uniform(-0.12, 0.12)), side, rng.normal(0, 4))
    film = _air(rows, columns, rng)
    draw_leg(film, crops[rng.integers(len(crops))], place, rng)
    return film, [place]


def _other(shows: str, crops: Sequence[KneeCrop], rng: np.random.Generator) -> np.ndarray:
    rows, columns = _size(rng.uniform(0.6, 2.0))
    if shows != 'NONE':
        film = (lateral if shows == 'LATERAL' else skyline)(rows, columns, rng)
        return film / film.max() + _air(rows, columns, rng)
    if rng.random() < 0.3:
        film, side = _air(rows, columns, rng), rng.uniform(0.3, 0.9) * columns
        draw_leg(film, crops[rng.integers(len(crops))], Place(columns / 2, rows / 2, side, rng.normal(0, 8)), rng, joint=False)
        return film
    film = NO_KNEE[rng.integers(len(NO_KNEE))](rows, columns, rng)
    return film / film.max() + _air(rows, columns, rng)


def _partner(crop: KneeCrop, crops: Sequence[KneeCrop], rng: np.random.Generator) -> KneeCrop:
    """The same person's other knee, where it is among those next to the crop in the list, else anybody's."""
    others = [other for other in crops if other.participant == crop.participant and other.side != crop.side] if len(crops) < 1000 else []
    return others[0] if others else crops[rng.integers(len(crops))]


def _size(aspect: float) -> tuple[int, int]:
    """Rows and columns of a film of this width over height, as large as the network's input holds it, drawn FINE times as fine."""
    pitch = max(aspect / FILM_COLUMNS, 1 / FILM_ROWS)
    return FINE * max(48, round(1 / pitch)), FINE * max(48, round(aspect / pitch))


def _air(rows: int, columns: int, rng: np.random.Generator) -> np.ndarray:
    return np.full((rows, columns), rng.uniform(0, 0.08), np.float32)


def _padded(image: np.ndarray, knees: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A film with plain bands beside it, as viewers export it: two that lie opposite, or all four."""
    rows, columns = image.shape
    down, across = (int(share) for share in rng.uniform(0, 0.25, 2) * (rows, columns) * rng.permutation([1.0, rng.random() < 0.3]))
    value = float(rng.choice([image.min(), image.max(), 0.0]))
    padded = np.pad(image, ((down, int(down * rng.uniform(0.5, 1.5))), (across, int(across * rng.uniform(0.5, 1.5)))), constant_values=value)
    return padded, knees + np.array([across, down, 0], np.float32)
