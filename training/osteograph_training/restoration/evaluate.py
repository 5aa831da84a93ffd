"""`evaluate-restorer`: one table on films of test people, with the rivals run on the same spoilt films in the same call."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from scipy.ndimage import median_filter
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle, inpaint_biharmonic
from torch import Tensor

from ..errors import TrainingError
from ..onnx_graphs import round_weights
from ..reading.films import load_graded_films
from ..reading.training import grade_films, load_graders
from .degrade import Degraded, window_of, windowed
from .restorer import STEPS, restore
from .scores import paired_interval, psnr, spoilt_cases
from .training import load_restorer

COLUMNS = ['case', 'method', 'films', 'psnr', 'gain', 'gain_low', 'gain_high', 'kl_change']

#: What each gain is over: the best classical way of the kind, where it is there.
REFERENCE = {'noise15': 'BM3D', 'noise25': 'BM3D', 'noise50': 'BM3D', 'impulses': 'median, BM3D', 'scale4': 'cubic', 'mask': 'biharmonic'}

SIGMA = {'noise15': 15.0, 'noise25': 25.0, 'noise50': 50.0}

Rival = Callable[[np.ndarray, np.ndarray], np.ndarray]


def evaluate_restorer(run: Path, films: Path, out: Path, limit: int, graders: Path | None, part: str = 'test') -> list[dict]:
    """Writes and prints a row for each case and method: mean PSNR, gain over the reference rival with a 95 % interval, change of expected KL.

    BM3D takes part where the package `bm3d` is installed (its licence allows no commercial use, so nothing depends on it).
    """
    network, config, _ = load_restorer(run / 'restorer.pt')
    # Scored as it is stored.
    round_weights(network)
    torch.set_num_threads(config.threads)
    loaded = load_graded_films(films, part)
    chosen = np.random.default_rng(1).permutation(len(loaded))[:limit]
    images, people = loaded.images[torch.from_numpy(chosen)], [loaded.participants[index] for index in chosen]
    expected = _expected_kl(graders) if graders else None
    clean = windowed(images)
    truth = expected(clean, images) if expected else None
    rows = []
    for name, case in spoilt_cases(clean).items():
        mask = case.mask if name == 'mask' else None
        found = {method: rival(case) for method, rival in _rivals(name).items()}
        found |= {f'ours, {steps} step' + 's' * (steps > 1): _in_pieces(network, case, steps) for steps in STEPS}
        scores = {method: psnr(film, clean, mask).numpy() for method, film in found.items()}
        reference = scores.get(REFERENCE[name])
        for method, score in scores.items():
            row: dict = {'case': name, 'method': method, 'films': len(clean), 'psnr': round(float(score.mean()), 3)}
            if reference is not None and method != REFERENCE[name]:
                low, high = paired_interval(score - reference, people)
                row |= {'gain': round(float((score - reference).mean()), 3), 'gain_low': round(low, 3), 'gain_high': round(high, 3)}
            if expected is not None and truth is not None:
                row['kl_change'] = round(float(np.abs(expected(found[method], images) - truth).mean()), 4)
            rows.append(row)
            print('  '.join(f'{key} {value}' for key, value in row.items()))
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open('w', newline='', encoding='utf-8') as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return rows


def _in_pieces(network, case: Degraded, steps: int) -> Tensor:
    pieces = zip(case.image.split(8), case.mask.split(8), case.strengths.split(8), strict=True)
    return torch.cat([restore(network, Degraded(*piece), steps) for piece in pieces])


def _expected_kl(run: Path) -> Callable[[Tensor, Tensor], np.ndarray]:
    """Films of the window, and the films whose window it is -> expected KL grade as the graders of `run` read them."""
    paths = sorted(run.glob('grader-*.pt'))
    if not paths:
        raise TrainingError(f'{run} holds no grader-<seed>.pt; train-grader writes them.')
    ensemble, _, _ = load_graders(paths)

    def expected(window: Tensor, films: Tensor) -> np.ndarray:
        low, high = window_of(films)
        grey = (window * (high - low) + low).clamp(0, 255)
        return grade_films(ensemble, grey) @ np.arange(5)

    return expected


def _rivals(name: str) -> dict[str, Callable[[Degraded], Tensor]]:
    rivals: dict[str, Callable[[Degraded], Tensor]] = {'as it is': lambda case: case.image}
    if name in SIGMA:
        sigma = SIGMA[name] / 255
        rivals['non-local means'] = _each(lambda film, _: denoise_nl_means(film, 5, 6, h=0.8 * sigma, sigma=sigma, fast_mode=True))
        rivals['total variation'] = _each(lambda film, _: denoise_tv_chambolle(film, weight=1.3 * sigma))
    bm3d = _bm3d()
    if bm3d and name in SIGMA:
        rivals['BM3D'] = _each(lambda film, _: bm3d(film, SIGMA[name] / 255))
    if name == 'impulses':
        rivals['median'] = _each(lambda film, _: median_filter(film, 3))
        if bm3d:
            rivals['BM3D'] = _each(lambda film, _: bm3d(film, 50 / 255))
            rivals['median, BM3D'] = _each(lambda film, _: bm3d(median_filter(film, 3), 12 / 255))
    if name == 'scale4':
        rivals['cubic'] = rivals.pop('as it is')
    if name == 'mask':
        rivals['biharmonic'] = _each(lambda film, mask: inpaint_biharmonic(film, mask > 0))
    return rivals


def _each(rival: Rival) -> Callable[[Degraded], Tensor]:
    def run(case: Degraded) -> Tensor:
        pairs = zip(case.image[:, 0].double().numpy(), case.mask[:, 0].numpy(), strict=True)
        return torch.from_numpy(np.stack([rival(film, mask) for film, mask in pairs])).float()[:, None]

    return run


def _bm3d() -> Callable[[np.ndarray, float], np.ndarray] | None:
    try:
        from bm3d import bm3d
    except ImportError:
        print('BM3D takes no part: the package bm3d is not installed.')
        return None
    return bm3d
