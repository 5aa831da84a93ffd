import type { Logger } from 'pino';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { Generation, queryRows, UploadedRadiograph, queryRow } from '../../entities/index.js';
import { filesOfGenerations } from '../files/index.js';
import { type BlobStore, removeUnclaimed } from '../../storage/index.js';
import { audit } from '../access/index.js';
import { type BackgroundWork, startBackground } from '../../work/index.js';
import type { TokenPrincipal } from '../../policy/index.js';
import { requireUploadReader } from './access.js';
import { claimExpiredMask, deleteMask } from './remove-mask.js';

interface Storage {
  dataSource: DataSource;
  store: BlobStore;
}

/** How often expired uploads are looked for, ms. */
const EXPIRY_POLL_MS = 10 * 60_000;

/** Whether a volume is being made from an upload `u`, or waits to be. */
const IN_USE = `EXISTS (SELECT 1 FROM generation g WHERE g.upload_id = u.id AND g.state IN ('QUEUED', 'RUNNING'))`;

/** What its readers may do with an upload. */
export interface Uploads {
  /**
   * Removes an upload with every volume made from it, rows and files.
   *
   * @throws UserError NOT_FOUND for what is not there or another's, CONFLICT while a volume is being made from it
   */
  delete(viewer: TokenPrincipal, id: string): Promise<void>;
  /** Removes a mask; what was filled in by it stays. @throws UserError NOT_FOUND for what is not there or another's */
  deleteMask(viewer: TokenPrincipal, id: string): Promise<void>;
}

export function openUploads(storage: Storage): Uploads {
  return {
    delete: (viewer, id) => deleteUpload(storage, viewer, id),
    deleteMask: (viewer, id) => deleteMask(storage, viewer, id),
  };
}

async function deleteUpload(storage: Storage, viewer: TokenPrincipal, id: string): Promise<void> {
  const files = await storage.dataSource.transaction(async (manager) => {
    // Whoever enters a generation from it meanwhile waits, and then does not find it.
    const upload = await manager.findOne(UploadedRadiograph, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!upload) throw new UserError('NOT_FOUND', 'There is no such uploaded radiograph.');
    requireUploadReader(upload, viewer, 'uploaded radiograph');
    const { used } = await queryRow(
      manager,
      z.object({ used: z.boolean() }),
      `SELECT ${IN_USE} AS used FROM uploaded_radiograph u WHERE u.id = $1`,
      [id],
    );
    if (used) {
      throw new UserError('CONFLICT', 'A volume is being made from this radiograph; cancel its generation first.');
    }
    await audit(manager, { tokenId: viewer.tokenId, action: 'deleteUploadedRadiograph', target: id });
    return removeRows(manager, id);
  });
  await removeFiles(storage, files);
}

/** Starts to remove uploads whose time is over, those in use once they are no longer. */
export function startUploadExpiry({ logger, ...storage }: Storage & { logger: Logger }): BackgroundWork {
  return startBackground({
    name: 'expired uploads',
    logger,
    pollMs: EXPIRY_POLL_MS,
    next: async () => (await claimExpired(storage)) ?? claimExpiredMask(storage),
  });
}

async function claimExpired(storage: Storage): Promise<(() => Promise<void>) | undefined> {
  const files = await storage.dataSource.transaction(async (manager) => {
    const [expired] = await queryRows(
      manager,
      z.object({ id: z.string() }),
      `SELECT u.id FROM uploaded_radiograph u WHERE u.expires_at <= now() AND NOT ${IN_USE}
       LIMIT 1 FOR UPDATE SKIP LOCKED`,
    );
    return expired && removeRows(manager, expired.id);
  });
  return files && (() => removeFiles(storage, files));
}

/** @returns digests of the files that the rows named */
async function removeRows(manager: EntityManager, id: string): Promise<string[]> {
  const made = await manager.find(Generation, { select: { id: true }, where: { uploadId: id } });
  const files = await filesOfGenerations(
    manager,
    made.map((generation) => generation.id),
  );
  const own = await queryRows(
    manager,
    z.object({ sha256: z.string() }),
    `SELECT sha256 FROM asset WHERE id IN (
       SELECT asset_id FROM uploaded_radiograph WHERE id = $1 UNION SELECT asset_id FROM original_object WHERE upload_id = $1)`,
    [id],
  );
  await manager.delete(UploadedRadiograph, { id });
  return [...files, ...own.map(({ sha256 }) => sha256)];
}

function removeFiles({ dataSource, store }: Storage, files: readonly string[]): Promise<void> {
  return removeUnclaimed(dataSource, store, files);
}
