import { createHash } from 'node:crypto';
import { dicomUid, type DicomKeywords } from './write.js';
import type { DicomReference } from './series-elements.js';

/** How a film was made of another one, for its header. Text is ASCII. */
export interface MadeFilmHeader {
  /** Bundle that made it. */
  readonly bundle: { readonly name: string; readonly version: string };
  /** What was done, in words. */
  readonly derivation: string;
  readonly createdAt: Date;
  /** Where it comes from, for its UIDs: the same identity gives the same ones. */
  readonly identity: readonly (string | number)[];
  /** Everything that is known of how it was made, JSON. */
  readonly provenance?: string | undefined;
  /** The film that it was made from, where that is a DICOM object. */
  readonly sourceImage?: DicomReference | undefined;
}

/** What of a header differs between kinds of made films. */
interface Kind {
  /** Stands where a patient's name would. */
  readonly name: string;
  readonly viewPosition: string;
  readonly comment: string;
  /** mm between rows and between columns; null where nobody knows. */
  readonly spacing: readonly number[] | null;
}

/** Digest of what pixels show, for an identity: what shows something else has another one, whatever it was made by. */
export function pixelDigest(...images: readonly Uint16Array[]): string {
  const hash = createHash('sha256');
  for (const { buffer, byteOffset, byteLength } of images) hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest('hex');
}

/** UID of a part of a made film. @param root what tells this kind of film from others */
export function madeFilmUid(root: string, { identity }: Pick<MadeFilmHeader, 'identity'>, part: string): string {
  return dicomUid(root, ...identity, part);
}

/** Elements of every film that was made: derived, marked as synthetic, nothing of the patient. */
export function madeFilmElements(root: string, header: MadeFilmHeader, kind: Kind): DicomKeywords {
  const { bundle, derivation, createdAt, sourceImage } = header;
  const [date, time] = createdAt.toISOString().split('T');
  return {
    SpecificCharacterSet: 'ISO_IR 100',
    ImageType: ['DERIVED', 'SECONDARY'],
    SyntheticData: 'YES',
    InstanceCreationDate: date!.replaceAll('-', ''),
    InstanceCreationTime: time!.slice(0, 8).replaceAll(':', ''),
    TimezoneOffsetFromUTC: '+0000',
    StudyInstanceUID: madeFilmUid(root, header, 'study'),
    SeriesInstanceUID: madeFilmUid(root, header, 'series'),
    StudyDate: '',
    StudyTime: '',
    StudyID: '',
    AccessionNumber: '',
    ReferringPhysicianName: '',
    PatientName: kind.name,
    PatientID: '',
    PatientBirthDate: '',
    PatientSex: '',
    Modality: 'CR',
    SeriesNumber: 1,
    InstanceNumber: 1,
    BodyPartExamined: 'KNEE',
    // Of a film of both knees nobody could say more, and how it lies is not known.
    Laterality: '',
    PatientOrientation: '',
    ViewPosition: kind.viewPosition,
    Manufacturer: 'Osteograph',
    ManufacturerModelName: bundle.name,
    SoftwareVersions: bundle.version,
    DerivationDescription: derivation,
    ...(sourceImage
      ? {
          SourceImageSequence: [
            {
              ReferencedSOPClassUID: sourceImage.sopClassUid,
              ReferencedSOPInstanceUID: sourceImage.sopInstanceUid,
            },
          ],
        }
      : {}),
    ImageComments: kind.comment,
    LossyImageCompression: '00',
    ...(kind.spacing ? { PixelSpacing: kind.spacing, ImagerPixelSpacing: kind.spacing } : {}),
  };
}
