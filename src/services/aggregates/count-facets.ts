import type { DataSource } from 'typeorm';
import { queryRows } from '../../entities/index.js';
import { compileFilter, KNEE_EXAMS, Parameters, Scope, type Where } from '../filters/index.js';
import { AT_MOST, checkGroups, grouping, keyNames, sortBuckets, valuesOf } from './buckets.js';
import { type FacetValue, GROUPED_COUNTS } from './buckets.js';
import { type Dimension, dimensionsOf, type KneeExamFacet } from './facets.js';
import type { BandedNumber } from './number-dimension.js';
import { readyVariables } from './ready-variables.js';
import type { VariableRef } from '../../domain/variables/index.js';

/** Knee exams that share their values on each dimension. */
export interface FacetBucket {
  /** In the order of `by`, `variables` and `numbers`. */
  values: FacetValue[];
  exams: number;
  /** Different people behind the exams; null where it was not counted or may not be told. */
  participants: number | null;
}

export interface FacetRequest {
  where?: Where | null | undefined;
  /** One to four dimensions, variables included. */
  by: readonly KneeExamFacet[];
  /** Further dimensions. */
  variables?: readonly VariableRef[];
  /** Further dimensions. */
  numbers?: readonly BandedNumber[];
  /** Whether to add a bucket for each total: over one dimension, over two, ..., over all. */
  totals?: boolean;
  /** Whether to count people too; costs about twice the time. */
  participants?: boolean;
}

/** Most dimensions of one answer. */
export const MAX_FACETS = 4;

/**
 * Counts knee exams by one to four dimensions, in one statement. Only buckets that hold an exam are given.
 *
 * @throws UserError BAD_USER_INPUT or LIMIT_EXCEEDED for dimensions or a filter that cannot be asked for.
 */
export async function countFacets(dataSource: DataSource, request: FacetRequest): Promise<FacetBucket[]> {
  const { by, variables = [], numbers } = request;
  const dimensions = dimensionsOf(by, await readyVariables(dataSource, variables), 1, MAX_FACETS, numbers);
  const { text, parameters } = facetStatement(request, dimensions);
  const rows = await queryRows(dataSource, GROUPED_COUNTS, text, parameters);
  checkGroups(rows.length);
  const buckets = rows.map((row) => ({
    values: valuesOf(row, dimensions),
    exams: row.exams,
    participants: row.participants,
  }));
  return sortBuckets(buckets, dimensions);
}

/** Exams are grouped once, with their participant where people are counted; totals are made of the groups. */
function facetStatement(
  { where, totals = false, participants = false }: FacetRequest,
  by: readonly Dimension[],
): { text: string; parameters: unknown[] } {
  const parameters = new Parameters();
  const scope = new Scope(KNEE_EXAMS, 't');
  const keys = keyNames(by);
  const columns = by.map(({ sql }, index) => `${sql(scope)} AS ${keys[index]!}`);
  const condition = compileFilter(where, scope, parameters);
  const people = participants ? ['t.participant_id'] : [];
  const inner =
    `SELECT ${[...columns, ...people, 'count(*)::integer AS exams'].join(', ')} FROM ${scope.from()} ` +
    `WHERE ${condition} GROUP BY ${[...columns, ...people].map((_, index) => index + 1).join(', ')}`;
  const outer = grouping(keys, totals);
  const different = totals ? 'count(DISTINCT participant_id)' : 'count(*)';
  const figures = [
    `${outer.totals} AS totals`,
    'sum(exams)::integer AS exams',
    `${participants ? `${different}::integer` : 'NULL::integer'} AS participants`,
  ];
  return {
    text: `SELECT ${[...keys, ...figures].join(', ')} FROM (${inner}) grouped GROUP BY ${outer.groupBy} HAVING count(*) > 0 ${AT_MOST}`,
    parameters: parameters.values,
  };
}
