"""Tells what pydicom sees in de-identified objects, as JSON: read-objects.py <file> ..."""

import hashlib
import json
import sys

import pydicom


def seen(path):
    ds = pydicom.dcmread(path)
    words = []
    ds.walk(lambda _, element: words.append(f'{element.tag} {element.value}'))
    codes = ds.get('DeidentificationMethodCodeSequence') or []
    return {
        'meta': [str(ds.file_meta.MediaStorageSOPInstanceUID), str(ds.file_meta.TransferSyntaxUID)],
        'codes': [[code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning] for code in codes],
        'private': sum(element.tag.is_private for element in ds.iterall()),
        'words': ' '.join(words),
        'pixels': hashlib.sha256(ds.pixel_array.tobytes()).hexdigest(),
        **{
            keyword: str(ds.get(keyword, ''))
            for keyword in (
                'PatientName',
                'PatientID',
                'PatientBirthDate',
                'PatientSex',
                'StudyDate',
                'AcquisitionDate',
                'StudyTime',
                'SeriesDescription',
                'StudyDescription',
                'Manufacturer',
                'DeviceSerialNumber',
                'InstitutionName',
                'SOPInstanceUID',
                'StudyInstanceUID',
                'PatientIdentityRemoved',
                'BurnedInAnnotation',
                'LongitudinalTemporalInformationModified',
                'EchoTime',
                'PixelSpacing',
            )
        },
    }


print(json.dumps([seen(path) for path in sys.argv[1:]]))
