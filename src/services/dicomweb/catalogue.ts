import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { type z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { askedByNobody, queryRows } from '../../entities/index.js';
import { dicomJson, type JsonDataSet } from '../../imaging/dicom/json-model.js';
import { type BlobStore, BlobStoreUnavailable } from '../../storage/index.js';
import { type BackgroundWork, startBackground } from '../../work/index.js';
import { SEARCHABLE } from './attributes.js';
import { LISTED, readFiles, SOURCE, SOURCE_COLUMNS, SOURCE_TABLES, sourceOf } from '../dicom-objects/index.js';

interface Storage {
  dataSource: DataSource;
  store: BlobStore;
}

/** Keeps the list of DICOM objects up to date. */
export interface Catalogue {
  /**
   * Lists what has come since, so that whatever was stored before is found; at most a few images, since after a large import the rest is
   * listed in the background. While the blob store is away nothing more is listed.
   */
  catchUp(): Promise<void>;
}

/** Images that a request lists before it is answered. */
const AT_ONCE = 20;

/** How often the background looks for what has come, ms; requests look by themselves. */
const POLL_MS = 60_000;

/** How often what was lost or damaged is looked at again, ms: a file may have been brought back. */
const RETRY_MS = 60 * 60_000;

export function openCatalogue(storage: Storage): Catalogue {
  let running: Promise<void> | undefined;
  const catchUp = async () => {
    try {
      for (const pending of await findPending(storage.dataSource, AT_ONCE)) await list(storage, pending);
    } catch (error) {
      if (!(error instanceof BlobStoreUnavailable)) throw error;
    }
  };
  return {
    catchUp() {
      // Everybody who asks meanwhile waits for the same, whoever leaves.
      running ??= askedByNobody(catchUp).finally(() => (running = undefined));
      return running;
    },
  };
}

/** Starts to list what requests leave. */
export function startCatalogue({ logger, ...storage }: Storage & { logger: Logger }): BackgroundWork {
  let nextRetry = 0;
  return startBackground({
    name: 'list of DICOM objects',
    logger,
    pollMs: POLL_MS,
    async next() {
      if (performance.now() >= nextRetry) {
        nextRetry = performance.now() + RETRY_MS;
        await retryUnlisted(storage.dataSource);
      }
      const [pending] = await findPending(storage.dataSource, 1);
      return pending && (() => list(storage, pending));
    },
  });
}

/** Has objects that are not listed although they have a file listed anew. */
export async function retryUnlisted(dataSource: DataSource): Promise<void> {
  await dataSource.query(
    `UPDATE dicom_series SET state = 'PENDING' WHERE id IN (
       SELECT d.id ${LISTED} ${SOURCE_TABLES} WHERE d.state = 'UNLISTED' AND (a.id IS NOT NULL OR s.id IS NOT NULL OR k.id IS NOT NULL))`,
  );
}

type Pending = z.infer<typeof SOURCE>;

function findPending(dataSource: DataSource, most: number): Promise<Pending[]> {
  return queryRows(
    dataSource,
    SOURCE,
    `SELECT ${SOURCE_COLUMNS}
     ${LISTED} ${SOURCE_TABLES} WHERE d.state = 'PENDING' ORDER BY d.id DESC LIMIT $1`,
    [most],
  );
}

/** Reads the headers of an image's objects and lists them, unless they have changed meanwhile: then they are listed anew. */
async function list({ dataSource, store }: Storage, pending: Pending): Promise<void> {
  const listing = await listingOf({ dataSource, store }, pending);
  const { studyUid, seriesUid, attributes, instanceUids, instanceNumbers } = listing ?? NOTHING;
  const texts = ['00080020', '00100020', '00080060'].map((tag) => attributes && textIn(attributes, tag));
  await dataSource.query(
    `UPDATE dicom_series d SET state = $3, study_uid = COALESCE($4, d.study_uid), series_uid = COALESCE($5, d.series_uid), attributes = $6, instance_uids = $7, instance_numbers = $8,
       instance_count = $9, study_date = $10, patient_id = $11, modality = $12
     WHERE d.id = $1 AND d.state = 'PENDING' AND d.revision = $2`,
    [
      ...[pending.id, pending.revision, listing ? 'LISTED' : 'UNLISTED'],
      ...[studyUid, seriesUid, attributes && JSON.stringify(attributes), instanceUids, instanceNumbers],
      ...[instanceUids.length, ...texts],
    ],
  );
}

interface Listing {
  studyUid: string | null;
  seriesUid: string | null;
  attributes: JsonDataSet | null;
  instanceUids: string[];
  instanceNumbers: (number | null)[];
}

const NOTHING: Listing = { studyUid: null, seriesUid: null, attributes: null, instanceUids: [], instanceNumbers: [] };

/** What is listed; undefined for what cannot be found by UIDs, is lost or damaged: `doctor` and `blobs check` name such files, and they are tried again. */
async function listingOf(storage: Storage, pending: Pending): Promise<Listing | undefined> {
  const source = sourceOf(pending, []);
  if (!source) return undefined;
  const listing: Listing = { ...NOTHING, instanceUids: [], instanceNumbers: [] };
  try {
    for await (const { bytes } of readFiles(storage, source)) {
      const header = dicomJson(bytes, 'The object', () => '');
      const uid = textIn(header, '00080018');
      if (uid === null) return undefined;
      listing.instanceUids.push(uid);
      listing.instanceNumbers.push(wholeIn(header, '00200013'));
      listing.attributes ??= keptOf(header);
      listing.studyUid ??= textIn(header, '0020000D');
      listing.seriesUid ??= textIn(header, '0020000E');
    }
  } catch (error) {
    // A store that does not answer will, later on; what is lost or damaged waits for the next look.
    if (!(error instanceof UserError) || error instanceof BlobStoreUnavailable) throw error;
    return undefined;
  }
  return listing.studyUid !== null && listing.seriesUid !== null ? listing : undefined;
}

function keptOf(header: JsonDataSet): JsonDataSet {
  return Object.fromEntries(SEARCHABLE.flatMap(({ tag }) => (header[tag] ? [[tag, header[tag]]] : [])));
}

function textIn(header: JsonDataSet, tag: string): string | null {
  const [value] = header[tag]?.Value ?? [];
  return typeof value === 'string' ? value : null;
}

function wholeIn(header: JsonDataSet, tag: string): number | null {
  const [value] = header[tag]?.Value ?? [];
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? value : null;
}
