"""`evaluate-inpainter`: one table of filling by rule and by the network, on phantoms of other people and on real slices, by what hides."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from scipy.ndimage import gaussian_gradient_magnitude
from skimage.metrics import structural_similarity
from skimage.restoration import inpaint_biharmonic
from torch import Tensor

from ..onnx_graphs import round_weights
from ..restoration.scores import paired_interval, psnr
from ..superres.volumes import Volumes, dicom_volume, prepared_volumes
from .fill import NEIGHBOURS, between_slices
from .masks import KINDS, random_masks
from .network import STEPS, Hidden, Inpainter, hidden, inpaint
from .training import PREPARED_GAP, load_inpainter

COLUMNS = ['set', 'hidden', 'method', 'slices', 'psnr', 'ssim', 'sharpness', 'gain', 'gain_low', 'gain_high']

BIHARMONIC, LINES = 'biharmonic', 'lines between slices'

#: What gains are over: biharmonic filling, which knows nothing of a slice that is lost.
REFERENCE = {'metal': BIHARMONIC, 'edge': BIHARMONIC, 'rectangle': BIHARMONIC, 'lost slice': LINES}

PHANTOMS, REAL = 'phantoms of held-out people', 'real sagittal slices of one person'

#: The real series has slices 4 mm apart and pixels of .625 mm.
REAL_GAP = 4 / 0.625

#: How many slices of each kind the sheet shows.
SHOWN = 2


def evaluate_inpainter(run: Path, data: Path, real: Path | None, out: Path, limit: int, sheet: Path | None = None) -> list[dict]:
    """Writes and prints a row for each set, kind of mask and method. Every method sees the same slices behind the same masks."""
    network, config, _ = load_inpainter(run / 'inpainter.pt')
    # Scored as it is stored.
    round_weights(network)
    torch.set_num_threads(config.threads)
    sets = [(PHANTOMS, prepared_volumes(data), PREPARED_GAP, limit)]
    if real is not None:
        volume = dicom_volume(real)
        sets.append((REAL, volume, REAL_GAP, len(volume)))
    rows, pictures = [], []
    for name, volumes, gap, count in sets:
        for kind in KINDS:
            scored, drawn = _scored(name, volumes, kind, gap, count, network)
            rows += scored
            pictures.append(drawn)
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open('w', newline='', encoding='utf-8') as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    if sheet is not None:
        Image.fromarray(np.concatenate(pictures)).save(sheet)
    return rows


def _scored(name: str, volumes: Volumes, kind: str, gap: float, count: int, network: Inpainter) -> tuple[list[dict], np.ndarray]:
    chosen = np.unique(np.linspace(0, len(volumes) - 1, count).round().astype(int))
    window, missing = volumes.windows(torch.from_numpy(chosen), NEIGHBOURS)
    masks = random_masks([kind] * len(chosen), window[:, NEIGHBOURS], torch.Generator().manual_seed(5))
    masks = torch.maximum(masks, missing)
    truth, mask = (part[:, NEIGHBOURS : NEIGHBOURS + 1] for part in (window, masks))
    given = hidden(window, masks, torch.full((len(chosen),), gap))
    found = {method: make(window, masks, given) for method, make in _methods(kind, network).items()}
    people = [volumes.participants[index] for index in chosen]
    psnrs = {method: psnr(result, truth, mask).numpy() for method, result in found.items()}
    rows = []
    for method, result in found.items():
        row: dict = {'set': name, 'hidden': kind, 'method': method, 'slices': len(chosen), 'psnr': round(float(psnrs[method].mean()), 3)}
        row |= {'ssim': round(_ssim(result, truth, mask), 4), 'sharpness': round(_sharpness(result, truth, mask), 3)}
        if method != REFERENCE[kind]:
            gain = psnrs[method] - psnrs[REFERENCE[kind]]
            low, high = paired_interval(gain, people)
            row |= {'gain': round(float(gain.mean()), 3), 'gain_low': round(low, 3), 'gain_high': round(high, 3)}
        rows.append(row)
        print('  '.join(f'{key} {value}' for key, value in row.items()), flush=True)
    shown = [found[REFERENCE[kind]], given.filled, found[f'ours, {STEPS[0]} step'], truth]
    return rows, _sheet([torch.where(mask > 0, torch.tensor(0.5), truth), *shown])


Method = Callable[[Tensor, Tensor, Hidden], Tensor]


def _methods(kind: str, network: Inpainter) -> dict[str, Method]:
    def by(steps: int) -> Method:
        return lambda window, masks, given: _in_pieces(network, given, steps)

    methods: dict[str, Method] = {}
    if REFERENCE[kind] == BIHARMONIC:
        methods[BIHARMONIC] = _biharmonic
    methods[LINES] = _lines
    methods['smooth, where the network starts'] = lambda window, masks, given: given.filled
    for steps in STEPS:
        methods[f'ours, {steps} step' + 's' * (steps > 1)] = by(steps)
    return methods


def _biharmonic(window: Tensor, masks: Tensor, given: Hidden) -> Tensor:
    pairs = zip(window[:, NEIGHBOURS].double().numpy(), masks[:, NEIGHBOURS].numpy() > 0, strict=True)
    return torch.from_numpy(np.stack([inpaint_biharmonic(image, mask) for image, mask in pairs])).float()[:, None]


def _lines(window: Tensor, masks: Tensor, given: Hidden) -> Tensor:
    return torch.where(given.mask > 0, between_slices(window, masks), window[:, NEIGHBOURS : NEIGHBOURS + 1])


def _in_pieces(network: Inpainter, given: Hidden, steps: int) -> Tensor:
    pieces = zip(*(part.split(8) for part in vars(given).values()), strict=True)
    return torch.cat([inpaint(network, Hidden(*piece), steps) for piece in pieces])


def _ssim(found: Tensor, truth: Tensor, mask: Tensor) -> float:
    """Mean over the mask of the SSIM of a Gaussian window."""
    values = []
    for image, real, where in zip(*(part[:, 0].double().numpy() for part in (found, truth, mask)), strict=True):
        _, every = structural_similarity(image, real, data_range=1.0, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True)
        values.append(every[where > 0].mean())
    return float(np.mean(values))


def _sharpness(found: Tensor, truth: Tensor, mask: Tensor) -> float:
    """Slopes in the masks, of all slices together, over the true ones; 1 is as sharp. Noise is smoothed away first."""
    totals = [0.0, 0.0]
    for index, images in enumerate((found, truth)):
        for image, where in zip(images[:, 0].numpy(), mask[:, 0].numpy() > 0, strict=True):
            totals[index] += float(gaussian_gradient_magnitude(image, 1.0)[where].sum())
    return totals[0] / totals[1]


def _sheet(columns: list[Tensor]) -> np.ndarray:
    """Slices from the middle of the set below each other, methods beside each other, uint8."""
    count = len(columns[0])
    shown = np.unique(np.linspace(0, count - 1, SHOWN + 2).round().astype(int)[1:-1])
    lines = [np.concatenate([column[index, 0].numpy() for column in columns], axis=1) for index in shown]
    return (np.concatenate(lines).clip(0, 1) * 255).round().astype(np.uint8)
