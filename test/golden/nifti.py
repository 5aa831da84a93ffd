#!/usr/bin/env python3
"""Golden values of src/imaging/nifti.ts by nibabel: qform quaternions of several affines, and a small file. Writes nifti.json.

python test/golden/nifti.py    # needs numpy, nibabel
"""

import base64
import gzip
import json
import pathlib

import nibabel
import numpy as np

HERE = pathlib.Path(__file__).resolve().parent


def rotation(x, y, z):
    cx, sx, cy, sy, cz, sz = np.cos(x), np.sin(x), np.cos(y), np.sin(y), np.cos(z), np.sin(z)
    return (
        np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
        @ np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
        @ np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    )


CORONAL = np.array([[-1, 0, 0], [0, 0, 1], [0, -1, 0]], float)
SAGITTAL = np.array([[0, 0, -1], [-1, 0, 0], [0, -1, 0]], float)
CASES = {
    'coronal': (CORONAL, (0.3125, 0.3125, 1.5)),
    'oblique coronal': (rotation(0.1, -0.2, 0.3) @ CORONAL, (0.625, 0.625, 1.5)),
    'sagittal': (SAGITTAL, (0.625, 0.625, 4.0)),
    'oblique sagittal': (rotation(-0.05, 0.12, 2.9) @ SAGITTAL, (0.36, 0.36, 0.7)),
    'axial': (np.diag([-1.0, -1.0, 1.0]), (0.5, 0.7, 3.0)),
    'right-handed': (rotation(1.0, 0.5, -2.0), (1.0, 2.0, 3.0)),
}


def case(name):
    axes, spacing = CASES[name]
    affine = np.eye(4)
    affine[:3, :3] = axes * np.array(spacing)
    affine[:3, 3] = [12.5, -40.25, 7.75]
    image = nibabel.Nifti1Image(np.zeros((2, 3, 4), np.int16), affine)
    image.set_qform(affine, code=1)
    header = image.header
    return {
        'name': name,
        'spacing': list(spacing),
        'affine': affine[:3].ravel().tolist(),
        'qfac': float(header['pixdim'][0]),
        'quaternion': [float(header[f'quatern_{letter}']) for letter in 'bcd'],
    }


def small_file():
    data = np.arange(24, dtype=np.uint16).reshape(4, 3, 2).T * 1000
    affine = np.array(case('coronal')['affine'] + [0, 0, 0, 1]).reshape(4, 4)
    image = nibabel.Nifti1Image(data, affine)
    image.header['descrip'] = b'written by nibabel'
    return base64.b64encode(gzip.compress(image.to_bytes(), mtime=0)).decode()


golden = {'madeBy': 'test/golden/nifti.py', 'nibabel': nibabel.__version__, 'cases': [case(name) for name in CASES], 'file': small_file()}
(HERE / 'nifti.json').write_text(json.dumps(golden, indent=1) + '\n')
