import type { DataSource } from 'typeorm';
import { pseudonymOf } from '../access/index.js';
import type { Where } from '../filters/index.js';

/** A filter of the audit that selects what is about a participant, whom it knows by a pseudonym. */
export async function auditOf(dataSource: DataSource, oaiId: string): Promise<Where> {
  const pseudonym = await pseudonymOf(dataSource, oaiId);
  return { or: [{ target: { contains: pseudonym } }, { words: { contains: pseudonym } }] };
}
