import { dicomUid, encodeDicom } from '../dicom/write.js';
import type { DicomReference } from '../dicom/mr-series.js';
import type { Film } from '../radiograph/film.js';

/** How a film was restored, for its header. Text is ASCII. */
export interface RestoredHeader {
  /** Bundle that restored it. */
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

/**
 * A restored film as DICOM (Computed Radiography): derived, marked as synthetic, with the geometry of the film that it was made from
 * and nothing of its patient.
 */
export function encodeRestoredFilm(
  film: Pick<Film, 'rows' | 'columns' | 'pixelSpacing' | 'attributes'>,
  restored: { rows: number; columns: number; data: Uint16Array },
  header: RestoredHeader,
): Uint8Array {
  const { attributes } = film;
  const { bundle, derivation, createdAt, sourceImage, provenance } = header;
  const uid = (part: string) => dicomUid('osteograph restored', ...header.identity, part);
  const [date, time] = createdAt.toISOString().split('T');
  const spacing = film.pixelSpacing?.map((mm, axis) => {
    const [before, after] = axis === 0 ? [film.rows, restored.rows] : [film.columns, restored.columns];
    return Number(((mm * before) / after).toPrecision(8));
  });
  return encodeDicom({
    pixels: restored.data,
    rows: restored.rows,
    columns: restored.columns,
    photometric: 'MONOCHROME2',
    bitsStored: 16,
    sopClass: 'CR',
    sopInstanceUid: uid('instance'),
    ...(provenance === undefined ? {} : { privateText: provenance }),
    elements: {
      SpecificCharacterSet: 'ISO_IR 100',
      ImageType: ['DERIVED', 'SECONDARY'],
      SyntheticData: 'YES',
      InstanceCreationDate: date!.replaceAll('-', ''),
      InstanceCreationTime: time!.slice(0, 8).replaceAll(':', ''),
      TimezoneOffsetFromUTC: '+0000',
      StudyInstanceUID: uid('study'),
      SeriesInstanceUID: uid('series'),
      StudyDate: '',
      StudyTime: '',
      StudyID: '',
      AccessionNumber: '',
      ReferringPhysicianName: '',
      PatientName: 'Restored',
      PatientID: '',
      PatientBirthDate: '',
      PatientSex: '',
      Modality: 'CR',
      SeriesNumber: 1,
      InstanceNumber: 1,
      BodyPartExamined: 'KNEE',
      ViewPosition: attributes?.viewPosition ?? '',
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
      ImageComments: `SYNTHETIC, restored by ${bundle.name} ${bundle.version}; what it adds was not seen. Not for clinical use.`,
      LossyImageCompression: '00',
      ...(spacing ? { PixelSpacing: spacing, ImagerPixelSpacing: spacing } : {}),
    },
  });
}
