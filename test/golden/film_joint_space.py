#!/usr/bin/env python3
"""Golden values of src/metrics/knee/film-joint-space.ts by numpy. Writes film-joint-space.json.

python test/golden/film_joint_space.py    # needs numpy, Pillow, the training package, and ../shared/data/xrays for the real films

The films in films/ are crops of synthetic knees: JSN 0 stored with bone dark, JSN 2 in a crop that is not square.
"""

import json
import pathlib
import sys

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / 'training'))

from osteograph_training.framing import framed_square  # noqa: E402
from osteograph_training.reading.joint_space import read_film_joint_space  # noqa: E402

REAL = ['kl0/c143851357L.png', 'kl1/4bf9a87d5bR.png', 'kl2/3513fdcd4bR.png', 'kl3/c1ed6d5693L.png', 'kl4/bae4e0ccc9L.png', 'kl4/187452b286L.png']


def figures(path, side):
    with Image.open(path) as image:
        film = np.asarray(image.convert('L'), dtype=np.float64) / 255
    read = read_film_joint_space(film, side)
    found = {name: space if isinstance(space, str) else lists(space) for name, space in read.items()}
    return {**found, 'line': line(read['medial'], read['lateral']), 'framed': vars(framed_square(film)) if film.shape[0] == film.shape[1] else None}


def line(medial, lateral):
    """Place and slope of both middle lines by numpy.polyfit, and how far they fall towards the medial side, in degrees."""
    lines = [None if isinstance(space, str) else fitted(space) for space in (medial, lateral)]
    obliquity = None
    if None not in lines:
        inner, outer = lines
        obliquity = float(np.degrees(np.arctan2(inner['row'] - outer['row'], abs(inner['column'] - outer['column']))))
    return {'medial': lines[0], 'lateral': lines[1], 'obliquity': obliquity}


def fitted(space):
    rows = (space.femur + space.tibia) / 2
    slope = np.polyfit(space.columns, rows, 1)[0]
    return {'column': float(space.columns.mean()), 'row': float(rows.mean()), 'slope': float(slope)}


def lists(space):
    return {key: np.asarray(value).tolist() for key, value in vars(space).items()}


golden = {
    'madeBy': 'test/golden/film_joint_space.py',
    'numpy': np.__version__,
    'synthetic': [{'file': path.name, 'side': path.stem[-1], **figures(path, path.stem[-1])} for path in sorted((HERE / 'films').glob('*.png'))],
    'real': [{'file': name, 'side': name[-5], **figures(HERE.parents[2] / 'shared/data/xrays' / name, name[-5])} for name in REAL],
}
(HERE / 'film-joint-space.json').write_text(json.dumps(golden) + '\n')
