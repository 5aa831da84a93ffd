"""Writes films by pydicom that name their patient wherever a name can stand.

    python test/golden/deidentification/make.py    # needs numpy, pydicom, Pillow

planted.dcm     every attribute of text of the data dictionary, in sequences too, and private ones, the preamble, an overlay (deflated)
comments.dcm    a JPEG frame with a comment and an EXIF header
Words to look for: Zyxwvut, Quentin, 19480203.
"""

import io
from pathlib import Path

import numpy
import pydicom
from PIL import Image
from pydicom.datadict import DicomDictionary
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate

HERE = Path(__file__).parent
NAME = 'Zyxwvut^Quentin'
BORN = '19480203'
UID = f'1.2.3.{BORN}'
#: Groups of the file itself, of directories, and of pixels.
LEFT_ALONE = (0x0000, 0x0002, 0x0004, 0x0028, 0x7FE0)

pydicom.config.settings.writing_validation_mode = pydicom.config.IGNORE


def film():
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = '1.2.840.10008.5.1.4.1.1.1'
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = UID
    ds.PatientName, ds.PatientID, ds.PatientBirthDate = NAME, 'Zyxwvut-77', BORN
    ds.StudyDate, ds.StudyTime = '20040623', '101112'
    ds.Modality, ds.BodyPartExamined, ds.ViewPosition = 'CR', 'KNEE', 'PA'
    ds.ImageType = ['ORIGINAL', 'PRIMARY']
    ds.SeriesDescription = f'PA Knee {NAME}'
    ds.Rows = ds.Columns = 96
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, 'MONOCHROME2', 0
    ds.PixelSpacing = [0.2, 0.2]
    return ds


def plant(ds, depth=0):
    """A name, a date of birth or a UID of the patient's in each attribute that is not there yet."""
    values = {'DA': BORN, 'DT': f'{BORN}101112', 'UI': UID, 'AE': NAME, 'UR': f'http://zyxwvut/{BORN}', 'SH': NAME[:16], 'CS': 'ZYXWVUT'}
    for tag, (vr, _, _, _, keyword) in DicomDictionary.items():
        kept = keyword in ('SpecificCharacterSet', 'SyntheticData', 'Laterality', 'ImageLaterality')
        if not keyword or kept or tag >> 16 in LEFT_ALONE or tag in ds:
            continue
        if vr in values:
            ds.add_new(tag, vr, values[vr])
        elif vr in ('LO', 'ST', 'LT', 'UT', 'UC', 'PN'):
            ds.add_new(tag, vr, NAME)
        elif vr == 'SQ' and depth == 0:
            item = Dataset()
            item.PatientName, item.CodeMeaning, item.CodeValue = NAME, NAME, 'ZYXWVUT'
            item.ReferencedSOPInstanceUID = UID
            ds.add_new(tag, vr, [item])


SQUARE = numpy.full((96, 96), 500, '<u2')
SQUARE[24:72, 24:72] = 3000

ds = film()
plant(ds)
ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, 12, 11
ds.PixelData = SQUARE.tobytes()
ds['PixelData'].VR = 'OW'
block = ds.private_block(0x0029, NAME, create=True)
block.add_new(1, 'LO', NAME)
block.add_new(2, 'OB', NAME.encode())
ds.add_new(0x60000010, 'US', 8)
ds.add_new(0x60003000, 'OW', f'{NAME} '.encode())
ds.add_new(0x60004000, 'LT', NAME)
ds.preamble = f'{NAME} {BORN}'.encode().ljust(128, b'\0')
ds.file_meta.SourceApplicationEntityTitle = 'ZYXWVUT'
ds.file_meta.TransferSyntaxUID = '1.2.840.10008.1.2.1.99'
ds.save_as(HERE / 'planted.dcm', enforce_file_format=True)

ds = film()
picture = Image.fromarray((SQUARE // 16).astype('u1'))
exif = Image.Exif()
exif[0x010E] = exif[0x013B] = NAME
stream = io.BytesIO()
picture.save(stream, 'JPEG', quality=95, comment=NAME, exif=exif)
assert stream.getvalue().count(NAME.encode()) == 3
ds.BitsAllocated, ds.BitsStored, ds.HighBit = 8, 8, 7
ds.file_meta.TransferSyntaxUID = '1.2.840.10008.1.2.4.50'
ds.PixelData = encapsulate([stream.getvalue()])
ds['PixelData'].VR = 'OB'
ds['PixelData'].is_undefined_length = True
ds.preamble = bytes(128)
ds.save_as(HERE / 'comments.dcm', enforce_file_format=True)
