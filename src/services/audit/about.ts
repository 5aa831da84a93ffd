import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { encodeId } from '../../domain/global-ids.js';
import { requireOaiId } from '../../domain/participants.js';
import { queryRows } from '../../entities/index.js';
import { knownInAudit } from '../access/index.js';
import type { Where } from '../filters/index.js';
import { AUDITED_KEYS, filesOf, findPerson, idsOf, namesOf, nodesOf } from '../people/index.js';

/** Rows about one participant that are looked at: the newest. As many as a filter may list. */
const MAX_ABOUT = 10_000;

/**
 * A filter of the audit that selects what is about a participant: rows under the pseudonym, and those that name an exam, an image, a file or a generation
 * of theirs, as it is today.
 *
 * @throws UserError BAD_USER_INPUT, NOT_FOUND
 */
export async function auditOf(dataSource: DataSource, oaiId: string): Promise<Where> {
  requireOaiId(oaiId);
  return dataSource.transaction(async (manager) => {
    const { id, pseudonym } = await knownInAudit(manager, oaiId);
    const person = await findPerson(manager, { id, oaiId });
    const names = [...(await namesOf(manager, person)), ...(await filesOf(manager, person)), ...nodesOf(person)];
    const keyed = Object.entries(AUDITED_KEYS).map(([member, table]) => [member, idsOf(person, table)] as const);
    const rows = await queryRows(
      manager,
      z.object({ id: z.number() }),
      `SELECT id FROM audit_entry
       WHERE position($1 IN target) > 0 OR position($1 IN detail::text) > 0
         OR string_to_array(target, ' ') && $2::text[]
         OR (action = 'series.download' AND target = ANY($3::text[]))
         OR ${keyed.map(([member], at) => `detail ->> '${member}' = ANY($${at + 4}::text[])`).join(' OR ')}
       ORDER BY id DESC LIMIT ${MAX_ABOUT}`,
      [pseudonym, names, idsOf(person, 'mri_series'), ...keyed.map(([, ids]) => ids)],
    );
    return { id: { in: rows.map((row) => encodeId('AuditEntry', row.id)) } };
  });
}
