#!/usr/bin/env python3
"""Golden values of src/imaging/radiograph/input.ts by the training package, so that inference sees what training saw. Writes radiograph.json.

    PYTHONPATH=training python test/golden/radiograph.py

The film is made by a formula that test/imaging/radiograph-golden.test.ts repeats; every 16th row and column of the input is kept.
"""

import json
import pathlib

import numpy as np

from osteograph_training.images import central_crop, film_patch, window_film
from osteograph_training.release import FilmBox

HERE = pathlib.Path(__file__).resolve().parent
ROWS, COLUMNS = 300, 420
BOXES = {
    'shrunk': (35.25, 10.5, 270.75),
    'enlarged': (150.4, 100.2, 120.6),
    'over the border': (-20.0, 90.0, 240.0),
}

row, column = np.mgrid[:ROWS, :COLUMNS]
FILM = ((row * 37 + column * 59 + (row * column) // 7) % 1024 + 4 * row + 3 * column).astype(np.float32)


def case(name, mirror):
    left, top, side = BOXES[name]
    crop = window_film(central_crop(film_patch(FILM, FilmBox(left=left, top=top, side=side), mirror)))
    return {'name': name, 'box': {'left': left, 'top': top, 'side': side}, 'mirror': mirror, 'values': crop[::16, ::16].ravel().tolist()}


golden = {'madeBy': 'test/golden/radiograph.py', 'cases': [case(name, mirror) for name in BOXES for mirror in (False, True)]}
(HERE / 'radiograph.json').write_text(json.dumps(golden) + '\n')
