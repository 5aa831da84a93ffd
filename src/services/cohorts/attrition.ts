import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { type AttritionCounts, queryRows } from '../../entities/index.js';
import { compileFilter, KNEE_EXAMS, Parameters, Scope, type Where } from '../filters/index.js';
import type { Principal } from '../../policy/index.js';
import { criteriaOf, describeCriterion } from './criteria.js';
import { expandCohorts } from './expand.js';

/**
 * What each criterion of a filter leaves, in order: the numbers of an attrition diagram.
 *
 * One pass over the exams: each gets the number of the first criterion that it fails, a participant the best number of their
 * exams. A participant is lost where the last of their exams is.
 *
 * @throws UserError as {@link expandCohorts} and the filter's compilation do.
 */
export async function countAttrition(
  database: DataSource | EntityManager,
  actor: Principal,
  filter: Where,
): Promise<AttritionCounts> {
  const parameters = new Parameters();
  const scope = new Scope(KNEE_EXAMS, 't');
  const criteria: AttritionCounts['criteria'] = [];
  const failing: string[] = [];
  for (const criterion of criteriaOf(filter)) {
    const { where, names } = await expandCohorts(database, actor, criterion);
    criteria.push({ text: describeCriterion(criterion, names), filter: criterion });
    failing.push(`WHEN (${compileFilter(where, scope, parameters)}) IS NOT TRUE THEN ${failing.length}`);
  }
  const all = criteria.length;
  const step = failing.length === 0 ? '0' : `CASE ${failing.join(' ')} ELSE ${all} END`;
  const rows = await queryRows(
    database,
    STEP,
    `WITH judged AS MATERIALIZED (SELECT t.participant_id, ${step} AS step FROM ${scope.from()}),
          people AS (SELECT max(step) AS step FROM judged GROUP BY participant_id)
     SELECT 'exams' AS what, step, count(*)::integer AS count FROM judged GROUP BY step
     UNION ALL SELECT 'participants', step, count(*)::integer FROM people GROUP BY step`,
    parameters.values,
  );
  const remaining = (what: string) =>
    Array.from({ length: all + 1 }, (_, before) =>
      rows.filter((row) => row.what === what && row.step >= before).reduce((sum, { count }) => sum + count, 0),
    );
  return { criteria, exams: remaining('exams'), participants: remaining('participants') };
}

const STEP = z.object({ what: z.enum(['exams', 'participants']), step: z.number(), count: z.number() });
