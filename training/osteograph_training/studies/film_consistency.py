"""`film-consistency`: whether volumes generated from real films, which have no MRI to be compared with, show the joint that their films show.

Two things go wrong with films unlike those of the training: the joint line comes out twice, once where the film has it and once where the
phantoms mostly have it; and it comes out level although the film's is oblique. Both are counted, beside the same figures of phantoms, whose
own series say what the measure makes of a true knee.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy import ndimage, signal
from scipy.stats import binomtest
from torch import Tensor
from tqdm import tqdm

from ..dataset import load_knees
from ..evaluate import EVERYONE, VolumeGenerator
from ..features import one_hot
from ..framing import framed_crop
from ..images import MRI_SIZE, inference_crops
from ..reading.films import GradedFilms, load_graded_films
from ..reading.joint_space import read_film_joint_space
from ..turning import JOINT_ROW
from .film_geometry import spread

#: Size of a pixel of the trained stack, and the width that a film's crop is assumed to show: mm.
PIXEL_MM, CROP_MM = 0.625, 95.0

#: Slices of the stack in which femur and tibia bear on each other, the last one excluded.
BEARING = slice(26, 36)

#: Where a compartment lies beside the middle of the slice, and how far from the usual row the joint is looked for: mm.
COMPARTMENT_MM, REACH_MM = (12.0, 28.0), 28.0

#: A second bright line counts when it rises by this share of the brightest one's rise, farther from it than both cartilages together.
SECOND, APART_MM = 0.5, 6.0


@dataclass(frozen=True)
class VolumeLines:
    """Bright lines of each compartment, lateral and medial, and how much lower the medial joint line lies, mm."""

    lines: tuple[int, int]
    drop: float


def volume_lines(volume: np.ndarray) -> VolumeLines:
    """Joint lines of a canonical volume [50,256,256] in [0,1]: the mean of the bearing slices, compartment by compartment."""
    mean = ndimage.gaussian_filter1d(volume[BEARING].mean(axis=0), 1.0, axis=0)
    rows = np.arange(int(JOINT_ROW - REACH_MM / PIXEL_MM), int(JOINT_ROW + REACH_MM / PIXEL_MM))
    near, far = (int(distance / PIXEL_MM) for distance in COMPARTMENT_MM)
    middle = MRI_SIZE // 2
    lateral, medial = (mean[rows, left:right].mean(axis=1) for left, right in ((middle - far, middle - near), (middle + near, middle + far)))
    (first, upper), (second, lower) = _lines(lateral), _lines(medial)
    return VolumeLines((first, second), (lower - upper) * PIXEL_MM)


def film_consistency(run: Path, films: Path, data: Path, part: str, limit: int, steps: int, seed: int, out: Path) -> dict:
    """Measures up to `limit` real films of one part of the frozen split and as many prepared phantoms in `data`; writes and returns the figures.

    Real films are framed as the platform frames a crop of one knee, and given their KL grade and no other.
    """
    generator = VolumeGenerator(run)
    generator.round_as_stored()
    torch.set_num_threads(generator.config.processes * generator.config.threads)
    phantoms = load_knees(data, EVERYONE, 'test')
    chosen = spread(len(phantoms), limit)
    crops = inference_crops(phantoms.film)
    graded = load_graded_films(films, part)
    rows: dict[str, Iterable[tuple[Tensor, np.ndarray]]] = {
        'phantoms, own series': ((crops[index], phantoms.mri[index] / np.float32(255)) for index in chosen),
        'phantoms, generated': _generated(generator, ((crops[index], torch.from_numpy(phantoms.features[index])) for index in chosen), steps, seed),
        'real films, generated': _generated(generator, (_real_input(graded, index) for index in spread(len(graded), limit)), steps, seed),
    }
    result = {name: _figures(pairs) for name, pairs in rows.items()}
    out.write_text(json.dumps(result | {'steps': steps, 'seed': seed, 'part': part}, indent=1) + '\n', encoding='utf-8')
    return result


def film_drop(crop: np.ndarray) -> float | None:
    """How much lower the medial joint line lies on a crop [256,256] in [-1,1], mm; None where an edge of either compartment cannot be traced."""
    spaces = read_film_joint_space((crop + 1) / 2, 'R')
    lines = []
    for space in (spaces['lateral'], spaces['medial']):
        if isinstance(space, str):
            return None
        lines.append(float(((space.femur + space.tibia) / 2).mean()))
    return (lines[1] - lines[0]) / len(crop) * CROP_MM


def consistency_table(result: dict) -> str:
    """The figures as Markdown, with 95 % intervals (Wilson)."""
    lines = [
        '| volumes | number | a line in each compartment | one line in each | slope against the film: r | median error, mm |',
        '|---|---|---|---|---|---|',
    ]
    for name, row in ((name, row) for name, row in result.items() if isinstance(row, dict)):
        low, high = row['oneLineInterval']
        cells = [
            f'{100 * row["found"]:.0f} %',
            f'{100 * row["oneLine"]:.0f} % ({100 * low:.0f}-{100 * high:.0f})',
            f'{row["slopeR"]:.2f}',
            f'{row["slopeError"]:.1f}',
        ]
        lines.append(f'| {name} | {row["number"]} | {" | ".join(cells)} |')
    return '\n'.join(lines)


def _lines(profile: np.ndarray) -> tuple[int, float]:
    """Bright lines of a compartment's mean column, and the row of the brightest."""
    rise = profile.max() - np.median(profile)
    peaks, _ = signal.find_peaks(profile, prominence=max(SECOND * rise, 1e-6), distance=int(APART_MM / PIXEL_MM))
    return len(peaks), float(profile.argmax())


def _figures(pairs: Iterable[tuple[Tensor, np.ndarray]]) -> dict:
    single, found, slopes = [], [], []
    for crop, volume in pairs:
        measured = volume_lines(volume)
        single.append(measured.lines == (1, 1))
        found.append(min(measured.lines) > 0)
        drop = film_drop(crop[0].numpy())
        if drop is not None:
            slopes.append((drop, measured.drop))
    film, generated = np.array(slopes or [(0.0, 0.0)]).T
    interval = binomtest(sum(single), len(single)).proportion_ci(method='wilson')
    return {
        'number': len(single),
        'found': sum(found) / len(found),
        'oneLine': sum(single) / len(single),
        'oneLineInterval': [float(interval.low), float(interval.high)],
        'traced': len(slopes) / len(single),
        'slopeR': float(np.corrcoef(film, generated)[0, 1]) if film.std() * generated.std() > 0 else 0.0,
        'slopeError': float(np.median(np.abs(generated - film))),
    }


def _generated(generator: VolumeGenerator, inputs: Iterable[tuple[Tensor, Tensor]], steps: int, seed: int) -> Iterator[tuple[Tensor, np.ndarray]]:
    for crop, grades in tqdm(inputs, desc='volumes', mininterval=10):
        yield crop, generator(crop, grades, steps, seed)


def _real_input(films: GradedFilms, index: int) -> tuple[Tensor, Tensor]:
    """A real film and what is told of its grades: KL alone."""
    crop = framed_crop(films.images[index, 0].numpy() / 255)
    return torch.from_numpy(crop)[None], torch.from_numpy(one_hot({'XRKL': float(films.grades[index])}))
