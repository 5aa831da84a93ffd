import { z } from 'zod';
import { FACETS, rankOf } from './facets.js';
import type { KneeExamFacet } from './facets.js';

/** Where a bucket lies on one dimension. */
export interface FacetValue {
  facet: KneeExamFacet;
  /** Null: missing in the data, suppressed, or a total over all values. */
  value: string | null;
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
export function valuesOf(row: GroupedRow, by: readonly KneeExamFacet[]): FacetValue[] {
  return by.map((facet, index) => {
    const key = row[`k${index}`];
    const total = (row.totals & (1 << (by.length - 1 - index))) !== 0;
    return {
      facet,
      value: total || key === null ? null : FACETS[facet].text(key),
      total,
      suppressed: !total && row[`w${index}`] === true,
    };
  });
}

/** Sorts by each dimension in turn: values in their natural order, then what is missing, what is suppressed, and totals. */
export function sortBuckets<T extends { values: FacetValue[] }>(buckets: T[]): T[] {
  return buckets.sort((a, b) => {
    for (const [index, left] of a.values.entries()) {
      const order = compareValues(left, b.values[index]!);
      if (order !== 0) return order;
    }
    return 0;
  });
}

function compareValues(a: FacetValue, b: FacetValue): number {
  const order = kind(a) - kind(b);
  if (order !== 0 || a.value === null || b.value === null) return order;
  const [left, right] = [rankOf(a.facet, a.value), rankOf(b.facet, b.value)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function kind({ value, total, suppressed }: FacetValue): number {
  if (total) return 3;
  if (suppressed) return 2;
  return value === null ? 1 : 0;
}
