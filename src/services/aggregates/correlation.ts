import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { type KneeNumber, numberName } from '../../domain/knee-numbers.js';
import type { VariableRef } from '../../domain/variables/index.js';
import { queryRows } from '../../entities/index.js';
import { type ClusteredCorrelation, type PairedNumbers, pearson, spearman } from '../../metrics/statistics/index.js';
import { KNEE_EXAMS, Parameters, Scope, type Where } from '../filters/index.js';
import { numberSql, selectingNumbers } from '../numbers/index.js';
import { checkGroups, type FacetValue, keyNames, sortBuckets, valuesOf } from './buckets.js';
import { MAX_FACETS } from './count-facets.js';
import { dimensionsOf, type KneeExamFacet } from './facets.js';
import type { BandedNumber } from './number-dimension.js';
import { readyVariables } from './ready-variables.js';

/** Most groups of one answer, and most exams behind it. */
const MAX_GROUPS = 40;
const MAX_EXAMS = 100_000;

/** How two numbers go together in the exams of one group. */
export interface Correlation {
  values: FacetValue[];
  exams: number;
  /** Exams that have both numbers, and of how many people they are. */
  count: number;
  people: number;
  missing: number;
  pearson: ClusteredCorrelation;
  spearman: ClusteredCorrelation;
}

export interface CorrelationRequest {
  /** With a change or a slope: selects exams of the visit that the first of them begins at. */
  where?: Where | null | undefined;
  x: KneeNumber;
  y: KneeNumber;
  by?: readonly KneeExamFacet[] | null | undefined;
  variables?: readonly VariableRef[];
  numbers?: readonly BandedNumber[];
}

const NUMBERS = z.array(z.number()).nullable();
const ROW = z.looseObject({ exams: z.number(), xs: NUMBERS, ys: NUMBERS, people: NUMBERS });

/**
 * Pearson's and Spearman's correlation of two numbers, by groups of exams, with intervals that let exams of a person depend on one another.
 *
 * @throws UserError BAD_USER_INPUT or LIMIT_EXCEEDED for numbers, dimensions or a filter that cannot be asked for.
 */
export async function exploreCorrelation(dataSource: DataSource, request: CorrelationRequest): Promise<Correlation[]> {
  const { where, x, y, by: facets, variables = [], numbers } = request;
  if (numberName(x) === numberName(y)) throw new UserError('BAD_USER_INPUT', 'x and y must be two numbers.');
  const by = dimensionsOf(facets ?? [], await readyVariables(dataSource, variables), 0, MAX_FACETS, numbers);
  const parameters = new Parameters();
  const scope = new Scope(KNEE_EXAMS, 't');
  const keys = keyNames(by);
  const columns = by.map(({ sql }, index) => `${sql(scope)} AS ${keys[index]!}`);
  const [first, second] = [numberSql(x, 't', 'tx'), numberSql(y, 't', 'ty')];
  scope.attach(first.joins + second.joins);
  const condition = selectingNumbers([x, y], where, scope, parameters);
  const listed = (column: string): string =>
    `json_agg(${column} ORDER BY id) FILTER (WHERE x IS NOT NULL AND y IS NOT NULL)`;
  const picked = [...columns, 't.id', 't.participant_id', `${first.number} AS x`, `${second.number} AS y`];
  const rows = await queryRows(
    dataSource,
    ROW,
    `SELECT ${[...keys, ''].join(', ')} count(*)::integer AS exams, ${listed('x')} AS xs, ${listed('y')} AS ys, ${listed('participant_id')} AS people
     FROM (SELECT ${picked.join(', ')} FROM ${scope.from()} WHERE ${condition} LIMIT ${MAX_EXAMS + 1}) picked
     GROUP BY ${keys.join(', ') || '()'} HAVING count(*) > 0`,
    parameters.values,
  );
  checkSize(rows);
  return sortBuckets(
    rows.map((row) => {
      const pairs: PairedNumbers[] = (row.xs ?? []).map((value, index) => ({
        ...{ x: value, y: row.ys![index]!, cluster: row.people![index]! },
      }));
      return {
        values: valuesOf({ ...row, totals: 0 }, by),
        ...{ exams: row.exams, count: pairs.length, missing: row.exams - pairs.length },
        people: new Set(pairs.map(({ cluster }) => cluster)).size,
        ...{ pearson: pearson(pairs), spearman: spearman(pairs) },
      };
    }),
    by,
  );
}

function checkSize(rows: readonly { exams: number }[]): void {
  if (rows.reduce((sum, { exams }) => sum + exams, 0) > MAX_EXAMS) {
    throw new UserError('LIMIT_EXCEEDED', `where selects more than ${MAX_EXAMS} knee exams; name a visit, or filter.`);
  }
  checkGroups(rows.length, MAX_GROUPS);
}
