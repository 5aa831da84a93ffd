import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { askedByNobody, AuditEntry, queryRows } from '../../entities/index.js';
import { underPseudonyms } from './participants.js';

export interface Audited {
  /** The token that did it; null for the command line on the machine itself. */
  tokenId: number | null;
  /** E.g. "generateMri", "asset.download". */
  action: string;
  /** What it was done to. */
  target?: string | null;
  detail?: Record<string, unknown>;
}

/** Rows without which a download has nothing to give out. */
interface GivenOut {
  table: 'asset' | 'mri_series' | 'dicom_series';
  ids: readonly number[];
}

/**
 * Leaves the row of a download. To be called before its first byte: nobody has anything without it, though the process die. What is given out is held
 * meanwhile, so that an erasure either finds the row, or has removed the file before the row could name it.
 *
 * @throws UserError NOT_FOUND for what has been removed
 */
export async function auditDownload(dataSource: DataSource, { table, ids }: GivenOut, row: Audited): Promise<void> {
  await askedByNobody(() =>
    dataSource.transaction(async (manager) => {
      const held = await queryRows(
        manager,
        z.object({ id: z.number() }),
        `SELECT id FROM ${table} WHERE id = ANY($1) ORDER BY id FOR KEY SHARE`,
        [ids],
      );
      if (held.length < ids.length) throw new UserError('NOT_FOUND', 'What this address named has just been removed.');
      await audit(manager, row);
    }),
  );
}

/**
 * Leaves the row that every mutation and download leaves, whoever has left; with a manager, in its transaction. Participants are
 * in it by pseudonyms.
 */
export async function audit(
  database: DataSource | EntityManager,
  { tokenId, action, target, detail }: Audited,
): Promise<void> {
  await askedByNobody(async () => {
    const named = { target: target ?? null, detail: (detail ?? {}) as object };
    const entry = { tokenId, action, ...(await underPseudonyms(database, named)) };
    await database.getRepository(AuditEntry).insert(entry);
  });
}
