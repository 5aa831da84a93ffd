import { dicomUid, encodeDicom, type DicomKeywords } from '../dicom/write.js';
import { type DicomTexts, readDicomTexts } from '../dicom/read.js';
import { affineInDicom } from '../dicom/series-elements.js';
import type { OpenSeries } from './open-series.js';
import type { Volume } from '../volume.js';

/** A slice that was made, as whole numbers: value = stored x slope + intercept. */
export interface MadeSlice {
  index: number;
  pixels: Uint16Array | Int16Array;
  slope: number;
  intercept: number;
}

/** How a series was made, in the words of its files. */
export interface MadeHeader {
  bundle: { name: string; version: string };
  /** What a description begins with after SYNTHETIC, e.g. SR, and the first part of every UID. */
  kind: { short: string; root: string };
  /** What was done, in words. */
  derivation: string;
  label: string;
  /** Where it comes from, for its UIDs: the same identity gives the same ones. */
  identity: readonly (string | number)[];
  createdAt: Date;
  /** By how much slices are thinner than those whose header they have; default 1. */
  thinner?: number | undefined;
  /** What is known of a series that does not come as DICOM, by keywords. */
  kept?: DicomTexts | undefined;
}

/**
 * Elements that a slice keeps from the slice it was made from: who was imaged, in which study, how it was taken and in which frame of
 * reference. By their keywords; everything else is new or left out.
 */
const KEPT: Readonly<Record<string, string>> = {
  PatientName: 'x00100010',
  PatientID: 'x00100020',
  PatientBirthDate: 'x00100030',
  PatientSex: 'x00100040',
  PatientAge: 'x00101010',
  PatientWeight: 'x00101030',
  PatientIdentityRemoved: 'x00120062',
  DeidentificationMethod: 'x00120063',
  ClinicalTrialSponsorName: 'x00120010',
  ClinicalTrialProtocolID: 'x00120020',
  ClinicalTrialSubjectID: 'x00120040',
  ClinicalTrialTimePointID: 'x00120050',
  StudyInstanceUID: 'x0020000d',
  StudyID: 'x00200010',
  StudyDate: 'x00080020',
  StudyTime: 'x00080030',
  AccessionNumber: 'x00080050',
  ReferringPhysicianName: 'x00080090',
  StudyDescription: 'x00081030',
  FrameOfReferenceUID: 'x00200052',
  PositionReferenceIndicator: 'x00201040',
  PatientPosition: 'x00185100',
  SeriesDescription: 'x0008103e',
  SeriesNumber: 'x00200011',
  AcquisitionNumber: 'x00200012',
  AcquisitionDate: 'x00080022',
  AcquisitionTime: 'x00080032',
  BodyPartExamined: 'x00180015',
  Laterality: 'x00200060',
  ProtocolName: 'x00181030',
  Manufacturer: 'x00080070',
  ManufacturerModelName: 'x00081090',
  InstitutionName: 'x00080080',
  MagneticFieldStrength: 'x00180087',
  ScanningSequence: 'x00180020',
  SequenceVariant: 'x00180021',
  ScanOptions: 'x00180022',
  MRAcquisitionType: 'x00180023',
  SequenceName: 'x00180024',
  SliceThickness: 'x00180050',
  RepetitionTime: 'x00180080',
  EchoTime: 'x00180081',
  InversionTime: 'x00180082',
  NumberOfAverages: 'x00180083',
  ImagingFrequency: 'x00180084',
  ImagedNucleus: 'x00180085',
  EchoNumbers: 'x00180086',
  EchoTrainLength: 'x00180091',
  PixelBandwidth: 'x00180095',
  FlipAngle: 'x00181314',
  WindowCenter: 'x00281050',
  WindowWidth: 'x00281051',
};

/** What is said of a series whose files do not say where it lies. */
export const ASSUMED_PLACE = ' Position and orientation are assumed: the imported files do not say them.';

/** MR images must have these, empty where nothing is known. */
const EMPTY: DicomKeywords = Object.fromEntries(
  ['PatientName', 'PatientID', 'PatientBirthDate', 'PatientSex', 'StudyID', 'StudyDate', 'StudyTime', 'AccessionNumber']
    .concat(['ReferringPhysicianName', 'PositionReferenceIndicator', 'PatientPosition', 'Laterality', 'Manufacturer'])
    .concat(['ScanOptions', 'MRAcquisitionType', 'RepetitionTime', 'EchoTime', 'EchoTrainLength'])
    .map((keyword) => [keyword, '']),
);

/**
 * One slice of a series that was made, as a DICOM file of MR Image Storage, with the header of the slice that it was made from.
 *
 * @param grid where the made series lies
 */
export async function encodeMadeSlice(
  series: OpenSeries,
  grid: Omit<Volume, 'data'>,
  { index, pixels, slope, intercept }: MadeSlice,
  header: MadeHeader,
): Promise<Uint8Array> {
  const { bundle, kind, derivation, label, identity, createdAt, thinner = 1 } = header;
  const source = series.dicom?.files[index];
  const kept: DicomTexts = source ? await readDicomTexts(source.path, KEPT) : (header.kept ?? {});
  const uid = (...parts: (string | number)[]) => dicomUid('osteograph', kind.root, ...identity, ...parts);
  const { right, down, step, origin } = affineInDicom(grid.affine);
  const [date, time] = createdAt.toISOString().split('T');
  const described = kept['SeriesDescription']?.toString() ?? 'MRI';
  const attributes = source?.attributes;
  const thickness = Number(kept['SliceThickness']);
  const length = (vector: readonly number[]) => Math.hypot(...vector);
  const decimal = (value: number) => Number(value.toFixed(7)) + 0;
  return encodeDicom({
    pixels,
    rows: grid.rows,
    columns: grid.columns,
    photometric: 'MONOCHROME2',
    bitsStored: 16,
    sopClass: 'MR',
    sopInstanceUid: uid('instance', index),
    elements: {
      ...EMPTY,
      StudyInstanceUID: uid('study'),
      FrameOfReferenceUID: uid('frame'),
      ScanningSequence: 'RM',
      SequenceVariant: 'NONE',
      SliceThickness: decimal(length(step)),
      SeriesNumber: 1,
      ...kept,
      ...(thickness > 0 ? { SliceThickness: decimal(thickness / thinner) } : {}),
      // An assumed place is none in the frame of the scanner.
      ...(grid.placement === 'UNKNOWN' ? { FrameOfReferenceUID: uid('frame') } : {}),
      SpecificCharacterSet: 'ISO_IR 192',
      ImageType: ['DERIVED', 'SECONDARY', 'OTHER'],
      SyntheticData: 'YES',
      InstanceCreationDate: date!.replaceAll('-', ''),
      InstanceCreationTime: time!.slice(0, 8).replaceAll(':', ''),
      Modality: 'MR',
      SeriesInstanceUID: uid('series'),
      SeriesDescription: `SYNTHETIC ${kind.short} ${described}`.slice(0, 64).trim(),
      DerivationDescription: `${label}. ${derivation}.${grid.placement === 'UNKNOWN' ? ASSUMED_PLACE : ''}`.slice(
        0,
        1024,
      ),
      ContributingEquipmentSequence: [
        {
          PurposeOfReferenceCodeSequence: [
            { CodeValue: '109102', CodingSchemeDesignator: 'DCM', CodeMeaning: 'Processing Equipment' },
          ],
          Manufacturer: 'Osteograph',
          ManufacturerModelName: bundle.name,
          SoftwareVersions: bundle.version,
        },
      ],
      ...(attributes?.sopClassUid && attributes.sopInstanceUid
        ? {
            SourceImageSequence: [
              {
                ReferencedSOPClassUID: attributes.sopClassUid,
                ReferencedSOPInstanceUID: attributes.sopInstanceUid,
              },
            ],
          }
        : {}),
      ImageComments: `${label}. Not for clinical use.`,
      LossyImageCompression: '00',
      InstanceNumber: index + 1,
      ImagePositionPatient: origin.map((value, axis) => decimal(value + index * step[axis]!)),
      ImageOrientationPatient: [right, down].flatMap((vector) => vector.map((part) => decimal(part / length(vector)))),
      PixelSpacing: [grid.spacing[1], grid.spacing[0]].map(decimal),
      SpacingBetweenSlices: decimal(grid.spacing[2]),
      SliceLocation: decimal(index * length(step)),
      RescaleIntercept: text(intercept),
      RescaleSlope: text(slope),
      RescaleType: 'US',
    },
    privateText: JSON.stringify({ bundle, derivation }),
  });
}

/** A number in the 16 characters of a decimal string. */
function text(value: number): string {
  return String(Number(value.toPrecision(10)));
}
