#!/usr/bin/env python3
"""Makes the tiny DICOM files of this folder, one per way of packing pixels, with encoders that are not ours.

    python test/golden/dicom/make.py    # needs numpy, pydicom, pylibjpeg-openjpeg, python-gdcm, imagecodecs

Every file shows the same 40 x 48 image, stored(row, column) = (37 row + 101 column) mod 4096, repeated in
test/imaging/dicom-read.test.ts; the 8-bit one takes it mod 256, the signed one subtracts 2048.
"""

import pathlib
import tempfile

import gdcm
import imagecodecs
import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
)

HERE = pathlib.Path(__file__).resolve().parent
ROWS, COLUMNS = 40, 48
STORED = ((37 * np.arange(ROWS)[:, None] + 101 * np.arange(COLUMNS)[None, :]) % 4096).astype(np.uint16)


def dataset(pixels, *, bits=12, signed=False, photometric='MONOCHROME2', syntax=ExplicitVRLittleEndian, **elements):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = '1.2.840.10008.5.1.4.1.1.7'
    meta.MediaStorageSOPInstanceUID = '2.25.1'
    meta.TransferSyntaxUID = syntax
    big, implicit = syntax == ExplicitVRBigEndian, syntax == ImplicitVRLittleEndian
    ds = FileDataset('', {}, file_meta=meta, preamble=b'\0' * 128, is_implicit_VR=implicit, is_little_endian=not big)
    ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, '2.25.1'
    ds.StudyInstanceUID, ds.SeriesInstanceUID = '2.25.2', '2.25.3'
    ds.Modality, ds.PatientID = 'OT', 'TEST'
    ds.Rows, ds.Columns, ds.SamplesPerPixel = ROWS, COLUMNS, 1
    ds.PhotometricInterpretation = photometric
    ds.BitsAllocated = 8 if bits == 8 else 16
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation = bits, bits - 1, int(signed)
    ds.PixelSpacing = [0.5, 0.25]
    item = Dataset()
    item.CodeMeaning = 'a nested item of undefined length'
    ds.ProcedureCodeSequence = [item]
    ds['ProcedureCodeSequence'].is_undefined_length = True
    for key, value in elements.items():
        setattr(ds, key, value)
    ds.PixelData = pixels.astype(pixels.dtype.newbyteorder('>' if big else '<')).tobytes()
    ds['PixelData'].VR = 'OB' if bits == 8 else 'OW'
    return ds


def save(name, ds):
    ds.save_as(HERE / name, enforce_file_format=True)
    print(name, (HERE / name).stat().st_size)


def recode(name, syntax):
    """Compresses the 12-bit image with GDCM."""
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / 'in.dcm'
        dataset(STORED).save_as(source, enforce_file_format=True)
        reader = gdcm.ImageReader()
        reader.SetFileName(str(source))
        assert reader.Read()
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(syntax))
        change.SetInput(reader.GetImage())
        assert change.Change(), name
        writer = gdcm.ImageWriter()
        writer.SetFileName(str(HERE / name))
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()
    decoded = pydicom.dcmread(HERE / name).pixel_array
    assert (decoded == STORED).all(), name
    print(name, (HERE / name).stat().st_size)


save('implicit-little.dcm', dataset(STORED, syntax=ImplicitVRLittleEndian))
save('explicit-little.dcm', dataset(STORED))
save('explicit-big.dcm', dataset(STORED, syntax=ExplicitVRBigEndian))
save('deflated.dcm', dataset(STORED, syntax=DeflatedExplicitVRLittleEndian))
save('monochrome1.dcm', dataset(STORED, photometric='MONOCHROME1'))
save('bytes.dcm', dataset((STORED % 256).astype(np.uint8), bits=8))
save(
    'signed-rescaled.dcm',
    dataset(((STORED.astype(np.int16) - 2048) & 0xFFF).astype(np.uint16), signed=True, RescaleSlope='2', RescaleIntercept='-10'),
)
save('rescaled-float.dcm', dataset(STORED, RescaleSlope='0.5', RescaleIntercept='0.25'))
# The four bits above the stored twelve hold an old-style overlay that must not reach the pixels.
save('overlay-bits.dcm', dataset(STORED | np.uint16(0xA000)))
colour = dataset(STORED, photometric='RGB', SamplesPerPixel=3, PlanarConfiguration=0, BitsAllocated=8, BitsStored=8, HighBit=7)
colour.PixelData = bytes(ROWS * COLUMNS * 3)
colour['PixelData'].VR = 'OB'
save('colour.dcm', colour)
rle = dataset(STORED)
rle.compress(RLELossless, generate_instance_uid=False)
save('rle.dcm', rle)
j2k = dataset(STORED)
j2k.compress(JPEG2000Lossless, generate_instance_uid=False)
save('jpeg-2000.dcm', j2k)
recode('jpeg-lossless.dcm', gdcm.TransferSyntax.JPEGLosslessProcess14_1)
recode('jpeg-lossless-14.dcm', gdcm.TransferSyntax.JPEGLosslessProcess14)
recode('jpeg-ls.dcm', gdcm.TransferSyntax.JPEGLSLossless)


def packed(name, syntax, stream, pixels, **options):
    file = dataset(pixels, **options)
    file.file_meta.TransferSyntaxUID = syntax
    file.PixelData = encapsulate([stream])
    file['PixelData'].VR = 'OB'
    file['PixelData'].is_undefined_length = True
    save(name, file)


packed('htj2k.dcm', '1.2.840.10008.1.2.4.201', imagecodecs.htj2k_encode(STORED, reversible=True), STORED)
# A soft ramp: what is lost of it is within a grey value or two.
RAMP = (np.arange(ROWS)[:, None] * 2 + np.arange(COLUMNS)[None, :]).astype(np.uint8)
packed('jpeg-baseline.dcm', '1.2.840.10008.1.2.4.50', imagecodecs.jpeg8_encode(RAMP, level=95), RAMP, bits=8)
packed('jpeg-extended-12.dcm', '1.2.840.10008.1.2.4.51', imagecodecs.jpeg8_encode(STORED, level=95, bitspersample=12), STORED)

# The first 600 pixels are padding, which PixelPaddingRangeLimit lets be either of two values.
padded = STORED.copy().ravel()
padded[:300], padded[300:600] = 4095, 4094
for photometric, name in [('MONOCHROME2', 'padded.dcm'), ('MONOCHROME1', 'padded-monochrome1.dcm')]:
    file = dataset(padded.reshape(ROWS, COLUMNS), photometric=photometric)
    file.add_new(0x00280120, 'US', 4094)
    file.add_new(0x00280121, 'US', 4095)
    save(name, file)


def enhanced(name, slices, echoes):
    """An Enhanced MR image, slices of all echoes in turn, as some scanners write whole series, and others each slice."""
    frames = np.stack([STORED // (2 + 2 * echo) + 10 * index for index in range(slices) for echo in range(echoes)])
    ds = dataset(frames[0])
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = '1.2.840.10008.5.1.4.1.1.4.1'
    ds.Modality, ds.SeriesDescription = 'MR', 'SAG T2 MAP RIGHT'
    ds.NumberOfFrames = len(frames)
    ds.MagneticFieldStrength = 3
    del ds.PixelSpacing, ds.ProcedureCodeSequence

    def group(**elements):
        item = Dataset()
        for key, value in elements.items():
            setattr(item, key, value)
        return [item]

    shared = Dataset()
    shared.PixelMeasuresSequence = group(PixelSpacing=[0.5, 0.25], SliceThickness=3)
    shared.PlaneOrientationSequence = group(ImageOrientationPatient=[0, 0.96, -0.28, 0, -0.28, -0.96])
    shared.MRTimingAndRelatedParametersSequence = group(RepetitionTime=2700, FlipAngle=90)
    ds.SharedFunctionalGroupsSequence = [shared]
    per_frame = []
    for index in range(slices):
        for echo in range(echoes):
            item = Dataset()
            item.FrameContentSequence = group(StackID='1', InStackPositionNumber=index + 1, FrameAcquisitionNumber=1)
            item.PlanePositionSequence = group(ImagePositionPatient=[-20 + 3.5 * index, -60, 70])
            item.MREchoSequence = group(EffectiveEchoTime=10.0 * (echo + 1))
            item.PixelValueTransformationSequence = group(RescaleSlope=2, RescaleIntercept=index, RescaleType='US')
            per_frame.append(item)
    ds.PerFrameFunctionalGroupsSequence = per_frame
    ds.PixelData = frames.astype('<u2').tobytes()
    save(name, ds)


enhanced('enhanced-mr.dcm', slices=4, echoes=2)
enhanced('enhanced-mr-slice.dcm', slices=1, echoes=1)
