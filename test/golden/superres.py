"""Writes tiny-superres-bundle/ (task mri-super-resolution, small random networks by the training package's own export) and superres.json: what
PyTorch makes with them in 1 and 8 steps, a slice that is given back what was taken, twice as many slices, a gradient displacement as gradunwarp
adds its harmonics up (scipy, spherical coordinates), a slice unwarped by it and the bias field that the training package finds in an invented
volume. Run: python test/golden/superres.py
"""

import json
import math
from pathlib import Path

import numpy as np
import torch
from scipy.special import lpmv

from osteograph_training.networks.shift_unet import Shape
from osteograph_training.onnx_graphs import round_weights
from osteograph_training.superres.bias import estimate_bias, field
from osteograph_training.superres.export import write_bundle
from osteograph_training.superres.keep_taken import keep_taken
from osteograph_training.superres.network import SuperresConfig, SuperResolver, super_resolve
from osteograph_training.superres.physics import sampled
from osteograph_training.superres.through_plane import thin_slices

HERE = Path(__file__).parent
COEFFICIENTS = {
    'format': 'osteograph-gradients/1',
    'scanner': 'Invented coils, for tests',
    'radiusMm': 250,
    'coils': {
        'x': [{'n': 3, 'm': 1, 'a': -0.09, 'b': 0}, {'n': 5, 'm': 1, 'a': 0.02, 'b': 0.001}, {'n': 5, 'm': 5, 'a': 0, 'b': 0.004}],
        'y': [{'n': 3, 'm': 1, 'a': 0, 'b': -0.08}, {'n': 4, 'm': 2, 'a': 0.01, 'b': -0.01}],
        'z': [{'n': 3, 'm': 0, 'a': -0.1, 'b': 0}, {'n': 5, 'm': 0, 'a': 0.03, 'b': 0}],
    },
}
ROWS, COLUMNS, SLICES = 40, 48, 6
#: A coronal slice 90 mm to the right of the isocentre, as its affine has it: mm to the next column, row and slice, and the first voxel.
AXES = {'right': [-2.0, 0.0, 0.0], 'down': [0.0, 0.0, -2.0], 'through': [0.0, 4.0, 0.0], 'origin': [137.0, -35.0, 79.0]}


def siemens(terms: list[dict], points: np.ndarray, radius: float) -> np.ndarray:
    x, y, z = points.T
    r = np.sqrt(x * x + y * y + z * z)
    theta, phi = np.arccos(z / r), np.arctan2(y, x)
    total = np.zeros(len(points))
    for term in terms:
        n, m = term['n'], term['m']
        norm = 1.0 if m == 0 else (-1) ** m * math.sqrt((2 * n + 1) * math.factorial(n - m) / (2 * math.factorial(n + m)))
        total += (r / radius) ** n * norm * lpmv(m, n, np.cos(theta)) * (term['a'] * np.cos(m * phi) + term['b'] * np.sin(m * phi))
    return radius * total


def displaced(points: np.ndarray) -> np.ndarray:
    return np.stack([siemens(COEFFICIENTS['coils'][coil], points, COEFFICIENTS['radiusMm']) for coil in 'xyz'], axis=-1)


def invented() -> np.ndarray:
    """Uint16 [6,40,48]: a knee of sorts under a smooth field."""
    z, y, x = np.mgrid[0:SLICES, 0:ROWS, 0:COLUMNS].astype(np.float64)
    knee = 300 + 900 * ((x - 20) ** 2 + (y - 18) ** 2 < 150) + 500 * (np.abs(y - 30 - 2 * np.sin(x / 4)) < 2)
    knee = np.where((x - 24) ** 2 / 500 + (y - 20) ** 2 / 330 < 1, knee, 3)
    return np.rint(knee * np.exp(0.4 * x / COLUMNS - 0.3 * (y / ROWS) ** 2 + 0.05 * z / SLICES)).astype(np.uint16)


def unwarped(volume: np.ndarray) -> dict:
    """Slice 2 at twice as many pixels: where it is taken from, voxels of the series; the determinant of that map's derivative, by differences of a
    thousandth of a voxel; and values as PyTorch's grid_sample has cubic convolution in plane, linear between slices."""
    rows, columns = (np.arange(count) for count in (2 * ROWS, 2 * COLUMNS))
    row, column = np.meshgrid((rows + 0.5) / 2 - 0.5, (columns + 0.5) / 2 - 0.5, indexing='ij')
    voxels = np.stack([column, row, np.full_like(row, 2.0)], axis=-1)
    found = source(voxels)
    steps = [1e-3 * np.eye(3)[axis] for axis in range(3)]
    derivative = np.stack([(source(voxels + step) - source(voxels - step)) / 2e-3 for step in steps], axis=-1)
    shift = torch.from_numpy((found - voxels)[..., :2] * 2)[None]
    below = np.floor(found[..., 2]).clip(0, SLICES - 2).astype(int)
    share = (found[..., 2] - below).clip(0, 1)
    planes = [sampled(torch.from_numpy(plane.astype(np.float64))[None, None], shift)[0, 0].numpy() for plane in volume]
    values = (1 - share) * np.choose(below, planes) + share * np.choose(below + 1, planes)
    return {
        'source': found[::16, ::16].tolist(),
        'jacobian': np.linalg.det(derivative)[8::16, 8::16].tolist(),
        'values': values[::8, ::8].tolist(),
    }


def source(voxels: np.ndarray) -> np.ndarray:
    """Where what lies at places [...,3] (column, row, slice) was imaged."""
    axes = np.stack([AXES[name] for name in ('right', 'down', 'through')], axis=-1)
    points = voxels @ axes.T + np.array(AXES['origin'])
    moved = displaced(points.reshape(-1, 3)).reshape(points.shape)
    return voxels + moved @ np.linalg.inv(axes).T


def networks() -> dict[str, SuperResolver]:
    stream = torch.Generator().manual_seed(4)
    made = {}
    for role in ('student', 'teacher'):
        made[role] = SuperResolver(Shape(widths=(8, 8, 8), blocks=1, middle=1)).eval()
        for parameter in made[role].parameters():
            parameter.data = 0.15 * torch.randn(parameter.shape, generator=stream)
        made[role].tail.weight.data *= 0.05
        round_weights(made[role])
    return made


def fine(made: dict[str, SuperResolver]) -> list[dict]:
    rows, columns = np.mgrid[0:ROWS, 0:COLUMNS]
    image = torch.from_numpy((0.5 + 0.3 * np.sin(rows / 5) * np.cos(columns / 7)).astype(np.float32))[None, None]
    guidance = torch.cat([0.1 * (image - 0.5), 0.2 * (0.5 - image)], dim=1)
    runs = [('student', 1), ('teacher', 1), ('teacher', 8)]
    results = [super_resolve(made[role], image, guidance, 2.0, steps)[0, 0, ::5, ::8] for role, steps in runs]
    return [{'network': role, 'steps': steps, 'fine': result.tolist()} for (role, steps), result in zip(runs, results, strict=True)]


def kept() -> list[list[float]]:
    """A slice that has lost a stripe and the noise of what was taken, 20 x 24 pixels, enlarged to 40 x 48; noise is stronger to the right."""
    row, column = np.mgrid[0 : ROWS // 2, 0 : COLUMNS // 2]
    taken = 0.5 + 0.3 * np.sin(row / 3) * np.cos(column / 4) + 0.2 * (np.abs(row - column) < 2) + 0.02 * (((7 * row + 5 * column) % 11) / 5 - 1)
    row, column = np.mgrid[0:ROWS, 0:COLUMNS]
    made = 0.5 + 0.3 * np.sin((row - 0.5) / 6) * np.cos((column - 0.5) / 8)
    small, fine, gain = (torch.from_numpy(image.astype(np.float32))[None, None] for image in (taken, made, 1 + column / COLUMNS))
    enlarged = torch.nn.functional.interpolate(small, size=(ROWS, COLUMNS), mode='bicubic', align_corners=False)
    return keep_taken(fine, enlarged, (ROWS // 2, COLUMNS // 2), torch.tensor([0.02]), gain)[0, 0, ::4, ::4].tolist()


def thin(made: dict[str, SuperResolver]) -> list:
    """The invented volume, white 2,400, of twice as many slices by the teacher in one step."""
    taken = torch.from_numpy(invented().astype(np.float32) / 2400)
    return thin_slices(made['teacher'], taken)[:, ::8, ::8].tolist()


if __name__ == '__main__':
    made, volume = networks(), invented()
    content = {'config': SuperresConfig().to_dict(), 'step': 0, 'commit': 'none', 'films': 0, 'people': 0, 'seconds': 0}
    write_bundle(made, dict.fromkeys(made, content), HERE / 'tiny-superres-bundle', 'tiny-superres', '1.0.0', [], None)
    points = np.array([[100.0, -20.0, 30.0], [-60.0, 45.0, -110.0], [12.5, 80.0, 5.0]])
    weights = estimate_bias(volume)
    golden = {
        'coefficients': COEFFICIENTS,
        'axes': AXES,
        'displacement': [{'point': point.tolist(), 'moved': moved.tolist()} for point, moved in zip(points, displaced(points), strict=True)],
        'unwarped': unwarped(volume),
        'bias': {'weights': weights.tolist(), 'field': field(weights, volume.shape, 3)[::8, ::8].tolist()},
        'fine': fine(made),
        'kept': kept(),
        'thin': thin(made),
    }
    (HERE / 'superres.json').write_text(json.dumps(golden, indent=1) + '\n')
