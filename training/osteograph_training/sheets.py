"""Sample sheets: what a run makes of a few held-out knees, as one PNG per look during training."""

from pathlib import Path

import numpy as np
from PIL import Image

#: Pixels between the images of a sheet.
GAP = 2


def write_sheet(path: Path, rows: list[list[np.ndarray]]) -> np.ndarray:
    """Writes rows of equally large images in [0,1] as one grey PNG; returns its pixels, uint8 [rows, columns]."""
    height, width = rows[0][0].shape
    columns = max(len(row) for row in rows)
    sheet = np.full((len(rows) * (height + GAP) - GAP, columns * (width + GAP) - GAP), 64, dtype=np.uint8)
    for row, images in enumerate(rows):
        for column, image in enumerate(images):
            top, left = row * (height + GAP), column * (width + GAP)
            sheet[top : top + height, left : left + width] = np.rint(np.clip(image, 0, 1) * 255)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(sheet).save(path)
    return sheet
