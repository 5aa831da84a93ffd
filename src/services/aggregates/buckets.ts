import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import type { Dimension, KneeExamFacet } from './facets.js';

/** Where a bucket lies on one dimension. */
export interface FacetValue {
  /** Null for a variable, which `variable` names. */
  facet: KneeExamFacet | null;
  variable: string | null;
  /** Null: missing in the data, suppressed, or a total over all values. */
  value: string | null;
  /** What a coded value stands for. */
  meaning: string | null;
  /** OAI's code of why the value is missing, where a variable has one. */
  missing: string | null;
  /** Whether the bucket is a total over this dimension. */
  total: boolean;
  /** Whether the value is kept back, so that nobody in a small group can be made out. */
  suppressed: boolean;
}

/** What a grouped statement gives: `k0`, `k1`, ... are the keys, bit i of `totals` from the left is set in a total over `ki`. */
interface GroupedRow {
  totals: number;
  [key: `k${number}`]: unknown;
  [suppressed: `w${number}`]: unknown;
}

/** A grouped row with its counts; people are not always counted. */
export const GROUPED_COUNTS = z.looseObject({
  totals: z.number(),
  exams: z.number(),
  participants: z.number().nullable(),
});

/** Most groups of one answer. */
const MAX_BUCKETS = 20_000;

/** What ends a grouped statement, so that one group too many is seen and no more are read. */
export const AT_MOST = `LIMIT ${MAX_BUCKETS + 1}`;

/** @throws UserError LIMIT_EXCEEDED for more groups than `most` */
export function checkGroups(groups: number, most = MAX_BUCKETS): void {
  if (groups <= most) return;
  const many = most === MAX_BUCKETS ? `more than ${most} groups` : `${groups} groups and the limit is ${most}`;
  throw new UserError('LIMIT_EXCEEDED', `by makes ${many}; name fewer facets, give edges to numbers, or filter.`);
}

/** Names of the key columns. */
export function keyNames(by: readonly unknown[]): string[] {
  return by.map((_, index) => `k${index}`);
}

/** What follows GROUP BY, and the SQL that tells totals apart. */
export function grouping(keys: readonly string[], totals: boolean): { groupBy: string; totals: string } {
  if (keys.length === 0) return { groupBy: '()', totals: '0' };
  return totals
    ? { groupBy: `CUBE (${keys.join(', ')})`, totals: `grouping(${keys.join(', ')})` }
    : { groupBy: keys.join(', '), totals: '0' };
}

/** The values of a row's bucket, one per dimension. */
export function valuesOf(row: GroupedRow, by: readonly Dimension[]): FacetValue[] {
  return by.map(({ facet, variable, read }, index) => {
    const key = row[`k${index}`];
    const total = (row.totals & (1 << (by.length - 1 - index))) !== 0;
    const none = total || key === null || key === undefined;
    const { value, meaning = null, missing = null } = none ? { value: null } : read(key);
    return { facet, variable, value, meaning, missing, total, suppressed: !total && row[`w${index}`] === true };
  });
}

/** Sorts by each dimension in turn: values in their natural order, then what is missing, what is suppressed, and totals. */
export function sortBuckets<T extends { values: FacetValue[] }>(buckets: readonly T[], by: readonly Dimension[]): T[] {
  // Of each value its place is found once: a comparison of thousands would find it a dozen times.
  const placed = buckets.map((bucket) => ({
    bucket,
    places: bucket.values.map((value, index) => placeOf(value, by[index]!)),
  }));
  placed.sort((a, b) => {
    let order = 0;
    for (let index = 0; order === 0 && index < by.length; index++) {
      const [place, other] = [a.places[index]!, b.places[index]!];
      order = place.kind - other.kind || compare(place.rank, other.rank);
    }
    return order;
  });
  return placed.map(({ bucket }) => bucket);
}

function placeOf(value: FacetValue, { rank }: Dimension): { kind: number; rank: number | string } {
  const which = kind(value);
  return { kind: which, rank: which === 0 ? rank(value.value!) : (value.missing ?? '') };
}

function compare(left: number | string, right: number | string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function kind({ value, missing, total, suppressed }: FacetValue): number {
  if (total) return 4;
  if (suppressed) return 3;
  return value !== null ? 0 : missing !== null ? 1 : 2;
}
