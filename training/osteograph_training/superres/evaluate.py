"""`evaluate-superres`: one table of cubic enlargement, the arms, the teacher and its students, on phantoms of other people and on real slices."""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from scipy.ndimage import distance_transform_edt, gaussian_filter
from skimage.filters import threshold_multiotsu
from skimage.metrics import structural_similarity
from skimage.morphology import skeletonize
from torch import Tensor

from ..errors import TrainingError
from ..metrics import acutance, dice
from ..onnx_graphs import round_weights
from ..restoration.scores import paired_interval
from .bias import estimate_bias, field
from .cases import ARMS, Case, acquire
from .keep_taken import estimated_noise, keep_taken
from .network import STEPS, super_resolve
from .through_plane import THROUGH_PLANE, enlarged_slices, thicker, thin_slices
from .training import SCALES, load_network, shipped_networks
from .volumes import Volumes, dicom_volume, prepared_volumes, white

COLUMNS = ['set', 'scale', 'method', 'slices', 'psnr', 'ssim', 'gain', 'gain_low', 'gain_high']
COLUMNS += ['area', 'width', 'acutance', 'dice_dark', 'dice_bright']

#: Pixels of dark tissue and of bright structures.
Masks = tuple[np.ndarray, np.ndarray]

#: What gains are over.
REFERENCE = 'cubic, corrected'

#: Noise of the coarse image, as a middling scanner of 1.5 T has it.
SIGMA = 0.02

#: What the platform makes of the networks' slices.
KEPT = 'what was taken kept'

PHANTOMS, REAL = 'phantoms of held-out people', 'real sagittal slices of one person'

#: Twice as many slices, of series whose slices were taken two by two, and what gains there are over.
THROUGH = {PHANTOMS: 'slices of phantoms, of half as many', REAL: 'real slices, of half as many'}
THICK_REFERENCE = 'cubic between slices'


def evaluate_superres(run: Path | None, bundle: Path | None, data: Path | None, real: Path | None, out: Path, limit: int) -> list[dict]:
    """Writes and prints a row for each set, scale and method. Every method sees the same coarse images.

    The networks are those of a run, or the two of a bundle; the sets prepared phantoms, a real series or both.
    """
    if (run is None) == (bundle is None) or (data is None and real is None):
        raise TrainingError('Give the networks by --run or by --bundle, and by --data or --real what they are scored on.')
    whole = {} if data is None else {PHANTOMS: prepared_volumes(data)}
    if real is not None:
        whole[REAL] = dicom_volume(real)
    networks = shipped_networks(bundle) if bundle is not None else _networks_of(run) if run is not None else {}
    rows = []
    for name, volumes in whole.items():
        for scale in SCALES:
            rows += _scored(name, _spread(volumes, limit) if name == PHANTOMS else volumes, scale, networks)
    for name, volumes in whole.items():
        rows += _through_plane(THROUGH[name], volumes, networks)
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open('w', newline='', encoding='utf-8') as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return rows


def _networks_of(run: Path) -> dict:
    networks = {}
    for path in sorted(run.glob('*.pt')):
        network, config, _ = load_network(run, path.stem)
        # Scored as it is stored.
        round_weights(network)
        networks[path.stem] = network
        torch.set_num_threads(config.threads)
    if 'teacher' not in networks:
        raise TrainingError(f'{run} holds no teacher.pt; train-superres writes it.')
    return networks


def _spread(volumes: Volumes, limit: int) -> Volumes:
    chosen = np.unique(np.linspace(0, len(volumes) - 1, limit).round().astype(int)).tolist()
    return Volumes(volumes.slices[chosen], [volumes.participants[index] for index in chosen], volumes.series[chosen])


def _scored(name: str, volumes: Volumes, scale: float, networks: dict) -> list[dict]:
    cases = [acquire(white(piece), scale, torch.Generator().manual_seed(index), noise=SIGMA) for index, piece in enumerate(volumes.slices.split(4))]
    found = {method: torch.cat([make(case) for case in cases]) for method, make in _methods(networks).items()}
    truth = torch.cat([case.truth for case in cases])
    return _rows((name, scale), found, truth, volumes.participants, REFERENCE)


def _through_plane(name: str, volumes: Volumes, networks: dict) -> list[dict]:
    """Rows of as many slices made of half as many, of the first series of each person."""
    chosen = [torch.nonzero(volumes.series == first).flatten() for first in _first_series(volumes)]
    truths = [white(volumes.slices[slices[: len(slices) // THROUGH_PLANE * THROUGH_PLANE]])[:, 0] for slices in chosen]
    taken = [thicker(truth, SIGMA, torch.Generator().manual_seed(number)) for number, truth in enumerate(truths)]
    found = {THICK_REFERENCE: torch.cat([enlarged_slices(slices) for slices in taken])[:, None]}
    found['linear between slices'] = torch.cat([enlarged_slices(slices, 'bilinear') for slices in taken])[:, None]
    for network, method in (('teacher', 'teacher'), ('student-1', 'student')):
        if network in networks:
            made = torch.cat([thin_slices(networks[network], slices) for slices in taken])
            found[f'{method}, 1 step, {KEPT}'] = made[:, None]
    people = [volumes.participants[int(index)] for slices, truth in zip(chosen, truths, strict=True) for index in slices[: len(truth)]]
    return _rows((name, THROUGH_PLANE), found, torch.cat(truths)[:, None], people, THICK_REFERENCE)


def _first_series(volumes: Volumes) -> list[int]:
    first: dict[str, int] = {}
    for person, number in zip(volumes.participants, volumes.series.tolist(), strict=True):
        first.setdefault(person, number)
    # Slices of a real series count as people each.
    return list(dict.fromkeys(first.values()))


def _rows(what: tuple[str, float], found: dict[str, Tensor], truth: Tensor, participants: list[str], reference: str) -> list[dict]:
    name, scale = what
    sizes = _sizes(truth, truth)
    psnrs = {method: (-10 * (result - truth).double().square().mean(dim=(1, 2, 3)).log10()).numpy() for method, result in found.items()}
    rows = []
    for method, result in found.items():
        row: dict = {'set': name, 'scale': round(scale, 2), 'method': method, 'slices': len(truth), 'psnr': round(float(psnrs[method].mean()), 3)}
        row['ssim'] = round(float(np.mean([_ssim(mine, theirs) for mine, theirs in zip(result[:, 0], truth[:, 0], strict=True)])), 4)
        if method != reference:
            gain = psnrs[method] - psnrs[reference]
            low, high = paired_interval(gain, participants)
            row |= {'gain': round(float(gain.mean()), 3), 'gain_low': round(low, 3), 'gain_high': round(high, 3)}
        area, width = 100 * (np.nanmean(_sizes(result, truth) / sizes, axis=0) - 1)
        row |= {'area': round(float(area), 2), 'width': round(float(width), 2)}
        sharpness = [acutance(theirs, mine) for mine, theirs in zip(result[:, 0].numpy(), truth[:, 0].numpy(), strict=True)]
        dark, bright = np.nanmean(_overlaps(result, truth), axis=0)
        row |= {'acutance': round(float(np.nanmean(sharpness)), 3), 'dice_dark': round(float(dark), 4), 'dice_bright': round(float(bright), 4)}
        rows.append(row)
        print('  '.join(f'{key} {value}' for key, value in row.items()), flush=True)
    return rows


def _methods(networks: dict):
    def by(name: str, arm: str, steps: int, kept: bool = False):
        def make(case: Case) -> Tensor:
            image, guidance = case.given(arm)
            fine = super_resolve(networks[name], image, guidance, case.scale, steps)
            return _kept(fine, case) if kept else fine

        return make

    methods = {'cubic': lambda case: case.enlarged, 'cubic, bias estimated': _with_estimated_bias, REFERENCE: lambda case: case.corrected}
    what = {'A': 'no guidance', 'B': 'channels', 'C': 'corrected, channels', 'D': 'corrected'}
    for arm in ARMS:
        if f'arm-{arm}' in networks:
            methods[f'arm {arm}: {what[arm]}'] = by(f'arm-{arm}', arm, 1)
    for steps in (max(STEPS), 1):
        methods[f'teacher, {steps} step' + 's' * (steps > 1)] = by('teacher', 'C', steps)
    methods[f'teacher, 1 step, {KEPT}'] = by('teacher', 'C', 1, kept=True)
    for steps in STEPS[1:]:
        if f'student-{steps}' in networks:
            methods[f'student, {steps} step' + 's' * (steps > 1)] = by(f'student-{steps}', 'C', steps)
    if 'student-1' in networks:
        methods[f'student, 1 step, {KEPT}'] = by('student-1', 'C', 1, kept=True)
    return methods


def _kept(fine: Tensor, case: Case) -> Tensor:
    """As the platform gives it: what the network lost of the taken slice put back, by the noise that this slice shows."""
    taken = case.taken
    assert taken is not None, 'only crops are without'
    return keep_taken(fine, case.corrected, (taken.shape[2], taken.shape[3]), estimated_noise(taken), (1 + case.jacobian) / case.bias.exp())


def _with_estimated_bias(case: Case) -> Tensor:
    """Unwarped by what is known, and divided by the bias that the slice itself shows."""
    unwarped = case.corrected * case.bias.exp()
    slices = []
    for slice_ in unwarped[:, 0].double().numpy():
        volume = slice_[None]
        slices.append(slice_ / np.exp(field(estimate_bias(volume), volume.shape, 0)))
    return torch.from_numpy(np.stack(slices)).float()[:, None]


def _ssim(found: Tensor, truth: Tensor) -> float:
    pair = (found.double().numpy(), truth.double().numpy())
    return structural_similarity(*pair, data_range=1.0, gaussian_weights=True, sigma=1.5, use_sample_covariance=False)


def _sizes(slices: Tensor, truth: Tensor) -> np.ndarray:
    """Of each slice the pixels of dark tissue inside the knee and the mean width of bright structures, pixels, by the truth's thresholds.

    Slices are smoothed by a pixel first, so that noise is no structure.
    """
    sizes = []
    for tissues in _tissues(slices, truth):
        if tissues is None:
            sizes.append((np.nan, np.nan))
            continue
        tissue, thick = tissues[0]
        middle = skeletonize(thick)
        widths = 2 * distance_transform_edt(thick)[middle] - 1 if middle.any() else np.array([np.nan])
        sizes.append((tissue.sum(), widths.mean()))
    return np.array(sizes, dtype=np.float64)


def _overlaps(slices: Tensor, truth: Tensor) -> np.ndarray:
    """Of each slice Dice of dark tissue and of bright structures with the truth's."""
    return np.array(
        [
            (np.nan, np.nan) if tissues is None else tuple(dice(mine, theirs) for mine, theirs in zip(*tissues, strict=True))
            for tissues in _tissues(slices, truth)
        ]
    )


def _tissues(slices: Tensor, truth: Tensor) -> Iterator[tuple[Masks, Masks] | None]:
    """Dark tissue inside the knee and bright structures of each slice and of its truth, by the truth's thresholds; None of slices that show none."""
    for found, real in zip(*(gaussian_filter(images[:, 0].numpy(), (0, 1, 1)) for images in (slices, truth)), strict=True):
        inside = real > 0.04
        if inside.sum() < 1000 or np.ptp(real[inside]) < 0.1:
            yield None
            continue
        dark, bright = threshold_multiotsu(real[inside], classes=3)
        yield (inside & (found < dark), found > bright), (inside & (real < dark), real > bright)
