import type { DataSource, EntityManager } from 'typeorm';
import { AuditEntry } from '../../entities/index.js';

export interface Audited {
  /** The token that did it; null for the command line on the machine itself. */
  tokenId: number | null;
  /** E.g. "generateMri", "asset.download". */
  action: string;
  /** What it was done to. */
  target?: string | null;
  detail?: Record<string, unknown>;
}

/** Leaves the row that every mutation and download leaves; with a manager, in its transaction. */
export async function audit(
  database: DataSource | EntityManager,
  { tokenId, action, target, detail }: Audited,
): Promise<void> {
  await database
    .getRepository(AuditEntry)
    .insert({ tokenId, action, target: target ?? null, detail: (detail ?? {}) as object });
}
