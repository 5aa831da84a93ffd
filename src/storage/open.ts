import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { UserError } from '../domain/errors.js';
import { Secret } from '../entities/index.js';
import type { BlobStore } from './blob-store.js';
import { DirectoryStore } from './directory-store.js';
import { parseBlobUrl } from './location.js';
import { parseSize, withQuota } from './quota.js';
import { S3Store } from './s3-store.js';

export interface BlobSettings {
  /** Has the blobs in its folder `blobs` unless `url` names another place. */
  dataDir: string;
  /** BLOB_URL: s3://... or file:///...; empty as if absent. */
  url?: string | undefined;
  /** OSTEOGRAPH_BLOB_QUOTA, e.g. 200GB; empty as if absent. */
  quota?: string | undefined;
}

const SECRET_NAME = 'blob-store';

/** Advisory lock under which a database and its store are joined ("obow"). */
const LOCK = 0x6f626f77;

/**
 * The blobs of a data directory or of BLOB_URL, whoever they belong to.
 *
 * @throws UserError BAD_USER_INPUT for a wrong BLOB_URL
 */
export function openBlobStore(dataDir: string, url?: string): BlobStore {
  if (!url) return new DirectoryStore(join(dataDir, 'blobs'));
  const location = parseBlobUrl(url);
  return location.kind === 'S3' ? new S3Store(location) : new DirectoryStore(location.directory);
}

/**
 * The blob store of this database. A store carries a mark that the database knows, so that a worker with another directory, or a
 * server with another database (whose sweep would find that no blob has a row), is told at its start. The first to come makes
 * the mark.
 *
 * @param adopt takes the store for this database's whatever its mark says
 * @throws UserError BAD_USER_INPUT for a wrong setting, CONFLICT when database and store do not belong together, UNAVAILABLE when
 *   the store cannot be used
 */
export async function openOwnBlobStore(
  dataSource: DataSource,
  { dataDir, url, quota }: BlobSettings,
  { adopt = false } = {},
): Promise<BlobStore> {
  const limit = quota ? parseSize(quota, 'OSTEOGRAPH_BLOB_QUOTA') : undefined;
  const store = openBlobStore(dataDir, url);
  await (adopt ? adoptStore(dataSource, store) : claimStore(dataSource, store));
  return limit === undefined ? store : withQuota(store, dataSource, limit);
}

async function claimStore(dataSource: DataSource, store: BlobStore): Promise<void> {
  const known = await dataSource.transaction(async (manager) => {
    // One process makes the mark; those that start at the same time find it made.
    await manager.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    const found = await manager.findOneBy(Secret, { name: SECRET_NAME });
    if (found || (await store.readMark()) !== undefined) return found?.value;
    const value = randomUUID();
    await manager.insert(Secret, { name: SECRET_NAME, value });
    await store.writeMark(value);
    return value;
  });
  const mark = await store.readMark();
  if (known !== undefined && mark === known) return;
  throw new UserError(
    'CONFLICT',
    `The blob store ${store.location} ${mark === undefined ? 'is not the one in which this database keeps its blobs' : 'belongs to another database'}; ` +
      'give --data-dir and BLOB_URL as everywhere else, or run "osteograph blobs adopt" if this is the right one.',
  );
}

async function adoptStore(dataSource: DataSource, store: BlobStore): Promise<void> {
  const mark = randomUUID();
  await store.writeMark(mark, { replace: true });
  await dataSource.getRepository(Secret).upsert({ name: SECRET_NAME, value: mark }, ['name']);
}
