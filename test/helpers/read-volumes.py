"""Opens every volume of an unpacked archive with nibabel or pydicom and tells what they see: read-volumes.py <folder>"""

import hashlib
import json
import sys
from pathlib import Path

import nibabel
import nibabel.nicom.dicomwrappers
import numpy
import pydicom


def of_nifti(path):
    image = nibabel.load(path)
    extensions = [json.loads(e.get_content()) for e in image.header.extensions] if image.header.extensions else []
    return {
        'affine': numpy.round(image.affine, 4).tolist(),
        'shape': list(image.shape),
        'description': str(image.header['descrip'].astype(str)),
        'recipe': extensions[0] if extensions else None,
        'voxels': digest(numpy.asarray(image.dataobj)),
    }


def of_series(folder):
    """Put together from the headers alone, as any reader of DICOM would."""
    slices = [pydicom.dcmread(path) for path in sorted(folder.glob('*.dcm'))]
    first, last = slices[0], slices[-1]
    right, down = numpy.array(first.ImageOrientationPatient, float).reshape(2, 3)
    origin, end = (numpy.array(s.ImagePositionPatient, float) for s in (first, last))
    step = (end - origin) / (len(slices) - 1)
    columns = [right * first.PixelSpacing[1], down * first.PixelSpacing[0], step, origin]
    lps = numpy.vstack([numpy.column_stack(columns), [0, 0, 0, 1]])
    affine = numpy.diag([-1, -1, 1, 1]) @ lps
    voxels = numpy.stack([s.pixel_array.T for s in slices], axis=-1) * float(first.RescaleSlope) + float(first.RescaleIntercept)
    wrapper = nibabel.nicom.dicomwrappers.wrapper_from_data(first)
    private = first.private_block(0x0099, 'OSTEOGRAPH')[1].value if 'OSTEOGRAPH' in str(first.get((0x0099, 0x0010), '')) else None
    keys = [
        'PatientID',
        'PatientSex',
        'SyntheticData',
        'SeriesDescription',
        'Laterality',
        'ImageType',
        'StudyDate',
        'Modality',
        'SOPClassUID',
        'ManufacturerModelName',
        'DerivationDescription',
        'ImageComments',
        'SliceThickness',
        'SpacingBetweenSlices',
        'WindowCenter',
        'WindowWidth',
        'StudyInstanceUID',
        'SeriesInstanceUID',
    ]
    return {
        'affine': numpy.round(affine, 4).tolist(),
        'shape': list(voxels.shape),
        'voxels': digest(voxels),
        'position_by_nibabel': numpy.round(wrapper.image_position, 4).tolist(),
        'instances': [s.InstanceNumber for s in slices],
        'uids': sorted({s.SOPInstanceUID for s in slices}),
        'series_uids': sorted({s.SeriesInstanceUID for s in slices}),
        'provenance': json.loads(private) if private else None,
        **{key: (list(v) if isinstance(v := first.get(key), pydicom.multival.MultiValue) else str(v)) for key in keys},
    }


def digest(voxels):
    return hashlib.sha256(numpy.ascontiguousarray(voxels.astype('<f8')).tobytes()).hexdigest()


root = Path(sys.argv[1])
seen = {str(path.relative_to(root)): of_nifti(path) for path in sorted(root.rglob('*.nii.gz'))}
seen |= {str(folder.relative_to(root)): of_series(folder) for folder in sorted({p.parent for p in root.rglob('*.dcm')})}
print(json.dumps(seen))
