import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { queryRows } from '../../entities/index.js';
import { enumName, type NamesFor, type VariableRef, variablesOf } from '../../domain/variables/index.js';
import { type KneeNumber, UNKNOWN_REASONS, type UnknownReason } from '../../domain/knee-numbers.js';
import { KNEE_EXAMS, Parameters, Scope, type Where } from '../filters/index.js';
import { numberSql, selectingNumbers } from '../numbers/index.js';
import { AT_MOST, checkGroups, type FacetValue, GROUPED_COUNTS, keyNames, sortBuckets, valuesOf } from './buckets.js';
import { MAX_FACETS } from './count-facets.js';
import { type Dimension, dimensionsOf, type KneeExamFacet } from './facets.js';
import type { BandedNumber } from './number-dimension.js';
import { readyVariables } from './ready-variables.js';
import { histogramEdges, histogramOf } from './histogram.js';
import type { Histogram, HistogramRequest } from './histogram.js';

/** Numbers of a knee exam that statistics are made of. */
const COLUMNS: ReadonlyMap<string, (scope: Scope) => string> = new Map(
  variablesOf(null, 'measure').map((variable) => [
    enumName(variable),
    (scope: Scope) => {
      const { alias } = variable.table === 'knee_exam' ? scope : scope.join(variable.table);
      return `${alias}.${variable.column}`;
    },
  ]),
);

export type KneeExamMeasure = NamesFor<'measure'>;

/** What is known of one number over a group of exams. Figures are null where no exam has the number. */
export interface KneeExamStatistics {
  values: FacetValue[];
  exams: number;
  /** Different people behind the exams; null where it was not counted. */
  participants: number | null;
  /** Exams that have the number. */
  count: number;
  missing: number;
  /** Of a change or a slope: why it is missing, reasons that nobody has left out. */
  missingReasons: { reason: UnknownReason; exams: number }[];
  minimum: number | null;
  maximum: number | null;
  mean: number | null;
  standardDeviation: number | null;
  lowerQuartile: number | null;
  median: number | null;
  upperQuartile: number | null;
  histogram: Histogram | null;
}

export interface StatisticsRequest {
  /** Of a change or a slope: selects exams of the visit that it begins at, so that each knee counts once. */
  where?: Where | null | undefined;
  of: KneeExamMeasure | KneeNumber;
  /** None to four dimensions, variables included. */
  by?: readonly KneeExamFacet[] | null | undefined;
  /** Further dimensions. */
  variables?: readonly VariableRef[];
  /** Further dimensions. */
  numbers?: readonly BandedNumber[];
  histogram?: HistogramRequest | null | undefined;
  /** Whether to count people too. */
  participants?: boolean;
}

const STATISTICS = GROUPED_COUNTS.extend({
  count: z.number(),
  min: z.number().nullable(),
  max: z.number().nullable(),
  mean: z.number().nullable(),
  deviation: z.number().nullable(),
  quartiles: z.array(z.number()).nullable(),
  unknown: z.array(z.number()),
  bins: z.record(z.string(), z.number()).nullable(),
});

/**
 * Statistics of one number over groups of knee exams, in one statement. Quartiles are interpolated as numpy's default does;
 * the deviation is the sample's.
 *
 * @throws UserError BAD_USER_INPUT or LIMIT_EXCEEDED for dimensions, bins or a filter that cannot be asked for.
 */
export async function exploreMeasure(
  dataSource: DataSource,
  request: StatisticsRequest,
): Promise<KneeExamStatistics[]> {
  const variables = await readyVariables(dataSource, request.variables ?? []);
  const by = dimensionsOf(request.by ?? [], variables, 0, MAX_FACETS, request.numbers);
  const edges = request.histogram ? histogramEdges(request.histogram) : null;
  const parameters = new Parameters();
  const rows = await queryRows(
    dataSource,
    STATISTICS,
    statisticsStatement(request, by, edges, parameters),
    parameters.values,
  );
  checkGroups(rows.length);
  return sortBuckets(
    rows.map((row) => ({
      values: valuesOf(row, by),
      exams: row.exams,
      participants: row.participants,
      count: row.count,
      missing: row.exams - row.count,
      missingReasons: UNKNOWN_REASONS.map((reason, index) => ({ reason, exams: row.unknown[index]! })).filter(
        ({ exams }) => exams > 0,
      ),
      minimum: row.min,
      maximum: row.max,
      mean: shortened(row.mean),
      standardDeviation: shortened(row.deviation),
      lowerQuartile: shortened(row.quartiles?.[0]),
      median: shortened(row.quartiles?.[1]),
      upperQuartile: shortened(row.quartiles?.[2]),
      histogram: edges && histogramOf(edges, row.bins ?? {}),
    })),
    by,
  );
}

/** The figures of each group, and beside them the filled bins of its histogram. */
function statisticsStatement(
  { where, of, participants = false }: StatisticsRequest,
  by: readonly Dimension[],
  edges: number[] | null,
  parameters: Parameters,
): string {
  const scope = new Scope(KNEE_EXAMS, 't');
  const keys = keyNames(by);
  const groups = by.map(({ sql }, index) => `${sql(scope)} AS ${keys[index]!}`);
  const { number, unknown } = numberOf(of, scope);
  const condition = selectingNumbers(typeof of === 'string' ? [] : [of], where, scope, parameters);
  const picked = [...groups, 't.participant_id', `${number} AS number`, `${unknown} AS unknown`].join(', ');
  const groupBy = keys.length ? keys.join(', ') : '()';
  const figures = [
    ...keys,
    'count(*)::integer AS exams',
    `${participants ? 'count(DISTINCT participant_id)::integer' : 'NULL::integer'} AS participants`,
    'count(number)::integer AS count',
    'min(number) AS min',
    'max(number) AS max',
    'avg(number)::double precision AS mean',
    'stddev_samp(number)::double precision AS deviation',
    `ARRAY[${UNKNOWN_REASONS.map((reason) => `count(*) FILTER (WHERE unknown = '${reason}')::integer`).join(', ')}] AS unknown`,
    'percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY number) AS quartiles',
  ];
  const statement =
    // Once for each exam: PostgreSQL would look up why a number is missing for each reason that is counted.
    `WITH picked AS ${typeof of === 'string' ? '' : 'MATERIALIZED '}(SELECT ${picked} FROM ${scope.from()} WHERE ${condition}), ` +
    `figures AS (SELECT ${figures.join(', ')} FROM picked GROUP BY ${groupBy} HAVING count(*) > 0 ${AT_MOST})`;
  if (!edges) return `${statement} SELECT 0 AS totals, figures.*, NULL AS bins FROM figures`;
  const all = parameters.add(edges, 'real[]');
  const last = parameters.add(edges.at(-1), 'real');
  const sameGroup = keys.map((key) => `filled.${key} IS NOT DISTINCT FROM figures.${key}`).join(' AND ') || 'TRUE';
  return (
    `${statement}, ` +
    // The last bin takes its upper edge in.
    `binned AS (SELECT ${[...keys, `width_bucket(number, ${all}) - (number = ${last})::integer AS bin`].join(', ')} ` +
    'FROM picked WHERE number IS NOT NULL), ' +
    `counted AS (SELECT ${[...keys, 'bin', 'count(*)::integer AS n'].join(', ')} FROM binned GROUP BY ${[...keys, 'bin'].join(', ')}), ` +
    `filled AS (SELECT ${[...keys, 'jsonb_object_agg(bin, n) AS bins'].join(', ')} FROM counted GROUP BY ${groupBy}) ` +
    `SELECT 0 AS totals, figures.*, filled.bins FROM figures LEFT JOIN filled ON ${sameGroup}`
  );
}

/** The number in single precision, as columns of ours are. */
function numberOf(of: KneeExamMeasure | KneeNumber, scope: Scope): { number: string; unknown: string } {
  if (typeof of === 'string') return { number: COLUMNS.get(of)!(scope), unknown: 'NULL::text' };
  const { joins, number, unknown } = numberSql(of, scope.alias, `${scope.alias}n`, { reasons: true });
  scope.attach(joins);
  return { number: `(${number})::real`, unknown };
}

/** The columns are of single precision: digits beyond the seventh are not theirs. */
function shortened(figure: number | null | undefined): number | null {
  return figure === null || figure === undefined ? null : Number(figure.toPrecision(7));
}
