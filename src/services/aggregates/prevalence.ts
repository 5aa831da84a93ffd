import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import type { VariableRef } from '../../domain/variables/index.js';
import { queryRows } from '../../entities/index.js';
import { type ClusteredShare, clusteredShare } from '../../metrics/statistics/index.js';
import { compileFilter, KNEE_EXAMS, Parameters, Scope, type Where } from '../filters/index.js';
import { AT_MOST, checkGroups, type FacetValue, keyNames, sortBuckets, valuesOf } from './buckets.js';
import { MAX_FACETS } from './count-facets.js';
import { dimensionsOf, type KneeExamFacet } from './facets.js';
import type { BandedNumber } from './number-dimension.js';
import { readyVariables } from './ready-variables.js';

/** How common a condition is among the exams of one group. */
export interface Prevalence extends ClusteredShare {
  values: FacetValue[];
  exams: number;
  /** Different people behind the exams. */
  participants: number;
  /** Exams of which it is known whether the condition holds, and of how many people they are. */
  count: number;
  people: number;
  missing: number;
  /** Exams of which it holds. */
  cases: number;
}

export interface PrevalenceRequest {
  where?: Where | null | undefined;
  /** The condition. */
  having: Where;
  /** None to four dimensions, `variables` and `numbers` included. */
  by?: readonly KneeExamFacet[] | null | undefined;
  variables?: readonly VariableRef[];
  numbers?: readonly BandedNumber[];
}

const ROW = z.looseObject({
  exams: z.number(),
  participants: z.number(),
  people: z.number(),
  trials: z.number(),
  cases: z.number(),
  trials2: z.number(),
  products: z.number(),
  cases2: z.number(),
});

/**
 * How common a condition is, by groups of exams. Exams of a person are a cluster: intervals let them depend on one another. An exam of which the
 * condition is not known, because a value that it compares is missing, is in no share and is counted as missing.
 *
 * @throws UserError BAD_USER_INPUT or LIMIT_EXCEEDED for dimensions or filters that cannot be asked for.
 */
export async function explorePrevalence(dataSource: DataSource, request: PrevalenceRequest): Promise<Prevalence[]> {
  const { where, having, by: facets, variables = [], numbers } = request;
  if (Object.keys(having).length === 0)
    throw new UserError('BAD_USER_INPUT', 'having is empty; say what is counted, such as { kl: { gte: 2 } }.');
  const by = dimensionsOf(facets ?? [], await readyVariables(dataSource, variables), 0, MAX_FACETS, numbers);
  const parameters = new Parameters();
  const scope = new Scope(KNEE_EXAMS, 't');
  const keys = keyNames(by);
  const columns = by.map(({ sql }, index) => `${sql(scope)} AS ${keys[index]!}`);
  const holds = compileFilter(having, scope, parameters, { unknowns: true });
  const condition = compileFilter(where, scope, parameters);
  const rows = await queryRows(
    dataSource,
    ROW,
    `WITH picked AS (SELECT ${[...columns, 't.participant_id', `(${holds}) AS holds`].join(', ')} FROM ${scope.from()} WHERE ${condition}),
       people AS (SELECT ${[...keys, 'participant_id'].join(', ')}, count(*) AS exams, count(holds) AS n, count(*) FILTER (WHERE holds) AS s
                  FROM picked GROUP BY ${[...keys, 'participant_id'].join(', ')})
     SELECT ${[...keys, ''].join(', ')} sum(exams)::integer AS exams, count(*)::integer AS participants,
            count(*) FILTER (WHERE n > 0)::integer AS people, sum(n)::integer AS trials, sum(s)::integer AS cases,
            sum(n * n)::double precision AS trials2, sum(s * n)::double precision AS products, sum(s * s)::double precision AS cases2
     FROM people GROUP BY ${keys.join(', ') || '()'} HAVING count(*) > 0 ${AT_MOST}`,
    parameters.values,
  );
  checkGroups(rows.length);
  return sortBuckets(
    rows.map(({ exams, participants, people, trials, cases, trials2, products, cases2, ...key }) => ({
      values: valuesOf({ ...key, totals: 0 }, by),
      ...{ exams, participants, people, count: trials, missing: exams - trials, cases },
      ...clusteredShare({ clusters: people, trials, successes: cases, trials2, products, successes2: cases2 }),
    })),
    by,
  );
}
