import type { GraphQLSchema } from 'graphql';
import type { AttritionCounts } from '../entities/index.js';
import type { CohortAttrition, CohortCounts } from '../schema/cohort.js';
import { filterAsJson } from '../schema/filter-json.js';
import type { Context } from './context.js';

/** Counts below this tell too much about single people to be given to a token of role SUMMARY. */
const SMALLEST = 5;

/** Counts as this viewer may see them. */
export function shownCounts({ viewer }: Context, { exams, participants }: { exams: number; participants: number }) {
  const shown = (count: number) => (viewer.role === 'SUMMARY' && count < SMALLEST ? null : count);
  return { exams: shown(exams), participants: shown(participants) };
}

/** An attrition as this viewer may see it. */
export function shownAttrition(
  { viewer }: Context,
  schema: GraphQLSchema,
  { criteria, exams, participants }: AttritionCounts,
): CohortAttrition {
  const summary = viewer.role === 'SUMMARY';
  const [left, people] = summary ? [apart(exams), apart(participants)] : [exams, participants];
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
    shown[index] = count;
    next = count;
  }
  return shown;
}

function difference(before: number | null | undefined, after: number | null | undefined): number | null {
  return before == null || after == null ? null : before - after;
}
