import type { Side } from '../../domain/participants.js';
import type { Affine } from '../volume.js';
import type { Vector3 } from './attributes.js';
import type { DicomKeywords } from './write.js';

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
export interface SeriesHeader {
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
}

/** What whatever is made of a volume says of patient, study, series, equipment and derivation. */
export function seriesElements(header: SeriesHeader): DicomKeywords {
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

export function codeItem({ value, scheme, meaning }: DicomCode): DicomKeywords {
  return { CodeValue: value, CodingSchemeDesignator: scheme, CodeMeaning: meaning };
}

export function equipmentElements({ manufacturer, model, versions }: DicomEquipment): DicomKeywords {
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

export function length(vector: Vector3): number {
  return Math.hypot(...vector);
}

export function unit(vector: Vector3): number[] {
  return vector.map((part) => part / length(vector));
}

/** A number that fits the 16 characters of a decimal string; adding 0 turns -0 into 0. */
export function decimal(value: number): number {
  return Number(value.toFixed(7)) + 0;
}

/** yyyymmdd */
export function compact(date: string): string {
  return date.replaceAll('-', '');
}

/** A long string of DICOM: at most 64 characters, none of which would begin another value. */
export function text(value: string): string {
  return ascii(value).replaceAll('\\', '/').slice(0, 64).trim();
}

/** Characters beyond ASCII as JSON writes them. */
export function ascii(value: string): string {
  return value.replace(/[^\x20-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
