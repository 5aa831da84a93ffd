import type { DataSource } from 'typeorm';
import { type BlobStore, removeUnclaimed } from '../../storage/index.js';

/** Takes back the files of exports that have expired; their manifests stay. */
export async function removeExpired(dataSource: DataSource, store: BlobStore): Promise<void> {
  const [rows] = (await dataSource.query(
    `UPDATE export SET state = 'EXPIRED', asset_id = NULL
     FROM asset WHERE asset.id = export.asset_id AND state = 'SUCCEEDED' AND expires_at <= clock_timestamp()
     RETURNING asset.sha256`,
  )) as [{ sha256: string }[], number];
  for (const { sha256 } of rows) await removeUnclaimed(dataSource, store, sha256);
}
