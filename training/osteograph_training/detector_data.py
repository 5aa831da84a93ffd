"""Films for the knee detector: read once, then drawn anew for every step as other machines and hands would have taken them."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from .dataset import Split
from .detector import FILM_COLUMNS, FILM_ROWS
from .errors import TrainingError
from .images import read_film, resampling_matrix
from .release import Film, read_films

#: Films are kept at twice the network's resolution, so that knees can be enlarged.
KEPT_ROWS, KEPT_COLUMNS = 2 * FILM_ROWS, 2 * FILM_COLUMNS
#: Percentiles of the network's input that become -1 and 1.
DARK, BRIGHT = 2, 98


@dataclass
class FilmSet:
    """Films of one part: images float16 [N,1,384,512] in [0,1] and the knees of each, (column, row, side) [K,3] in kept pixels."""

    names: list[str]
    images: Tensor
    places: list[Tensor]

    def __len__(self) -> int:
        return len(self.names)


def load_films(release: Path, boxes: Path | None, split: Split, cache: Path) -> dict[str, FilmSet]:
    """The films of each part (train, validation, test) of the release; `cache` keeps them for the next run."""
    films = read_films(release, boxes)
    cache.mkdir(parents=True, exist_ok=True)
    parts: dict[str, list[tuple[str, np.ndarray, Tensor]]] = {'train': [], 'validation': [], 'test': []}
    for film in tqdm(films, 'films', mininterval=10):
        parts[split.part_of(film.participant)].append((f'{film.participant}_{film.visit}', *_kept_film(film, cache)))
    missing = [part for part, entries in parts.items() if not entries]
    if missing:
        raise TrainingError(f'{release} has too few participants: none fell into the {missing[0]} part.')
    return {part: _film_set(entries) for part, entries in parts.items()}


def whole_release(release: Path, boxes: Path | None, cache: Path) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """All films of a release as they are kept, float32 [384,512], and the knees of each, (column, row, side) [K,3] in kept pixels."""
    cache.mkdir(parents=True, exist_ok=True)
    kept = [_kept_film(film, cache) for film in read_films(release, boxes)]
    return [image.astype(np.float32) for image, _ in kept], [places.numpy() for _, places in kept]


def fit(rows: int, columns: int) -> tuple[float, float, float]:
    """How a film is laid into the network's input: film pixels per input pixel, and the input's left and top edge in film pixels.

    src/imaging/radiograph/detect.ts does the same; beyond the film its edge is repeated.
    """
    pitch = max(columns / FILM_COLUMNS, rows / FILM_ROWS)
    return pitch, (columns - pitch * FILM_COLUMNS) / 2, (rows - pitch * FILM_ROWS) / 2


def plain_batch(films: FilmSet, indices: list[int]) -> tuple[Tensor, list[Tensor]]:
    """Films as at inference, [B,1,192,256] in [-1,1], with the knees' places in input pixels."""
    images = F.avg_pool2d(films.images[indices].float(), 2)
    return window(images), [films.places[index] / 2 for index in indices]


def random_film(films: FilmSet, negatives: float, rng: np.random.Generator) -> tuple[Tensor, Tensor, bool]:
    """A film [1,1,192,256] in random geometry and style, its knees, and whether it shows something else: a share `negatives` does."""
    index = rng.integers(len(films))
    image, knees = _moved(films.images[index].float()[None], films.places[index], rng)
    negative = bool(rng.random() < negatives)
    if negative:
        image, knees = _without_knees(image, rng), torch.zeros(0, 3)
    return styled(image, rng), knees, negative


def window(images: Tensor) -> Tensor:
    """Each film's 2nd and 98th percentile as -1 and 1."""
    low, high = np.percentile(images.flatten(1).numpy(), [DARK, BRIGHT], axis=1).astype(np.float32)
    low, high = torch.from_numpy(low)[:, None, None, None], torch.from_numpy(high)[:, None, None, None]
    return ((images - low) / (high - low).clamp(min=1e-6)).clamp(0, 1) * 2 - 1


def _kept_film(film: Film, cache: Path) -> tuple[np.ndarray, Tensor]:
    path = cache / f'{film.participant}_{film.visit}.npz'
    if not path.exists():
        pixels = read_film(film.folder)
        np.savez(path, image=_kept(pixels), shape=np.array(pixels.shape))
    with np.load(path) as saved:
        return saved['image'], _places(film, tuple(saved['shape'].tolist()))


def _kept(film: np.ndarray) -> np.ndarray:
    """A film [rows, columns] as it is kept: float16 [384,512] in [0,1]."""
    pitch, left, top = fit(*film.shape)
    rows = resampling_matrix(film.shape[0], top, pitch * FILM_ROWS, KEPT_ROWS)
    columns = resampling_matrix(film.shape[1], left, pitch * FILM_COLUMNS, KEPT_COLUMNS)
    image = rows @ film @ columns.T
    low, high = image.min(), image.max()
    return ((image - low) / max(float(high - low), 1e-6)).astype(np.float16)


def _places(film: Film, shape: tuple[int, int]) -> Tensor:
    """Joint centres and sides of the film's boxes in kept pixels, [K,3]."""
    pitch, left, top = fit(*shape)
    places = [(box.left + box.side / 2 - left, box.top + box.side / 2 - top, box.side) for box in film.boxes]
    return torch.tensor(places, dtype=torch.float32) * 2 / pitch


def _film_set(entries: list[tuple[str, np.ndarray, Tensor]]) -> FilmSet:
    names, images, places = zip(*entries, strict=True)
    return FilmSet(list(names), torch.from_numpy(np.stack(images)[:, None]), list(places))


def _moved(image: Tensor, places: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """One film at the network's size, seen larger or smaller, shifted, turned, mirrored; sometimes one knee fills it."""
    scale = math.exp(rng.normal(0, 0.16))
    middle = np.array([KEPT_COLUMNS / 2, KEPT_ROWS / 2]) + rng.uniform(-0.12, 0.12, 2) * (KEPT_COLUMNS, KEPT_ROWS)
    if rng.random() < 0.25:
        # The film of one knee, or what is left of a film cut close.
        scale = rng.uniform(0.3, 0.75)
        middle = places[rng.integers(len(places)), :2].numpy() + rng.uniform(-0.18, 0.18, 2) * scale * np.array((KEPT_COLUMNS, KEPT_ROWS))
    angle = math.radians(rng.normal(0, 3))
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    stretch = math.exp(rng.normal(0, 0.03))
    aspect = KEPT_COLUMNS / KEPT_ROWS
    cosine, sine = scale * math.cos(angle), scale * math.sin(angle)
    # Input place (u, v) in [-1, 1] shows kept place matrix (u, v) + offset, both in halves of the film's sides.
    matrix = np.array([[mirror * cosine, -sine / aspect], [mirror * sine * aspect, cosine * stretch]])
    offset = np.array([2 * middle[0] / KEPT_COLUMNS - 1, 2 * middle[1] / KEPT_ROWS - 1])
    theta = torch.from_numpy(np.column_stack([matrix, offset]).astype(np.float32))[None]
    grid = F.affine_grid(theta, [1, 1, KEPT_ROWS, KEPT_COLUMNS], align_corners=False)
    moved = F.avg_pool2d(F.grid_sample(image, grid, padding_mode='border', align_corners=False), 2)
    halves = np.array([KEPT_COLUMNS / 2, KEPT_ROWS / 2])
    seen = np.linalg.solve(matrix, (places[:, :2].numpy() / halves - 1 - offset).T).T
    centres = (seen + 1) * np.array([FILM_COLUMNS / 2, FILM_ROWS / 2])
    sides = places[:, 2:].numpy() / 2 / (scale * math.sqrt(stretch))
    knees = torch.from_numpy(np.concatenate([centres, sides], axis=1).astype(np.float32))
    # A joint less than a quarter of its square away from the border is neither a knee to be found nor clearly none.
    margin = 0.25 * knees[:, 2]
    inside = (knees[:, 0] > margin) & (knees[:, 0] < FILM_COLUMNS - margin) & (knees[:, 1] > margin) & (knees[:, 1] < FILM_ROWS - margin)
    return moved, knees[inside]


def _without_knees(image: Tensor, rng: np.random.Generator) -> Tensor:
    """A film of something else: the pieces of this one in another order, a shaft drawn out, or noise and stripes."""
    kind = rng.integers(3)
    if kind == 0:
        size = int(rng.choice([16, 32]))
        tiles = image.unfold(2, size, size).unfold(3, size, size).reshape(-1, size, size)
        tiles = tiles[torch.from_numpy(rng.permutation(len(tiles)))]
        return tiles.reshape(FILM_ROWS // size, FILM_COLUMNS // size, size, size).permute(0, 2, 1, 3).reshape(1, 1, FILM_ROWS, FILM_COLUMNS)
    if kind == 1:
        row = int(rng.choice([rng.integers(0, 24), rng.integers(FILM_ROWS - 24, FILM_ROWS)]))
        return image[:, :, row : row + 1].expand(-1, -1, FILM_ROWS, -1) + _soft_noise(rng, 24, 0.05)
    across = torch.linspace(0, float(rng.uniform(10, 120)), FILM_COLUMNS).sin() * float(rng.uniform(0, 0.3))
    return (0.5 + across + _soft_noise(rng, int(rng.choice([6, 12, 48])), 0.2)).reshape(1, 1, FILM_ROWS, FILM_COLUMNS)


def styled(image: Tensor, rng: np.random.Generator) -> Tensor:
    """A film [1,1,rows,columns] with another exposure, contrast, scatter, sharpening, grain, shading, collimation, markers."""
    rows, columns = image.shape[2:]
    image = image - image.min()
    image = image / image.max().clamp(min=1e-6)
    if rng.random() < 0.8:
        image = image ** math.exp(rng.normal(0, 0.45))
    if rng.random() < 0.5:
        image = image + _soft_noise(rng, int(rng.integers(2, 6)), rng.uniform(0.02, 0.2), rows, columns)
    if rng.random() < 0.3:
        # Over-exposed: what is bright is all one white.
        image = image.clamp(max=float(np.quantile(image.numpy(), rng.uniform(0.75, 0.99))))
    if rng.random() < 0.4:
        blurred = F.avg_pool2d(F.pad(image, (2, 2, 2, 2), mode='replicate'), 5, 1)
        image = image + float(rng.uniform(-0.9, 1.5)) * (image - blurred)
    if rng.random() < 0.5:
        noise = torch.from_numpy(rng.standard_normal((rows, columns), dtype=np.float32))
        image = image + float(rng.uniform(0.003, 0.05)) * noise
    if rng.random() < 0.35:
        _collimate(image, rng)
    for _ in range(int(rng.integers(0, 4))):
        height, width = int(rng.integers(2, 14)), int(rng.integers(2, 18))
        top, left = int(rng.integers(0, rows - height)), int(rng.integers(0, columns - width))
        if rng.random() < 0.5 and not rows * 0.3 < top < rows * 0.7:
            image[:, :, top : top + height, left : left + width] = float(rng.choice([0.0, 1.0, 1.2]))
    return image


def _soft_noise(rng: np.random.Generator, cells: int, spread: float, rows: int = FILM_ROWS, columns: int = FILM_COLUMNS) -> Tensor:
    """Smooth random shading, [1,1,rows,columns]; `cells` says how fine."""
    coarse = torch.from_numpy(rng.standard_normal((1, 1, cells, cells), dtype=np.float32)) * float(spread)
    return F.interpolate(coarse, (rows, columns), mode='bicubic', align_corners=False)


def _collimate(image: Tensor, rng: np.random.Generator) -> None:
    """Strips along the borders that the beam did not reach, or that were left all bright."""
    value = float(rng.choice([0.0, 0.0, 1.0]))
    height, width = image.shape[2:]
    for side in range(4):
        if rng.random() < 0.5:
            continue
        share = float(rng.uniform(0.01, 0.1))
        rows, columns = max(1, int(share * height)), max(1, int(share * width))
        strip = (image[:, :, :rows], image[:, :, -rows:], image[..., :columns], image[..., -columns:])[side]
        strip.fill_(value)
