import type { DataSource } from 'typeorm';
import { queryRows } from '../../entities/index.js';
import type { VariableRef } from '../../domain/variables/index.js';
import { compileFilter, Parameters, PARTICIPANTS, Scope, type Where } from '../filters/index.js';
import {
  AT_MOST,
  checkGroups,
  type FacetValue,
  GROUPED_COUNTS,
  grouping,
  keyNames,
  sortBuckets,
  valuesOf,
} from './buckets.js';
import { MAX_FACETS } from './count-facets.js';
import { type ParticipantFacet, participantDimensions } from './facets.js';
import { readyVariables } from './ready-variables.js';

/** Participants that share their values on each dimension. */
export interface ParticipantBucket {
  /** In the order of `by` and `variables`. */
  values: FacetValue[];
  participants: number;
}

interface ParticipantRequest {
  where?: Where | null | undefined;
  /** With the variables one to four dimensions. */
  by: readonly ParticipantFacet[];
  variables: readonly VariableRef[];
  /** Whether to add a bucket for each total: over one dimension, over two, ..., over all. */
  totals: boolean;
}

/**
 * Counts participants, examined or not, by one to four dimensions, in one statement. Only buckets that hold somebody are given.
 *
 * @throws UserError BAD_USER_INPUT or LIMIT_EXCEEDED for dimensions or a filter that cannot be asked for
 */
export async function countParticipants(
  dataSource: DataSource,
  { where, by, variables, totals }: ParticipantRequest,
): Promise<ParticipantBucket[]> {
  const dimensions = participantDimensions(by, await readyVariables(dataSource, variables), MAX_FACETS);
  const parameters = new Parameters();
  const scope = new Scope(PARTICIPANTS, 't');
  const keys = keyNames(dimensions);
  const columns = dimensions.map(({ sql }, index) => `${sql(scope)} AS ${keys[index]!}`);
  const condition = compileFilter(where, scope, parameters);
  const groups = grouping(keys, totals);
  const rows = await queryRows(
    dataSource,
    GROUPED_COUNTS,
    `SELECT ${keys.join(', ')}, ${groups.totals} AS totals, 0 AS exams, count(*)::integer AS participants
       FROM (SELECT ${columns.join(', ')} FROM ${scope.from()} WHERE ${condition}) person
      GROUP BY ${groups.groupBy} HAVING count(*) > 0 ${AT_MOST}`,
    parameters.values,
  );
  checkGroups(rows.length);
  const buckets = rows.map((row) => ({ values: valuesOf(row, dimensions), participants: row.participants ?? 0 }));
  return sortBuckets(buckets, dimensions);
}
