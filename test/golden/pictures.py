"""Pictures as people have them, written by Pillow, and the grey values that Pillow reads back: golden files of test/imaging/picture.test.ts.

python test/golden/pictures.py
"""

import json
from pathlib import Path

import numpy as np
from PIL import Image

FOLDER = Path(__file__).parent / 'pictures'
ROWS, COLUMNS = 70, 90


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    rows, columns = np.mgrid[0:ROWS, 0:COLUMNS]
    eight = (rows * 2 + columns).astype(np.uint8)
    sixteen = (rows * 900 + columns * 7).astype(np.uint16)
    colour = np.stack([eight, 255 - eight, eight // 2], axis=-1)
    grey8, grey16 = Image.fromarray(eight), Image.fromarray(sixteen)
    grey8.save(FOLDER / 'grey.jpg', quality=95)
    Image.fromarray(colour).save(FOLDER / 'colour.jpg', quality=95, subsampling=0)
    turned = Image.Exif()
    turned[0x0112] = 6
    grey8.save(FOLDER / 'on-its-side.jpg', quality=95, exif=turned)
    grey8.save(FOLDER / 'lzw-8.tif', compression='tiff_lzw')
    grey16.save(FOLDER / 'deflate-16.tif', compression='tiff_adobe_deflate')
    # Zero is white there: Pillow stores the negative of what is to be seen.
    grey8.save(FOLDER / 'white-is-zero.tif', tiffinfo={262: 0})
    Image.fromarray(colour).save(FOLDER / 'colour.tif')
    Image.fromarray(rows.astype(np.float32) / 70).save(FOLDER / 'float.tif')
    grey8.save(FOLDER / 'two-pages.tif', save_all=True, append_images=[grey8])

    expected = {}
    for path in sorted(FOLDER.glob('*.jpg')):
        image = Image.open(path)
        shown = image.rotate(-90, expand=True) if 'side' in path.name else image
        values = np.asarray(shown.convert('L'), dtype=np.int64)
        expected[path.name] = {'rows': values.shape[0], 'columns': values.shape[1], 'sum': int(values.sum()), 'row': values[20].tolist()}
    (FOLDER / 'expected.json').write_text(json.dumps(expected) + '\n', encoding='utf-8')


if __name__ == '__main__':
    main()
