import type { DataSource } from 'typeorm';
import { pseudonymousUid } from '../../imaging/deidentification/index.js';
import { type MediaStorage, readMediaStorage } from '../../imaging/dicom/media-storage.js';
import { readDicomHeader } from '../../imaging/dicom/read.js';
import type { TokenPrincipal } from '../../policy/index.js';
import type { BlobStore } from '../../storage/index.js';
import { uidKey, uploadKey } from '../access/index.js';
import {
  type ArrivalServices,
  type Arrived,
  type Claim,
  type Failure,
  FAILURES,
  failureOf,
  openArrivals,
  type Stated,
  whoseIs,
} from '../arrivals/index.js';
import { newestKneeDetector } from '../generations/index.js';
import { type FilmReader, keepUpload } from '../uploads/index.js';

/** What became of an object that was sent. */
export interface StoredObject {
  /** As its sender knows it. */
  sent: MediaStorage;
  /** As it is kept; null where it was refused, and until its series is whole. */
  kept: { sopClassUid: string; sopInstanceUid: string; studyUid: string; seriesUid: string } | null;
  /** Why it was refused: a code of PS3.18, table I.2-2, and a sentence. */
  failure: Failure | null;
}

/** Takes in the objects of one request. */
export interface ObjectStore {
  /** Takes in one object. What a refusal says is of that object alone; one of a series is answered for by {@link finish}. */
  store(bytes: Uint8Array, read: ReadFilm): Promise<StoredObject>;
  /** Takes in the series, fills in what became of their objects, and notes what came of it all. */
  finish(): Promise<void>;
  /** Leaves out the series of a request that broke off, and notes what came before. */
  abandon(): Promise<void>;
}

/** Reads a film apart from the thread that answers requests. */
export type ReadFilm = Parameters<Parameters<FilmReader['admit']>[0]>[0];

/** MR Image Storage and its kin: slices of a series. */
const MRI = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.4(?:\.\d+)?$/;

/** Whether an object is one of the many that make a series, by its meta information. */
export function isSlice(bytes: Uint8Array): boolean {
  return MRI.test(readMediaStorage(bytes)?.sopClassUid ?? '');
}

/**
 * Takes in objects: those that name a participant, or for whom one is stated, by the door of imports; other radiographs by the door of uploads,
 * to belong to whoever sent them, and expire. Each is de-identified.
 *
 * @param studyUid the study that they are sent to; undefined where any may come
 * @param folder where series are put together
 */
export function openObjectStore(
  storage: ArrivalServices,
  principal: TokenPrincipal,
  { stated, studyUid, folder }: { stated: Stated; studyUid: string | undefined; folder: string },
): ObjectStore {
  const { dataSource } = storage;
  const sender = { tokenId: principal.tokenId, from: `DICOMweb: ${principal.name}` };
  const arrivals = openArrivals(storage, sender, folder);
  const waiting = new Map<string, StoredObject[]>();

  async function takeIn(claim: Claim, bytes: Uint8Array, sent: MediaStorage): Promise<StoredObject> {
    const { studyUid: study, sopInstanceUid } = claim;
    if (studyUid !== undefined && study !== studyUid && pseudonymousUid(await uidKey(dataSource), study) !== studyUid) {
      return { sent, kept: null, failure: ELSEWHERE };
    }
    if (claim.kind === 'RADIOGRAPH') return { sent, ...resultOf(await arrivals.film(claim, bytes)) };
    await arrivals.setAside(claim, bytes);
    const stored: StoredObject = { sent, kept: null, failure: null };
    waiting.set(sopInstanceUid, [...(waiting.get(sopInstanceUid) ?? []), stored]);
    return stored;
  }

  return {
    async store(bytes, read) {
      const sent = readMediaStorage(bytes) ?? { sopClassUid: null, sopInstanceUid: null };
      const failed = (code: number, message: string): StoredObject => ({
        sent,
        kept: null,
        failure: { code, message },
      });
      if (sent.sopInstanceUid === null) return failed(FAILURES.NOT_UNDERSTOOD, 'The part is no whole DICOM file.');
      try {
        const claim = await whoseIs(dataSource, { bytes, name: 'The object' }, stated);
        if (claim) return await takeIn(claim, bytes, sent);
        if (MRI.test(sent.sopClassUid ?? '')) {
          return failed(
            FAILURES.CLASS_NOT_SUPPORTED,
            "MRI series are stored with their participant: send the participant's id as PatientID, or state it in the address.",
          );
        }
        return { sent, ...(await storeUpload(storage, principal, bytes, read, studyUid)) };
      } catch (error) {
        return { sent, kept: null, failure: failureOf(error) };
      }
    },
    async finish() {
      try {
        for (const [uid, arrived] of await arrivals.series()) {
          for (const stored of waiting.get(uid) ?? []) Object.assign(stored, resultOf(arrived));
        }
      } finally {
        await arrivals.end();
      }
    },
    abandon: () => arrivals.end(),
  };
}

const ELSEWHERE: Failure = {
  code: FAILURES.OF_ANOTHER_STUDY,
  message: 'The object is of another study than the one that it was sent to.',
};

function resultOf(arrived: Arrived): Pick<StoredObject, 'kept' | 'failure'> {
  return 'kept' in arrived ? { ...arrived, failure: null } : { ...arrived, kept: null };
}

/** @throws UserError as the door of uploads */
async function storeUpload(
  storage: { dataSource: DataSource; store: BlobStore },
  principal: TokenPrincipal,
  bytes: Uint8Array,
  read: ReadFilm,
  studyUid: string | undefined,
): Promise<Pick<StoredObject, 'kept' | 'failure'>> {
  const { dataSource } = storage;
  const refused = (code: number, message: string) => ({ kept: null, failure: { code, message } });
  const kneeDetector = (await newestKneeDetector(dataSource.manager))?.directory;
  const key = await uploadKey(dataSource, principal.tokenId);
  const film = await read({ bytes, kneeDetector, redact: [], uidKey: key.toString('hex') });
  const { original } = film;
  if (!original) return refused(FAILURES.NOT_UNDERSTOOD, 'The part is no DICOM file.');
  const {
    sopClassUid,
    studyUid: study,
    seriesUid,
  } = await readDicomHeader({ bytes: original.bytes, name: 'The object' });
  if (sopClassUid === null || study === null || seriesUid === null) {
    return refused(FAILURES.NOT_UNDERSTOOD, 'The object has no SOP class, study or series.');
  }
  if (studyUid !== undefined && study !== studyUid && study !== pseudonymousUid(key, studyUid)) {
    return { kept: null, failure: ELSEWHERE };
  }
  // Whoever was told where an object is finds that one there, and no other.
  await keepUpload(storage, principal, film, { isStrict: true });
  return { kept: { sopClassUid, sopInstanceUid: original.sopInstanceUid, studyUid: study, seriesUid }, failure: null };
}
