import type { Side } from '../domain/participants.js';
import type { VisitCode } from '../domain/visits.js';
import type { KneeExam } from '../entities/index.js';
import { KneeExamNode } from '../schema/knee-exam.js';
import { KNEE_EXAMS, type Table, type Unless, type Where } from '../services/filters/index.js';
import { fittingRows } from '../services/paging/index.js';
import type { Context } from './context.js';
import { readyFilter } from './filter.js';

/** A table whose rows are nested in others, and which of them a filter leaves out unless it speaks of them. */
export interface NestedRows {
  table: Table;
  unless?: readonly Unless[];
}

/**
 * Those rows of a short nested list that its `where` selects, in the order of the list. Lists of one operation with the same filter
 * are asked for in one statement, whosever they are.
 *
 * @throws UserError as the compiler of filters does
 */
export async function thatFit<Row extends { id: number | string }>(
  context: Context,
  nested: NestedRows,
  where: Where | null | undefined,
  rows: readonly Row[],
): Promise<Row[]> {
  if (!isGiven(where)) return [...rows];
  const fits = context.fitting.for([nested.table.name, where], async (keys) =>
    fittingRows(context.platform.dataSource, nested, await readyFilter(context, where), keys),
  );
  const fitting = await Promise.all(rows.map(({ id }) => fits.load(id)));
  return rows.filter((_, index) => fitting[index]);
}

/** Whether a filter asks for anything: one without an entry selects all. */
export function isGiven(where: Where | null | undefined): where is Where {
  return where !== null && where !== undefined && Object.keys(where).length > 0;
}

/** Exams of one person of those that its arguments select. */
export async function nestedExams(
  context: Context,
  exams: readonly KneeExam[],
  { visits, side, where }: { visits?: readonly VisitCode[] | null; side?: Side | null; where: Where | null },
): Promise<KneeExamNode[]> {
  const asked = exams.filter(
    (exam) => (visits?.includes(exam.visitCode) ?? true) && (side == null || exam.side === side),
  );
  return (await thatFit(context, { table: KNEE_EXAMS }, where, asked)).map((exam) => new KneeExamNode(exam));
}
