import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import type { PairRequest } from '../../domain/knee-pairs.js';
import { queryRows } from '../../entities/index.js';
import { FACETS, type KneeExamFacet } from '../aggregates/index.js';
import { compileFilter, KNEE_EXAMS, Parameters, Scope, type Where } from '../filters/index.js';
import { numberSql } from '../numbers/index.js';

/** Most exams of either side. */
const MAX_EXAMS = 20_000;

/** A knee exam that may be in a pair. */
export interface PairCandidate {
  id: number;
  /** Key of the participant. */
  cluster: number;
  visitId: number;
  /** What a control shares with its case; null where some of it is missing. */
  stratum: string | null;
  /** By the numbers of the request; null where one is missing. */
  values: number[] | null;
}

const ROW = z.looseObject({ id: z.number(), participant_id: z.number(), visit_id: z.number() });

/**
 * Exams that fit a filter, in order of participant, visit and side, the right knee first.
 *
 * @param side as a refusal names it
 * @throws UserError LIMIT_EXCEEDED for too many
 */
export async function findCandidates(
  dataSource: DataSource,
  side: 'cases' | 'controls',
  where: readonly (Where | null)[],
  { exactly, nearest }: Pick<PairRequest, 'nearest'> & { exactly: readonly KneeExamFacet[] },
): Promise<PairCandidate[]> {
  const parameters = new Parameters();
  const scope = new Scope(KNEE_EXAMS, 't');
  const strata = exactly.map((facet, index) => `(${FACETS[facet].sql(scope)})::text AS k${index}`);
  const numbers = nearest.map(({ number }, index) => {
    const { joins, number: sql } = numberSql(number, 't', `tn${index}`);
    scope.attach(joins);
    return `${sql} AS n${index}`;
  });
  const person = scope.join('participant').alias;
  const conditions = where.map((one) => `(${compileFilter(one, scope, parameters)})`).join(' AND ');
  const columns = ['t.id', 't.participant_id', 't.visit_id', ...strata, ...numbers];
  const rows = await queryRows(
    dataSource,
    ROW,
    `SELECT ${columns.join(', ')} FROM ${scope.from()} WHERE ${conditions}
     ORDER BY ${person}.oai_id COLLATE "C", t.visit_code, t.side DESC LIMIT ${MAX_EXAMS + 1}`,
    parameters.values,
  );
  if (rows.length > MAX_EXAMS) {
    throw new UserError(
      'LIMIT_EXCEEDED',
      `${side} selects more than ${MAX_EXAMS} knee exams; name a visit, or filter.`,
    );
  }
  return rows.map((row) => ({
    ...{ id: row.id, cluster: row.participant_id, visitId: row.visit_id },
    stratum: whole(
      exactly.map((_, index) => row[`k${index}`] as string | null),
      (keys) => JSON.stringify(keys),
    ),
    values: whole(
      nearest.map((_, index) => row[`n${index}`] as number | null),
      (values) => values,
    ),
  }));
}

/** What is made of values none of which is missing. */
function whole<T, R>(values: readonly (T | null)[], make: (values: T[]) => R): R | null {
  const known = values.filter((value): value is T => value !== null);
  return known.length === values.length ? make(known) : null;
}
