"""Writes tiny-restorer-bundle/ (task image-restoration, a small random network by the training package's own export) and restoration.json:
what PyTorch restores with it in 1, 2 and 4 steps, cubic enlarging and reducing by PyTorch, noise as scikit-image estimates it.
Run: python test/golden/restoration.py
"""

import json
import tempfile
from pathlib import Path

import numpy as np
import torch
from noise_reference import gaussian_noise
from skimage.restoration import estimate_sigma
from torch.nn import functional as F

from osteograph_training.checkpoint import save_checkpoint
from osteograph_training.onnx_graphs import round_weights
from osteograph_training.restoration.degrade import Degraded, strengths
from osteograph_training.restoration.export import export_restorer
from osteograph_training.restoration.restorer import KAPPA, Restorer, RestorerConfig, RestorerOptions, places, restore

HERE = Path(__file__).parent
ROWS, COLUMNS = 48, 40
SEED = 11


def network() -> Restorer:
    stream = torch.Generator().manual_seed(4)
    made = Restorer(RestorerOptions(widths=(8, 8, 8), blocks=1, middle=1)).eval()
    for parameter in made.parameters():
        parameter.data = 0.15 * torch.randn(parameter.shape, generator=stream)
    return made


def write_bundle(made: Restorer) -> None:
    config = RestorerConfig(restorer=RestorerOptions(widths=(8, 8, 8), blocks=1, middle=1))
    content = {'kind': 'restorer', 'config': config.to_dict(), 'step': 0, 'commit': 'none', 'films': 0, 'people': 0, 'seconds': 0}
    content |= {'model': made.state_dict(), 'average': made.state_dict(), 'optimiser': {}}
    with tempfile.TemporaryDirectory() as folder:
        save_checkpoint(Path(folder) / 'restorer.pt', content)
        export_restorer(Path(folder), HERE / 'tiny-restorer-bundle', 'tiny-restorer', '1.0.0', None, None)
    round_weights(made)


def picture(rows: int, columns: int) -> np.ndarray:
    down, across = np.mgrid[0:rows, 0:columns]
    return (0.5 + 0.4 * np.sin(down / 4) * np.cos(across / 6)).astype(np.float32)


def sampled(made: Restorer, case: Degraded, steps: int) -> torch.Tensor:
    """One of the likely films: noise of row r and step k is that of slice r."""

    def noise(step: int) -> torch.Tensor:
        return torch.from_numpy(np.stack([gaussian_noise(SEED, row, step, COLUMNS) for row in range(ROWS)]).astype(np.float32))[None, None]

    path = places(steps)
    state = case.image + KAPPA * path[0] ** 0.5 * noise(0)
    for index, place in enumerate(path):
        at, spread = torch.tensor([place]), torch.tensor([KAPPA * place**0.5])
        with torch.no_grad():
            clean = made(state, case.image, case.mask, at, spread, case.strengths)
        if index + 1 < len(path):
            kept = path[index + 1] / place
            state = kept * state + (1 - kept) * clean + KAPPA * (kept * (place - path[index + 1])) ** 0.5 * noise(index + 1)
    return clean


def main() -> None:
    made = network()
    write_bundle(made)
    film = torch.from_numpy(picture(ROWS, COLUMNS))[None, None]
    mask = torch.zeros_like(film)
    mask[..., 10:20, 12:30] = 1
    told = strengths(torch.tensor([20.0]), torch.tensor([0.03]), torch.tensor([1.0]))
    plain = Degraded(film, torch.zeros_like(film), told)
    nothing = strengths(torch.zeros(1), torch.zeros(1), torch.ones(1))
    small = torch.from_numpy(picture(23, 31))[None, None]
    noisy = picture(64, 80) + 0.05 * np.random.default_rng(2).standard_normal((64, 80)).astype(np.float32)
    golden = {
        'rows': ROWS,
        'columns': COLUMNS,
        'film': film.flatten().tolist(),
        'seed': SEED,
        'means': {str(steps): restore(made, plain, steps).flatten().tolist() for steps in (1, 2, 4)},
        'sampled': {str(steps): sampled(made, plain, steps).flatten().tolist() for steps in (1, 2, 4)},
        'mask': mask.flatten().int().tolist(),
        'filled': restore(made, Degraded(film, mask, nothing), 1).flatten().tolist(),
        'cubic': {
            'rows': 23,
            'columns': 31,
            'image': small.flatten().tolist(),
            'enlarged': F.interpolate(small, size=(40, 62), mode='bicubic', align_corners=False).flatten().tolist(),
            'reduced': F.interpolate(small, size=(9, 12), mode='bicubic', antialias=True, align_corners=False).flatten().tolist(),
        },
        'noise': {'rows': 64, 'columns': 80, 'image': noisy.flatten().tolist(), 'sigma': float(estimate_sigma(noisy))},
    }
    rounded = json.loads(json.dumps(golden), parse_float=lambda text: float(f'{float(text):.7g}'))
    (HERE / 'restoration.json').write_text(json.dumps(rounded) + '\n')


if __name__ == '__main__':
    main()
