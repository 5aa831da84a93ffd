import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { COHORT_VISIBILITIES } from '../../domain/cohorts.js';
import { UserError } from '../../domain/errors.js';
import { type DerivedVariable, queryRows } from '../../entities/index.js';
import { mayReadCohort, mayReadExport, type Principal } from '../../policy/index.js';

const USE = z.object({
  kind: z.enum(['derived variable', 'cohort', 'evaluation', 'batch', 'export']),
  name: z.string(),
  ownerId: z.number().nullable(),
  visibility: z.enum(COHORT_VISIBILITIES).nullable(),
});

/**
 * Refuses to delete a variable that a definition, a cohort, an evaluation, a batch or a file of an export was made with: each says which version, and
 * whoever reads it must be able to look that up.
 *
 * @throws UserError CONFLICT that names one of them; what the actor may not see is not named
 */
export async function refuseInUse(
  manager: EntityManager,
  actor: Principal,
  { id, name }: DerivedVariable,
): Promise<void> {
  // Kept filters have its name with visit and knee before, and the version behind; files keep what its name meant.
  const named = `"(V[0-9]{2})?${name}[RL]?@[0-9]+"`;
  const meant = `"derived" *: *"${name}"`;
  const uses = await queryRows(
    manager,
    USE,
    `SELECT 'derived variable' AS kind, d.name, NULL::integer AS "ownerId", NULL::text AS visibility
       FROM derived_variable d WHERE d.id <> $1 AND EXISTS (
         SELECT 1 FROM derived_variable_version v WHERE v.variable_id = d.id AND v.definition::text ~* $2)
     UNION ALL SELECT 'cohort', c.name, c.owner_id, c.visibility FROM cohort c
       WHERE EXISTS (SELECT 1 FROM cohort_version v WHERE v.cohort_id = c.id AND v.filter::text ~* $2)
     UNION ALL SELECT 'evaluation', e.name, NULL, NULL FROM evaluation e WHERE e.filter::text ~* $2
     UNION ALL SELECT 'batch', b.name, NULL, NULL FROM batch b WHERE b.filter::text ~* $2
     UNION ALL SELECT 'export', x.created_at::date::text, x.requested_by_id, NULL FROM export x
       WHERE (x.state IN ('QUEUED', 'RUNNING') OR x.asset_id IS NOT NULL)
         AND (x.filter::text ~* $2 OR concat(x.variables::text, x.selection::text, x.shape::text) ~ $3)`,
    [id, named, meant],
  );
  const [first, ...others] = uses;
  if (!first) return;
  const more = others.length === 0 ? '' : others.length === 1 ? ' and one more' : ` and ${others.length} more`;
  throw new UserError(
    'CONFLICT',
    `${name} is used by ${inWords(first, actor)}${more}; delete ${others.length === 0 ? 'that' : 'those'} first.`,
  );
}

function inWords({ kind, name, ownerId, visibility }: z.infer<typeof USE>, actor: Principal): string {
  if (kind === 'cohort' && !mayReadCohort({ ownerId, visibility: visibility! }, actor)) return "somebody else's cohort";
  if (kind !== 'export') return `the ${kind} "${name}"`;
  return mayReadExport({ requestedById: ownerId }, actor) ? `the export of ${name}` : "somebody else's export";
}
