import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { queryRow, queryRows } from '../../entities/index.js';
import { compileFilter, Parameters, Scope, type Table, type Where } from '../filters/index.js';
import { countRows } from '../paging/index.js';
import { GROUPED_COUNTS, keyNames, sortBuckets, valuesOf } from './buckets.js';
import { MAX_FACETS } from './count-facets.js';
import type { FacetBucket, FacetRequest } from './count-facets.js';
import { type Dimension, dimensionsOf, type KneeExamFacet } from './facets.js';
import { SLOT_FACETS, MIN_GROUP, SUMMARY_FIELDS, summaryRelease } from './summary-release.js';

/**
 * What a token of role SUMMARY gets for {@link countFacets}: sums over the one table it may know. People are counted only where
 * a bucket lies within one visit and one side.
 *
 * @throws UserError FORBIDDEN when more than visit, side, sex and one further facet are asked for, `where` included.
 */
export async function countSummaryFacets(dataSource: DataSource, request: FacetRequest): Promise<FacetBucket[]> {
  const { where, totals = false, variables = [] } = request;
  const own = variables.find(({ source }) => 'code' in source);
  if (own) {
    // A second way to group by what a facet groups by, pooled otherwise, would tell more than either.
    throw new UserError(
      'FORBIDDEN',
      `A token of role SUMMARY may group by variables that have no field of their own, and ${own.name} has one; take one of the facets.`,
    );
  }
  const derived = variables.find(({ source }) => 'derived' in source);
  if (derived) {
    // Its bands can be drawn around anybody.
    throw new UserError('FORBIDDEN', `Grouping by the derived variable ${derived.name} needs the role ANALYST.`);
  }
  const by = dimensionsOf(
    request.by,
    variables.map((ref) => [ref, null]),
    1,
    MAX_FACETS,
  );
  const facet = furtherFacet(where, by);
  const keys = keyNames(by);
  const groups = by.map((one, index) => (isSlot(one) ? keys[index]! : `(${keys[index]!}, w${index})`));
  const columns = by.flatMap((one, index) =>
    isSlot(one) ? `r.${one.facet!.toLowerCase()} AS k${index}` : [`r.value AS k${index}`, `r.suppressed AS w${index}`],
  );
  const parameters = new Parameters();
  const scope = new Scope(summaryRelease(facet), 'r');
  const condition = compileFilter(where, scope, parameters);
  const rows = await queryRows(
    dataSource,
    GROUPED_COUNTS,
    `SELECT ${[...keys, ...by.flatMap((one, index) => (isSlot(one) ? [] : [`w${index}`]))].join(', ')},
            ${totals ? `grouping(${keys.join(', ')})` : '0'} AS totals, sum(n)::integer AS exams,
            CASE WHEN count(DISTINCT (visit, side)) = 1 THEN sum(n)::integer END AS participants
       FROM (SELECT ${columns.join(', ')}, r.visit, r.side, r.n FROM ${scope.from()} WHERE ${condition}) picked
      GROUP BY ${totals ? `CUBE (${groups.join(', ')})` : groups.join(', ')}
     HAVING count(*) > 0`,
    parameters.values,
  );
  return sortBuckets(
    rows.map((row) => ({ values: valuesOf(row, by), exams: row.exams, participants: row.participants })),
    by,
  );
}

/**
 * How many knee exams a token of role SUMMARY is told that a filter selects; null when there is nothing to tell.
 *
 * @throws UserError FORBIDDEN for a filter on more than visit, side, sex and one further facet.
 */
export async function countSummaryExams(
  dataSource: DataSource,
  where: Where | null | undefined,
): Promise<number | null> {
  const parameters = new Parameters();
  const scope = new Scope(summaryRelease(furtherFacet(where, [])), 'r');
  const condition = compileFilter(where, scope, parameters);
  const { exams } = await queryRow(
    dataSource,
    z.object({ exams: z.number().nullable() }),
    `SELECT sum(r.n)::integer AS exams FROM ${scope.from()} WHERE ${condition}`,
    parameters.values,
  );
  return exams;
}

/**
 * How many rows a whole table has, to the nearest five, for a token of role SUMMARY; null under five.
 *
 * @param of those of its rows that count, where not all do
 * @throws UserError FORBIDDEN when a filter is given: no table but that of knee exams may be looked into.
 */
export async function countSummaryRows(
  dataSource: DataSource,
  table: Table,
  where: Where | null | undefined,
  of: Where | null = null,
): Promise<number | null> {
  if (where && Object.keys(where).length > 0) {
    throw new UserError('FORBIDDEN', 'A token of role SUMMARY may filter only kneeExams and kneeExamFacets.');
  }
  const count = await countRows(dataSource, table, of);
  return count < MIN_GROUP ? null : MIN_GROUP * Math.round(count / MIN_GROUP);
}

/** The one facet or variable beside visit, side and sex that a question speaks of; null when there is none. */
function furtherFacet(where: Where | null | undefined, by: readonly Dimension[]): Dimension | null {
  const asked = [...by, ...dimensionsOf([...new Set(facetsOf(where ?? {}, 'where'))], [], 0, Infinity)];
  const further = new Map(asked.filter((one) => !isSlot(one)).map((one) => [nameOf(one), one]));
  if (further.size > 1) {
    throw new UserError(
      'FORBIDDEN',
      `A token of role SUMMARY may combine ${SLOT_FACETS.join(', ')} with one further facet, not with ${[...further.keys()].join(' and ')}.`,
    );
  }
  const [only = null] = further.values();
  // The two names of the grade have one table.
  return only?.facet === 'KL' ? dimensionsOf(['XRKL'], [], 1, 1)[0]! : only;
}

function nameOf({ facet, variable }: Dimension): string {
  return facet === 'KL' ? 'XRKL' : (facet ?? variable!);
}

/** Every facet that a filter speaks of, at any depth. */
function facetsOf(where: unknown, path: string, fields: typeof SUMMARY_FIELDS = SUMMARY_FIELDS): KneeExamFacet[] {
  if (typeof where !== 'object' || where === null) return [];
  return Object.entries(where).flatMap(([name, value]) => {
    const inner = `${path}.${name}`;
    if (value === undefined) return [];
    if (fields === SUMMARY_FIELDS) {
      if (name === 'not') return facetsOf(value, inner);
      if (name === 'and' || name === 'or') {
        return (Array.isArray(value) ? value : []).flatMap((part, index) => facetsOf(part, `${inner}[${index}]`));
      }
    }
    const known = Object.hasOwn(fields, name) ? fields[name]! : undefined;
    if (known === undefined) {
      throw new UserError(
        'FORBIDDEN',
        `${inner}: a token of role SUMMARY may filter by visit, side, kl, one of grades, and sex, race, cohort or site of the participant.`,
      );
    }
    return typeof known === 'string' ? [known] : facetsOf(value, inner, known);
  });
}

function isSlot({ facet }: Dimension): boolean {
  return facet !== null && (SLOT_FACETS as readonly string[]).includes(facet);
}
