import type { DataSource, EntityManager } from 'typeorm';
import { askedByNobody, AuditEntry } from '../../entities/index.js';
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
