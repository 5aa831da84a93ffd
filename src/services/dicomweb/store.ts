import type { DataSource } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import { pseudonymousUid } from '../../imaging/deidentification/index.js';
import { type MediaStorage, readMediaStorage } from '../../imaging/dicom/media-storage.js';
import { readDicomHeader } from '../../imaging/dicom/read.js';
import type { TokenPrincipal } from '../../policy/index.js';
import type { BlobStore } from '../../storage/index.js';
import { uploadKey } from '../access/index.js';
import { newestKneeDetector } from '../generations/index.js';
import { type FilmReader, keepUpload } from '../uploads/index.js';

/** What became of an object that was sent. */
export interface StoredObject {
  /** As its sender knows it. */
  sent: MediaStorage;
  /** As it is kept; null where it was refused. */
  kept: { sopClassUid: string; sopInstanceUid: string; studyUid: string; seriesUid: string } | null;
  /** Why it was refused: a code of PS3.18, table I.2-2, and a sentence. */
  failure: { code: number; message: string } | null;
}

/** Codes of failures (PS3.18, I.2.2). */
const FAILURES = {
  OUT_OF_RESOURCES: 0xa700,
  OF_ANOTHER_STUDY: 0xa900,
  NOT_UNDERSTOOD: 0xc000,
  CLASS_NOT_SUPPORTED: 0x0122,
  PROCESSING: 0x0110,
} as const;

/** MR Image Storage and its kin: slices of a series, which is imported with its participant. */
const MRI = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.4(?:\.\d+)?$/;

/**
 * Takes in one object by the door of uploaded radiographs: it is de-identified, belongs to whoever sent it, and expires. A refusal is of that
 * object alone.
 *
 * @param studyUid the study that it is sent to; undefined where any may come
 */
export async function storeObject(
  storage: { dataSource: DataSource; store: BlobStore },
  principal: TokenPrincipal,
  bytes: Uint8Array,
  { read, studyUid }: { read: Parameters<Parameters<FilmReader['admit']>[0]>[0]; studyUid: string | undefined },
): Promise<StoredObject> {
  const sent = readMediaStorage(bytes) ?? { sopClassUid: null, sopInstanceUid: null };
  const failed = (code: number, message: string): StoredObject => ({ sent, kept: null, failure: { code, message } });
  if (sent.sopInstanceUid === null) return failed(FAILURES.NOT_UNDERSTOOD, 'The part is no whole DICOM file.');
  if (MRI.test(sent.sopClassUid ?? '')) {
    return failed(
      FAILURES.CLASS_NOT_SUPPORTED,
      'MRI series are imported with their participant, by "osteograph import"; radiographs are stored here.',
    );
  }
  try {
    const { dataSource } = storage;
    const kneeDetector = (await newestKneeDetector(dataSource.manager))?.directory;
    const key = await uploadKey(dataSource, principal.tokenId);
    const film = await read({ bytes, kneeDetector, redact: [], uidKey: key.toString('hex') });
    const { original } = film;
    if (!original) return failed(FAILURES.NOT_UNDERSTOOD, 'The part is no DICOM file.');
    const header = await readDicomHeader({ bytes: original.bytes, name: 'The object' });
    const { sopClassUid, studyUid: study, seriesUid } = header;
    if (sopClassUid === null || study === null || seriesUid === null) {
      return failed(FAILURES.NOT_UNDERSTOOD, 'The object has no SOP class, study or series.');
    }
    if (studyUid !== undefined && study !== studyUid && study !== pseudonymousUid(key, studyUid)) {
      return failed(FAILURES.OF_ANOTHER_STUDY, 'The object is of another study than the one that it was sent to.');
    }
    // Whoever was told where an object is finds that one there, and no other.
    await keepUpload(storage, principal, film, { isStrict: true });
    const kept = { sopClassUid, sopInstanceUid: original.sopInstanceUid, studyUid: study, seriesUid };
    return { sent, kept, failure: null };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return failed(CODES[error.code] ?? FAILURES.PROCESSING, error.message);
  }
}

const CODES: Partial<Record<UserError['code'], number>> = {
  FILE_REFUSED: FAILURES.NOT_UNDERSTOOD,
  LIMIT_EXCEEDED: FAILURES.OUT_OF_RESOURCES,
  UNAVAILABLE: FAILURES.OUT_OF_RESOURCES,
};
