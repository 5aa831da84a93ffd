import type { DataSource, EntityManager } from 'typeorm';
import type { BlobStore } from '../../storage/index.js';

/** Advisory lock under which files of exports are offered and removed ("oexp"). */
const LOCK = 0x6f657870;

/** Waits until no other process offers or removes a file; holds until the transaction ends. */
export async function lockFiles(manager: EntityManager): Promise<void> {
  await manager.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
}

/** Takes back the files of exports that have expired; their manifests stay. */
export async function removeExpired(dataSource: DataSource, store: BlobStore): Promise<void> {
  const [rows] = (await dataSource.query(
    `UPDATE export SET state = 'EXPIRED', asset_id = NULL
     FROM asset WHERE asset.id = export.asset_id AND state = 'SUCCEEDED' AND expires_at <= clock_timestamp()
     RETURNING asset.sha256`,
  )) as [{ sha256: string }[], number];
  for (const { sha256 } of rows) await removeUnclaimed(dataSource, store, sha256);
}

/** Removes a file that no export offers any more. */
export async function removeUnclaimed(dataSource: DataSource, store: BlobStore, sha256: string): Promise<void> {
  await dataSource.transaction(async (manager) => {
    await lockFiles(manager);
    const [rows] = (await manager.query(
      `DELETE FROM asset WHERE sha256 = $1 AND NOT EXISTS (SELECT 1 FROM export WHERE asset_id = asset.id)
       RETURNING storage_key`,
      [sha256],
    )) as [{ storage_key: string }[], number];
    for (const { storage_key: key } of rows) await store.delete(key);
  });
}
