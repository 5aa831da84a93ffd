import type { MriAcquisition } from '../../domain/acquisition.js';
import type { Side } from '../../domain/participants.js';
import type { Affine, Volume } from '../volume.js';
import type { Vector3 } from './attributes.js';
import { dicomUid, encodeDicom, type DicomKeywords } from './write.js';

const { hypot, max, min, round } = Math;

/** A code of a published dictionary, or of our own where none has one. */
export interface DicomCode {
  readonly value: string;
  readonly scheme: string;
  readonly meaning: string;
}

/** A machine or program that a series comes from. */
export interface DicomEquipment {
  readonly manufacturer: string;
  readonly model: string;
  readonly versions: readonly string[];
}

/** An object of DICOM that a file refers to. */
export interface DicomReference {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
}

/** What a series says of itself beside its pixels. Text is ASCII; nothing of it identifies a person. */
export interface MrSeriesHeader {
  /** What every UID is derived from: the same identity, the same UIDs. */
  readonly identity: readonly string[];
  /** Whether the image was made, by a network or from a drawn knee, and not taken of a person. */
  readonly synthetic: boolean;
  readonly patient: { readonly id: string; readonly sex: 'MALE' | 'FEMALE' | null; readonly age: number | null };
  /** Null for an image of no study. */
  readonly trial: { readonly sponsor: string; readonly protocol: string; readonly timePoint: string } | null;
  /** How the patient's identity was removed; null where that cannot be said. */
  readonly deidentified: string | null;
  readonly side: Side;
  /** yyyy-mm-dd, as published. */
  readonly studyDate: string | null;
  readonly studyDescription: string;
  readonly seriesDescription: string;
  readonly equipment: DicomEquipment;
  /** How a scanner took it; null where that is not known, or nothing did. */
  readonly acquisition: MriAcquisition | null;
  readonly createdAt: Date;
  /** How the image came about, in words. */
  readonly derivation: string;
  readonly derivationCode?: DicomCode | undefined;
  /** The image that it was made from. */
  readonly sourceImage?: DicomReference | undefined;
  /** What wrote this file, where that is not the equipment itself. */
  readonly writtenBy?: DicomEquipment | undefined;
  readonly comments: string;
  /** Grey values shown as black and as white. */
  readonly window: { readonly low: number; readonly high: number };
  /** Where the image comes from, for programs: JSON. */
  readonly provenance?: string | undefined;
}

/** Part of every UID: files of one identity that say other things need other UIDs. */
const LAYOUT = 'mr-series 3';

/** UIDs of study and series that {@link encodeMrSeries} gives, without the volume. */
export function uidsOfMrSeries(header: Pick<MrSeriesHeader, 'identity'>): { studyUid: string; seriesUid: string } {
  return { studyUid: uidOf(header, 'study'), seriesUid: uidOf(header, 'series') };
}

function uidOf({ identity }: Pick<MrSeriesHeader, 'identity'>, ...parts: (string | number)[]): string {
  return dicomUid('osteograph', LAYOUT, ...identity, ...parts);
}

/**
 * A volume as a DICOM series of MR Image Storage, one file per slice in the volume's order. Positions and directions are the
 * affine's, turned from RAS to DICOM's LPS. The same volume and header give the same bytes.
 *
 * @param only which slices; absent for all
 */
export function* encodeMrSeries(
  volume: Volume,
  header: MrSeriesHeader,
  only?: ReadonlySet<number>,
): Generator<Uint8Array> {
  const { columns, rows, slices } = volume;
  const { pixels, slope, intercept } = storedPixels(volume.data);
  const { right, down, step, origin } = affineInDicom(volume.affine);
  const shared = seriesElements(header);
  const uid = (...parts: (string | number)[]) => uidOf(header, ...parts);
  const { low, high } = header.window;
  for (let index = 0; index < slices; index++) {
    if (only && !only.has(index)) continue;
    const size = rows * columns;
    const position = origin.map((value, axis) => value + index * step[axis]!);
    yield encodeDicom({
      pixels: pixels.subarray(index * size, (index + 1) * size),
      rows,
      columns,
      photometric: 'MONOCHROME2',
      bitsStored: 16,
      sopClass: 'MR',
      sopInstanceUid: uid('instance', index),
      elements: {
        ...shared,
        StudyInstanceUID: uid('study'),
        SeriesInstanceUID: uid('series'),
        FrameOfReferenceUID: uid('frame'),
        InstanceNumber: index + 1,
        ImagesInAcquisition: slices,
        ImagePositionPatient: position.map(decimal),
        ImageOrientationPatient: [...unit(right), ...unit(down)].map(decimal),
        PixelSpacing: [length(down), length(right)].map(decimal),
        SliceThickness: decimal(length(step)),
        SpacingBetweenSlices: decimal(length(step)),
        SliceLocation: decimal(index * length(step)),
        WindowCenter: decimal((low + high) / 2),
        WindowWidth: decimal(max(high - low, 1)),
        RescaleIntercept: scientific(intercept),
        RescaleSlope: scientific(slope),
        RescaleType: 'US',
      },
      ...(header.provenance === undefined ? {} : { privateText: ascii(header.provenance) }),
    });
  }
}

/** Everything that the slices of a series share. */
function seriesElements(header: MrSeriesHeader): DicomKeywords {
  const {
    patient,
    trial,
    deidentified,
    side,
    synthetic,
    equipment,
    writtenBy,
    derivationCode,
    sourceImage,
    createdAt,
  } = header;
  const [date, time] = createdAt.toISOString().split('T');
  return {
    SpecificCharacterSet: 'ISO_IR 100',
    ImageType: ['DERIVED', 'SECONDARY', 'OTHER'],
    SyntheticData: synthetic ? 'YES' : 'NO',
    InstanceCreationDate: compact(date!),
    InstanceCreationTime: time!.slice(0, 8).replaceAll(':', ''),
    TimezoneOffsetFromUTC: '+0000',
    PatientName: patient.id,
    PatientID: patient.id,
    PatientBirthDate: '',
    PatientSex: patient.sex === null ? '' : patient.sex[0]!,
    ...(patient.age === null ? {} : { PatientAge: `${String(patient.age).padStart(3, '0')}Y` }),
    ...(deidentified === null
      ? {}
      : { PatientIdentityRemoved: 'YES', DeidentificationMethod: text(deidentified), BurnedInAnnotation: 'NO' }),
    ...(trial
      ? {
          ClinicalTrialSponsorName: trial.sponsor,
          ClinicalTrialProtocolID: trial.protocol,
          ClinicalTrialProtocolName: '',
          ClinicalTrialSiteID: '',
          ClinicalTrialSiteName: '',
          ClinicalTrialSubjectID: patient.id,
          ClinicalTrialTimePointID: trial.timePoint,
        }
      : {}),
    StudyDate: compact(header.studyDate ?? ''),
    StudyTime: '',
    StudyID: trial?.timePoint ?? '',
    AccessionNumber: '',
    ReferringPhysicianName: '',
    StudyDescription: text(header.studyDescription),
    Modality: 'MR',
    SeriesNumber: 1,
    SeriesDescription: text(header.seriesDescription),
    BodyPartExamined: 'KNEE',
    Laterality: side[0]!,
    PatientPosition: '',
    PositionReferenceIndicator: '',
    ...equipmentElements(equipment),
    ...(writtenBy
      ? {
          ContributingEquipmentSequence: [
            { PurposeOfReferenceCodeSequence: [codeItem(PROCESSING)], ...equipmentElements(writtenBy) },
          ],
        }
      : {}),
    DerivationDescription: ascii(header.derivation).slice(0, 1024),
    ...(derivationCode ? { DerivationCodeSequence: [codeItem(derivationCode)] } : {}),
    ...(sourceImage
      ? {
          SourceImageSequence: [
            {
              ReferencedSOPClassUID: sourceImage.sopClassUid,
              ReferencedSOPInstanceUID: sourceImage.sopInstanceUid,
              PurposeOfReferenceCodeSequence: [codeItem(PROCESSED)],
            },
          ],
        }
      : {}),
    ImageComments: ascii(header.comments),
    LossyImageCompression: '00',
    // Of these an imported volume keeps nothing, and they mean nothing of a generated one.
    ScanningSequence: 'RM',
    SequenceVariant: 'NONE',
    ScanOptions: '',
    MRAcquisitionType: /3D|FLASH|DESS/i.test(header.seriesDescription) ? '3D' : '',
    EchoTrainLength: '',
    ...acquisitionElements(header.acquisition),
  };
}

/** Repetition and echo time are type 2: they stand there empty. */
function acquisitionElements(acquisition: MriAcquisition | null): DicomKeywords {
  const elements = {
    InversionTime: acquisition?.inversionTime,
    FlipAngle: acquisition?.flipAngle,
    MagneticFieldStrength: acquisition?.fieldStrength,
    PixelBandwidth: acquisition?.pixelBandwidth,
    NumberOfAverages: acquisition?.averages,
    ReceiveCoilName: acquisition?.receiveCoil?.slice(0, 16),
  };
  return {
    RepetitionTime: acquisition?.repetitionTime ?? '',
    EchoTime: acquisition?.echoTime ?? '',
    ...Object.fromEntries(Object.entries(elements).filter(([, value]) => value !== null && value !== undefined)),
  };
}

/** CID 7005: what a piece of equipment contributed. */
const PROCESSING: DicomCode = { value: '109102', scheme: 'DCM', meaning: 'Processing Equipment' };

/** CID 7202: what a source image was for. */
const PROCESSED: DicomCode = {
  value: '121322',
  scheme: 'DCM',
  meaning: 'Source image for image processing operation',
};

function codeItem({ value, scheme, meaning }: DicomCode): DicomKeywords {
  return { CodeValue: value, CodingSchemeDesignator: scheme, CodeMeaning: meaning };
}

function equipmentElements({ manufacturer, model, versions }: DicomEquipment): DicomKeywords {
  return {
    Manufacturer: text(manufacturer),
    ManufacturerModelName: text(model),
    ...(versions.length > 0 ? { SoftwareVersions: versions.map(text) } : {}),
  };
}

/** Where the first voxel lies and the way to the next column, row and slice, in mm of DICOM's LPS. */
export function affineInDicom(affine: Affine): Record<'right' | 'down' | 'step' | 'origin', Vector3> {
  const column = (at: 0 | 1 | 2 | 3): Vector3 => [-affine[at], -affine[4 + at]!, affine[8 + at]!];
  return { right: column(0), down: column(1), step: column(2), origin: column(3) };
}

/** Voxels as 16-bit numbers, and how the value comes back from them: stored x slope + intercept. */
function storedPixels(data: Volume['data']): { pixels: Uint16Array | Int16Array; slope: number; intercept: number } {
  if (!(data instanceof Float32Array)) return { pixels: data, slope: 1, intercept: 0 };
  const [low, high] = data.reduce(
    ([least, most], value) => [min(least, value), max(most, value)],
    [Infinity, -Infinity],
  );
  const slope = (high - low) / 65_535 || 1;
  return { pixels: Uint16Array.from(data, (value) => round((value - low) / slope)), slope, intercept: low };
}

function length(vector: Vector3): number {
  return hypot(...vector);
}

function unit(vector: Vector3): number[] {
  return vector.map((part) => part / length(vector));
}

/** A number that fits the 16 characters of a decimal string; adding 0 turns -0 into 0. */
function decimal(value: number): number {
  return Number(value.toFixed(7)) + 0;
}

/** The same for numbers of any size: ten digits. */
function scientific(value: number): string {
  const short = String(value);
  return short.length <= 16 ? short : value.toExponential(9);
}

/** yyyymmdd */
function compact(date: string): string {
  return date.replaceAll('-', '');
}

/** A long string of DICOM: at most 64 characters, none of which would begin another value. */
function text(value: string): string {
  return ascii(value).replaceAll('\\', '/').slice(0, 64).trim();
}

/** Characters beyond ASCII as JSON writes them. */
function ascii(value: string): string {
  return value.replace(/[^\x20-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
