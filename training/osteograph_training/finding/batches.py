"""Batches that a knee detector learns from: films of phantoms, real knees in their place, films composed of real knees, other views."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ..detector import SHOWS, UNKNOWN, DetectorOptions
from ..detector_data import FilmSet, random_film, window
from .compose import ComposedFilm, changed, compose, laid_in
from .crops import KneeCrop
from .legs import Place, set_into

#: How often a composed film shows each of SHOWS.
OFTEN = (0.36, 0.30, 0.12, 0.08, 0.14)


def random_batch(
    films: FilmSet, crops: Sequence[KneeCrop], options: DetectorOptions, rng: np.random.Generator
) -> tuple[Tensor, list[Tensor], Tensor]:
    """Films [B,1,192,256] in [-1,1], the places of their knees, and what each shows, its turn and inversion, int64 [B,3]."""
    drawn = [_of_phantom(films, options.negatives, rng) for _ in range(options.phantoms)]
    drawn += [_mixed(films, crops, rng) for _ in range(options.mixed)]
    drawn += [compose(str(rng.choice(SHOWS, p=OFTEN)), crops, rng) for _ in range(options.batch - len(drawn))]
    images, places = zip(*(laid_in(film) for film in drawn), strict=True)
    return window(torch.cat(images)), list(places), torch.tensor([_labels(film) for film in drawn])


def _labels(film: ComposedFilm) -> tuple[int, int, int]:
    """Which way up other views lie is not said: nothing asks for it."""
    shows = SHOWS.index(film.shows) if film.shows in SHOWS else UNKNOWN
    frontal = film.shows in ('BILATERAL', 'SINGLE')
    return shows, film.turned if frontal else UNKNOWN, int(film.inverted)


def _of_phantom(films: FilmSet, negatives: float, rng: np.random.Generator) -> ComposedFilm:
    image, knees, negative = random_film(films, negatives, rng)
    # A film on which no knee is whole may still show parts of one: what that is called is left open.
    shows = 'NONE' if negative else ('', 'SINGLE', 'BILATERAL')[len(knees)]
    return changed(ComposedFilm(image[0, 0].numpy(), knees.numpy(), shows), rng)


def _mixed(films: FilmSet, crops: Sequence[KneeCrop], rng: np.random.Generator) -> ComposedFilm:
    """A film of a phantom as it would be seen, with real knees where it has its own."""
    image, knees, _ = random_film(films, 0.0, rng)
    film, places = image[0, 0].numpy().copy(), []
    for column, row, side in knees.tolist():
        across, down = rng.normal(0, 0.04, 2) * side
        place = Place(column + across, row + down, side * float(np.exp(rng.normal(0, 0.04))))
        set_into(film, crops[rng.integers(len(crops))], place, rng)
        places.append((place.column, place.row, place.side))
    return changed(ComposedFilm(film, np.array(places, np.float32).reshape(-1, 3), ('', 'SINGLE', 'BILATERAL')[len(knees)]), rng)
