import { randomUUID } from 'node:crypto';
import type { Strip } from '../../domain/strips.js';
import { UPLOAD_NAME, UPLOAD_PSEUDONYM } from '../../domain/uploads.js';
import type { Side } from '../../domain/participants.js';
import type { UploadedRadiograph } from '../../entities/index.js';
import { encodeFilm, type Film, kneesOn } from '../../imaging/radiograph/index.js';
import { daysBackBy, deidentifyFilm } from '../../imaging/deidentification/index.js';
import { refuseFile } from '../../imaging/refuse.js';
import { openDetector, startInferenceHost } from '../../inference/index.js';
import { filmSide, sideInWords } from '../../oai/index.js';
import type { OriginalFile } from '../files/index.js';

/** What is kept of an uploaded file. */
export type KeptFilm = Pick<
  UploadedRadiograph,
  | 'view'
  | 'laterality'
  | 'rows'
  | 'columns'
  | 'pixelSpacing'
  | 'photometric'
  | 'knees'
  | 'warnings'
  | 'deidentification'
> & {
  /** The pixels: a 16-bit grey PNG, bone bright. */
  png: Uint8Array;
  /** The DICOM object that it came as, de-identified; null of a picture. */
  original: OriginalFile | null;
};

/** An uploaded file, and how it is to be read. */
export interface FilmWork {
  bytes: Uint8Array;
  /** Folder of the knee detector; the outlines of a drawn knee are matched without one. */
  kneeDetector: string | undefined;
  /** What UIDs are replaced with, and days come from: of the owner's uploads, hexadecimal. */
  uidKey: string;
  /** What is made black. */
  redact: readonly Strip[];
}

/**
 * Reads an uploaded radiograph, finds its knees, and leaves behind everything else that the file says.
 *
 * @throws UserError FILE_REFUSED with one sentence, for whatever is no whole radiograph
 */
export async function readFilm({ bytes, kneeDetector, uidKey, redact }: FilmWork): Promise<KeptFilm> {
  const key = Buffer.from(uidKey, 'hex');
  const { film, object } = await deidentifyFilm({ bytes, name: UPLOAD_NAME }, (study) => ({
    pseudonym: UPLOAD_PSEUDONYM,
    // An upload is nobody's: what films of one study must share is known by the study.
    daysBack: daysBackBy(key, `dates ${study?.studyUid ?? randomUUID()}`),
    uidKey: key,
    synthetic: false,
    redact,
  }));
  const { rows, columns, pixelSpacing, attributes } = film;
  if (attributes?.modality === 'MR') refuseFile(UPLOAD_NAME, 'is a slice of an MRI series; a radiograph is needed');
  const laterality =
    attributes && (sideInWords(attributes.laterality ?? '') ?? filmSide(attributes.seriesDescription ?? ''));
  const { view, knees, problems } = await findKnees(film, laterality, kneeDetector);
  return {
    view,
    // What shows both knees is of neither side.
    laterality: view === 'BILATERAL' ? null : laterality,
    rows,
    columns,
    pixelSpacing: pixelSpacing?.[0] ?? null,
    photometric: attributes?.photometric ?? null,
    knees,
    warnings: [...problems, ...unknowns(film, view, laterality)],
    png: encodeFilm(film),
    deidentification: object.report.attributes,
    original: object.bytes && { bytes: object.bytes, sopInstanceUid: object.report.sopInstanceUid! },
  };
}

async function findKnees(film: Film, laterality: Side | null, kneeDetector: string | undefined) {
  if (kneeDetector === undefined) return kneesOn(film, { laterality, detector: undefined });
  const host = await startInferenceHost({ device: 'cpu', threads: 1 });
  try {
    return await kneesOn(film, { laterality, detector: await openDetector(host, kneeDetector) });
  } finally {
    await host.close();
  }
}

function unknowns({ pixelSpacing }: Film, view: KeptFilm['view'], laterality: Side | null): string[] {
  const shows = view === 'BILATERAL' ? 'both knees' : 'one knee';
  return [
    ...(pixelSpacing ? [] : [`The file does not say how large its pixels are; it was taken to show ${shows}.`]),
    ...(view === 'SINGLE' && laterality === null ? ['The file does not say which knee it shows.'] : []),
  ];
}
