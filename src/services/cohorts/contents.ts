import { SET_OPERATIONS } from '../../domain/cohorts.js';
import type { SetOperation } from '../../domain/cohorts.js';
import { UserError } from '../../domain/errors.js';
import { encodeId } from '../../domain/global-ids.js';
import type { NamedRows } from '../../entities/index.js';
import type { Where } from '../filters/index.js';
import type { FoundExams } from './named-exams.js';

/** Where the exams of a cohort come from: one of these, as the caller gives it. */
export interface ContentsRequest {
  filter?: Where | null | undefined;
  /** Keys of knee exams. */
  examIds?: readonly number[] | null | undefined;
  /** Exams that the rows of a table name. */
  found?: FoundExams | null | undefined;
  combine?: CombineRequest | null | undefined;
}

export interface CombineRequest {
  operation: SetOperation;
  /** Keys of two or more cohorts; the order counts for DIFFERENCE. */
  cohorts: readonly string[];
}

/** Exams that an edit names, as the caller gives them: one of these. */
export type EditRequest = Omit<ContentsRequest, 'combine'>;

/** Exams by their keys, or by a filter that may speak of cohorts. */
export type EditPart = { exams: readonly number[] } | { where: Where };

export type Contents =
  | { kind: 'FILTER'; filter: Where }
  | { kind: 'EXAMS'; exams: readonly number[]; rows?: NamedRows }
  | { kind: 'COMBINATION'; operation: SetOperation; filter: Where };

/** Most ids that one request may name. */
export const MAX_EXAM_IDS = 10_000;
const MAX_COMBINED = 20;

/**
 * The contents a request asks for; undefined when it names none.
 *
 * @throws UserError BAD_USER_INPUT when it names more than one or an impossible combination, LIMIT_EXCEEDED for too many.
 */
export function contentsOf({ filter, examIds, found, combine }: ContentsRequest): Contents | undefined {
  const given = Object.entries({ filter, examIds, exams: found, combine }).filter(([, part]) => part != null);
  if (given.length > 1)
    throw new UserError('BAD_USER_INPUT', `Give one of ${given.map(([name]) => name).join(' and ')}, not several.`);
  if (filter) return { kind: 'FILTER', filter: asStored(filter) };
  if (examIds) return { kind: 'EXAMS', exams: checkExamIds(examIds, 'examIds') };
  if (found) {
    const { exams, rows, unknown } = found;
    return { kind: 'EXAMS', exams, rows: { given: rows, unknown: unknown.length } };
  }
  if (combine) return { kind: 'COMBINATION', operation: combine.operation, filter: combinationFilter(combine) };
  return undefined;
}

/**
 * The exams that an edit is to take in or to leave out.
 *
 * @param field as the caller calls it
 * @throws UserError BAD_USER_INPUT when the request names none or more than one way, LIMIT_EXCEEDED for too many ids
 */
export function editOf({ filter, examIds, found }: EditRequest, field: 'add' | 'remove'): EditPart {
  const given = Object.entries({ filter, examIds, exams: found }).filter(([, part]) => part != null);
  if (given.length !== 1) {
    throw new UserError('BAD_USER_INPUT', `${field} takes one of filter, examIds and exams, got ${given.length}.`);
  }
  if (filter) return { where: asStored(filter) };
  return { exams: found ? found.exams : checkExamIds(examIds ?? [], `${field}.examIds`) };
}

/** @throws UserError LIMIT_EXCEEDED for more ids than one request may name. */
export function checkExamIds(ids: readonly number[], field: string): readonly number[] {
  if (ids.length <= MAX_EXAM_IDS) return ids;
  throw new UserError('LIMIT_EXCEEDED', `${field} takes at most ${MAX_EXAM_IDS} ids, got ${ids.length}.`);
}

/** Union, intersection and difference in the filter language, so that a combination may be dynamic too. */
function combinationFilter({ operation, cohorts }: CombineRequest): Where {
  if (!SET_OPERATIONS.includes(operation)) {
    throw new UserError('BAD_USER_INPUT', `combine.operation must be one of ${SET_OPERATIONS.join(', ')}.`);
  }
  if (cohorts.length < 2 || cohorts.length > MAX_COMBINED) {
    throw new UserError(
      'BAD_USER_INPUT',
      `combine.cohorts must name between 2 and ${MAX_COMBINED} cohorts, got ${cohorts.length}.`,
    );
  }
  const members = cohorts.map((id) => ({ inCohort: { eq: encodeId('Cohort', id) } }));
  if (operation === 'UNION') return { or: members };
  if (operation === 'INTERSECTION') return { and: members };
  const [first, ...others] = members;
  return { and: [first, ...others.map((member) => ({ not: member }))] };
}

/** The filter as JSON keeps it: no undefined entries, times as text. */
function asStored(filter: Where): Where {
  return JSON.parse(JSON.stringify(filter)) as Where;
}
