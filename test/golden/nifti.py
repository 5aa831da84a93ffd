#!/usr/bin/env python3
"""Golden values of src/imaging/nifti.ts and orient.ts by nibabel: qform quaternions of several affines, a small file, and one
volume stored in several orders and by several headers. Writes nifti.json.

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


ORDERS = ['LIA', 'RAS', 'PIR', 'SLP', 'ASL', 'IAR']
OBLIQUE = rotation(0.1, -0.2, 0.15)


def placed(axes, spacing, shape, order='LIA', shear=0.0, code=('sform', 1)):
    """A volume on the axes, stored in an order; the value of a voxel is its index in the order of the axes."""
    affine = np.eye(4)
    affine[:3, :3] = axes * np.array(spacing)
    affine[:3, 2] += shear * affine[:3, 0] / spacing[0]
    affine[:3, 3] = [12.5, -40.25, 7.75]
    data = np.arange(np.prod(shape), dtype=np.int16).reshape(shape[::-1]).T
    image = nibabel.Nifti1Image(data, affine)
    turn = nibabel.orientations.ornt_transform(nibabel.io_orientation(affine), nibabel.orientations.axcodes2ornt(order))
    turned = image.as_reoriented(turn)
    stored = nibabel.Nifti1Image(np.asarray(turned.dataobj), turned.affine)
    stored.header.set_xyzt_units('mm')
    form, number = code
    stored.set_sform(turned.affine, code=number if form in ('sform', 'both') else 0)
    stored.set_qform(turned.affine, code=number if form in ('qform', 'both') else 0)
    return stored


def arrangement(name, stored):
    """The file, and what nibabel makes of it in the order of coronal volumes: to the left, to the feet, to the front."""
    read = nibabel.Nifti1Image.from_bytes(stored.to_bytes())
    turn = nibabel.orientations.ornt_transform(nibabel.io_orientation(read.affine), nibabel.orientations.axcodes2ornt('LIA'))
    turned = read.as_reoriented(turn)
    return {
        'name': name,
        'file': packed(stored),
        'shape': list(turned.shape),
        'data': np.asarray(turned.dataobj).T.ravel().tolist(),
        'affine': turned.affine[:3].ravel().tolist(),
    }


def packed(image):
    return base64.b64encode(gzip.compress(image.to_bytes(), mtime=0)).decode()


CORONAL_SERIES = (OBLIQUE @ CORONAL, (0.5, 0.75, 1.5), (4, 3, 2))
arrangements = [arrangement(f'{order} by its sform', placed(*CORONAL_SERIES, order)) for order in ORDERS]
arrangements += [
    arrangement('RAS by its qform', placed(*CORONAL_SERIES, 'RAS', code=('qform', 1))),
    arrangement('PIR by its qform, aligned', placed(*CORONAL_SERIES, 'PIR', code=('qform', 2))),
    arrangement('SLP by both', placed(*CORONAL_SERIES, 'SLP', code=('both', 1))),
]
refused = {
    'without a position': placed(*CORONAL_SERIES, 'RAS', code=('sform', 0)),
    'sagittal': placed(SAGITTAL, (0.3, 0.3, 4.0), (4, 3, 2), 'RAS'),
    'axial': placed(np.diag([-1.0, -1.0, 1.0]), (0.3, 0.3, 4.0), (4, 3, 2), 'LIA'),
    'sheared': placed(CORONAL, (0.5, 0.75, 1.5), (4, 3, 2), 'RAS', shear=0.2),
    'oblique': placed(rotation(0.0, 0.0, 0.65) @ CORONAL, (0.5, 0.75, 1.5), (4, 3, 2), 'LIA'),
}

golden = {
    'madeBy': 'test/golden/nifti.py',
    'nibabel': nibabel.__version__,
    'cases': [case(name) for name in CASES],
    'file': small_file(),
    'arrangements': arrangements,
    'refused': {name: packed(image) for name, image in refused.items()},
}
(HERE / 'nifti.json').write_text(json.dumps(golden, indent=1) + '\n')
