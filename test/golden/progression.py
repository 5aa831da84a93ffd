#!/usr/bin/env python3
"""Golden values of src/imaging/progression/ by numpy and PyTorch. Writes progression.json and tiny-progression-bundle/.

python test/golden/progression.py    # needs numpy, PyTorch, Pillow and the training package

The joint's line is traced on a crop of a synthetic knee of films/; the picture that is moved is 100 + 60 sin(row / 5) cos(column / 7).
"""

import json
import pathlib
import sys

import numpy as np
import torch
from format2_bundle import export, manifest
from PIL import Image
from tiny_bundle import tensor
from torch import Tensor, nn

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / 'training'))

from osteograph_training.progression.amplitude import shares, way  # noqa: E402
from osteograph_training.progression.field import closing, displacement, joint_line, warped  # noqa: E402
from osteograph_training.progression.remodel import COLUMNS, FAR, NEAR, ROWS, TOP, enlarged, joint_maps, line_tensors  # noqa: E402

FILM = 'narrowed-L.png'
WIDTHS = {
    'medial': {'medial': [3.0, 3.0, 2.8, 1.9, 1.3], 'lateral': [5.4, 5.4, 5.4, 5.3, 3.7]},
    'lateral': {'medial': [4.0, 4.0, 4.0, 3.3, 3.3], 'lateral': [4.7, 4.6, 4.1, 1.9, 1.5]},
    'both': {'medial': [3.5, 3.4, 3.3, 2.0, 1.5], 'lateral': [5.1, 5.1, 5.0, 4.8, 2.6]},
}


class Remodeller(nn.Module):
    """Brightens what is near the joint by a hundredth of the window for each grade, and twice as much on the affected sides."""

    def forward(self, picture: Tensor, space: Tensor, near: Tensor, own: Tensor, grade: Tensor, affected: Tensor) -> Tensor:
        right = (torch.arange(COLUMNS) >= COLUMNS // 2).float()
        more = 1 + affected[:, :1] * right + affected[:, 1:] * (1 - right)
        change = (grade - own)[:, None, None, None] * 0.01 * more[:, None, None]
        return change * near * (1 - space) + 0 * picture


def write_bundle(folder: pathlib.Path) -> None:
    folder.mkdir(exist_ok=True)
    image = [tensor(name, 'B', 1, ROWS, COLUMNS) for name in ('picture', 'space', 'near')]
    inputs = [*image, tensor('own', 'B'), tensor('grade', 'B'), tensor('affected', 'B', 2)]
    graph = export(folder / 'remodeller.onnx', Remodeller(), inputs, [tensor('addition', 'B', 1, ROWS, COLUMNS)])
    progression = {
        'window': [5, 99],
        'picture': {'rows': ROWS, 'columns': COLUMNS, 'top': TOP},
        'near': [NEAR, FAR],
        'widths': WIDTHS,
        'amplitude': 1,
    }
    manifest(folder, 'xray-progression', {'progression': progression, 'graphs': {'remodeller': graph}})


def figures() -> dict:
    with Image.open(HERE / 'films' / FILM) as image:
        line = joint_line(np.asarray(image.convert('L'), dtype=np.float64) / 255)
    rows, columns = np.mgrid[0:224, 0:224]
    picture = 100 + 60 * np.sin(rows / 5) * np.cos(columns / 7)
    gaps = closing(0.8, 0.4)
    opened = closing(1.7, 1.2)
    fields = {'closed': displacement(line, gaps, 1, 224), 'halfway': displacement(line, gaps, 0.5, 224), 'opened': displacement(line, opened, 1, 224)}
    space, near = joint_maps(*line_tensors(line.middle[None], (line.half * gaps)[None]))
    addition = torch.from_numpy(picture[None, None, :ROWS, :COLUMNS])
    grades, times = way(WIDTHS, 'medial', 1, 4, 7)
    return {
        'film': FILM,
        'middle': line.middle.tolist(),
        'half': line.half.tolist(),
        'closing': gaps.tolist(),
        'fields': {name: field[60:180:6, ::16].tolist() for name, field in fields.items()},
        'least': {name: float((1 + np.diff(field, axis=0)).min()) for name, field in fields.items()},
        'warped': warped(picture, fields['closed'])[60:180:6, ::16].tolist(),
        'space': space[0, 0, ::4, ::16].tolist(),
        'near': near[0, 0, ::4, ::16].tolist(),
        'enlarged': enlarged(addition)[0, 0, ::7, ::16].tolist(),
        'shares': {name: shares(WIDTHS, name, 0, 4) for name in ('medial', 'lateral', 'both')},
        'way': {'grades': grades.tolist(), 'times': times.tolist()},
    }


if __name__ == '__main__':
    write_bundle(HERE / 'tiny-progression-bundle')
    (HERE / 'progression.json').write_text(json.dumps(figures()) + '\n')
