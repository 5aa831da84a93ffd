import type { GraphQLSchema } from 'graphql';
import type { AttritionCounts } from '../entities/index.js';
import type { CohortAttrition, CohortCounts } from '../schema/cohort.js';
import { filterAsJson } from '../schema/filter-json.js';
import type { Context } from './context.js';

/** Smallest number of people or knees that a token of role SUMMARY is told of, and what its counts are rounded to. */
const SMALLEST = 5;

/**
 * Counts as this viewer may see them: for SUMMARY to the nearest five, so that two cohorts that differ by one tell nothing. People are
 * what is counted: the exams of too few are not told either.
 */
export function shownCounts({ viewer }: Context, { exams, participants }: { exams: number; participants: number }) {
  if (viewer.role !== 'SUMMARY') return { exams, participants };
  return participants < SMALLEST
    ? { exams: null, participants: null }
    : { exams: rounded(exams), participants: rounded(participants) };
}

/** An attrition as this viewer may see it. */
export function shownAttrition(
  { viewer }: Context,
  schema: GraphQLSchema,
  { criteria, exams, participants }: AttritionCounts,
): CohortAttrition {
  const summary = viewer.role === 'SUMMARY';
  const people = summary ? apart(participants) : participants;
  const left = summary ? exams.map((count, step) => (people[step] == null ? null : rounded(count))) : exams;
  const at = (step: number): CohortCounts => ({ exams: left[step] ?? null, participants: people[step] ?? null });
  return {
    start: at(0),
    steps: criteria.map(({ text, filter }, index) => ({
      criterion: text,
      filter: summary ? null : filterAsJson(schema, 'KneeExamFilter', filter),
      removed: {
        exams: difference(left[index], left[index + 1]),
        participants: difference(people[index], people[index + 1]),
      },
      remaining: at(index + 1),
    })),
  };
}

/**
 * Falling counts of which no two that are shown differ by less than the smallest cell, so that no small number can be had by
 * subtraction either. The last is worked from: it is the cohort's own count, which is shown elsewhere; the first is everything
 * there is, which anybody may count.
 */
export function apart(counts: readonly number[]): (number | null)[] {
  const shown: (number | null)[] = counts.map(() => null);
  const all = counts[0]!;
  let next = 0;
  for (let index = counts.length - 1; index >= 0; index--) {
    const count = counts[index]!;
    const first = index === 0;
    if (count - next < SMALLEST || (!first && all - count < SMALLEST)) continue;
    shown[index] = rounded(count);
    next = count;
  }
  return shown;
}

function rounded(count: number): number | null {
  return count < SMALLEST ? null : SMALLEST * Math.round(count / SMALLEST);
}

function difference(before: number | null | undefined, after: number | null | undefined): number | null {
  return before == null || after == null ? null : before - after;
}
