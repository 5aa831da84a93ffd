import type { DataSource, EntityManager } from 'typeorm';
import { askedByNobody, AuditEntry } from '../../entities/index.js';

export interface Audited {
  /** The token that did it; null for the command line on the machine itself. */
  tokenId: number | null;
  /** E.g. "generateMri", "asset.download". */
  action: string;
  /** What it was done to. */
  target?: string | null;
  detail?: Record<string, unknown>;
}

/** Leaves the row that every mutation and download leaves, whoever has left; with a manager, in its transaction. */
export async function audit(
  database: DataSource | EntityManager,
  { tokenId, action, target, detail }: Audited,
): Promise<void> {
  const entry = { tokenId, action, target: target ?? null, detail: (detail ?? {}) as object };
  await askedByNobody(() => database.getRepository(AuditEntry).insert(entry));
}
