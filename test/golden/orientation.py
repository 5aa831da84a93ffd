"""
Where things lie in a knee that is not symmetric, as SimpleITK and nibabel read it: fibula lateral and posterior, patella in
front, a marker in the medial, posterior, upper corner. Needs pydicom, SimpleITK and nibabel.

    python orientation.py            writes orientation.json
    python orientation.py FOLDER...  prints where SimpleITK finds them in DICOM series that Osteograph wrote, to compare
"""

import base64
import gzip
import io
import json
import sys
import tempfile
from pathlib import Path

import nibabel
import numpy as np
import SimpleITK
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

HERE = Path(__file__).parent
MR_IMAGE = '1.2.840.10008.5.1.4.1.1.4'
SHAPE = (14, 12, 8)
SPACING = (3.0, 2.0, 4.0)
# In DICOM's LPS: x grows to the patient's left, y to the back, z to the head. The legs lie 90 mm off the middle.
CENTRE = {'RIGHT': (-90.0, 10.0, 5.0), 'LEFT': (90.0, 10.0, 5.0)}
LATERAL = {'RIGHT': -1, 'LEFT': 1}
GREY = {'fibula': 1000, 'patella': 700, 'marker': 1500}
# The way to the next column, row and slice; the second of each plane is a scanner that chose otherwise.
WAYS = {
    ('CORONAL', 'as stored'): ((1, 0, 0), (0, 0, -1), (0, -1, 0)),
    ('CORONAL', 'from left to right, from feet to head, from front to back'): ((-1, 0, 0), (0, 0, 1), (0, 1, 0)),
    ('CORONAL', 'with rows and columns exchanged'): ((0, 0, 1), (1, 0, 0), (0, -1, 0)),
    ('SAGITTAL', 'as stored'): ((0, 1, 0), (0, 0, -1), (1, 0, 0)),
    ('SAGITTAL', 'from left to right'): ((0, -1, 0), (0, 0, 1), (-1, 0, 0)),
    ('AXIAL', 'as stored'): ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    ('AXIAL', 'from head to feet'): ((-1, 0, 0), (0, -1, 0), (0, 0, -1)),
}
# In nibabel's words for the way to the next column, row and slice.
STORED = {'CORONAL': 'LIA', 'SAGITTAL': 'PIL', 'AXIAL': 'LPS'}


def knee(points, side):
    """Grey values at points in LPS; mm from the middle of the knee, to the outside, to the front, to the head."""
    out, front, up = np.moveaxis((points - CENTRE[side]) * (LATERAL[side], -1, 1), -1, 0)
    grey = np.full(out.shape, 100, np.uint16)
    grey[(abs(out - 12) < 4) & (abs(front + 6) < 4) & (up < -3)] = GREY['fibula']
    grey[(abs(out) < 5) & (front > 8) & (abs(up - 4) < 6)] = GREY['patella']
    corner = (out == out.min()) & (front == front.min()) & (up == up.max())
    grey[corner] = GREY['marker']
    return grey


def write_series(folder, plane, way, side):
    ways = np.array(WAYS[plane, way], float)
    shape = np.array(SHAPE if 'exchanged' not in way else (SHAPE[1], SHAPE[0], SHAPE[2]))
    spacing = np.array(SPACING if 'exchanged' not in way else (SPACING[1], SPACING[0], SPACING[2]))
    origin = np.array(CENTRE[side]) - ((shape - 1) * spacing / 2) @ ways
    files = []
    # Files of two cases are of two series, as those of two patients are.
    root = f'2.25.{1000 + 10 * list(WAYS).index((plane, way)) + list(CENTRE).index(side)}'
    columns, rows, slices = shape
    index = np.stack(np.meshgrid(*(np.arange(size) for size in shape), indexing='ij'), -1)
    values = knee(np.round(origin + (index * spacing) @ ways, 6), side)
    for number in range(slices):
        slice_ = Dataset()
        slice_.SOPClassUID, slice_.SOPInstanceUID = MR_IMAGE, f'{root}.3.{number + 1}'
        slice_.StudyInstanceUID, slice_.SeriesInstanceUID = f'{root}.1', f'{root}.2'
        slice_.Modality, slice_.PatientID, slice_.InstanceNumber = 'MR', 'DRAWN', number + 1
        slice_.SeriesDescription = f'{plane[:3]}_DRAWN_{side}'
        slice_.ImagePositionPatient = list(origin + number * spacing[2] * ways[2])
        slice_.ImageOrientationPatient = [*ways[0], *ways[1]]
        slice_.PixelSpacing, slice_.SliceThickness = [spacing[1], spacing[0]], spacing[2]
        slice_.Rows, slice_.Columns = int(rows), int(columns)
        slice_.SamplesPerPixel, slice_.PhotometricInterpretation = 1, 'MONOCHROME2'
        slice_.BitsAllocated, slice_.BitsStored, slice_.HighBit, slice_.PixelRepresentation = 16, 16, 15, 0
        slice_.PixelData = values[:, :, number].T.tobytes()
        slice_.file_meta = FileMetaDataset()
        slice_.file_meta.MediaStorageSOPClassUID = MR_IMAGE
        slice_.file_meta.MediaStorageSOPInstanceUID = slice_.SOPInstanceUID
        slice_.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        stream = io.BytesIO()
        slice_.save_as(stream, enforce_file_format=True)
        (folder / f'{number}.dcm').write_bytes(stream.getvalue())
        files.append(base64.b64encode(gzip.compress(stream.getvalue(), mtime=0)).decode())
    return files


def read_series(folder):
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return reader.Execute()


def middles(image):
    """Middle of each landmark in LPS, by SimpleITK."""
    data = SimpleITK.GetArrayFromImage(image)
    found = {}
    for name, grey in GREY.items():
        zyx = np.argwhere(data == grey).mean(0)
        found[name] = np.round(image.TransformContinuousIndexToPhysicalPoint(zyx[::-1].tolist()), 4).tolist()
    return found


def stored(image, plane, folder):
    """Middle of each landmark as column, row and slice of the stored order, and in RAS, by nibabel."""
    SimpleITK.WriteImage(image, str(folder / 'knee.nii'))
    nifti = nibabel.load(folder / 'knee.nii')
    turn = nibabel.orientations.ornt_transform(nibabel.io_orientation(nifti.affine), nibabel.orientations.axcodes2ornt(STORED[plane]))
    turned = nifti.as_reoriented(turn)
    data = np.asarray(turned.dataobj)
    found = {}
    for name, grey in GREY.items():
        voxel = np.argwhere(data == grey).mean(0)
        ras = nibabel.affines.apply_affine(turned.affine, voxel)
        found[name] = {'voxel': np.round(voxel, 4).tolist(), 'ras': np.round(ras, 4).tolist()}
    return list(turned.shape), found


def case(plane, way, side):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = write_series(folder, plane, way, side)
        image = read_series(folder)
        shape, landmarks = stored(image, plane, folder)
        for landmark, lps in middles(image).items():
            landmarks[landmark]['lps'] = lps
        return {'plane': plane, 'way': way, 'side': side, 'files': files, 'shape': shape, 'landmarks': landmarks}


if len(sys.argv) > 1:
    for folder in sys.argv[1:]:
        print(folder, middles(read_series(folder)))
else:
    golden = {
        'madeBy': 'test/golden/orientation.py',
        'nibabel': nibabel.__version__,
        'SimpleITK': SimpleITK.Version_VersionString(),
        'cases': [case(plane, way, side) for plane, way in WAYS for side in CENTRE],
    }
    (HERE / 'orientation.json').write_text(json.dumps(golden, indent=1) + '\n')
