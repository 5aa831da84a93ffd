import { compileFilter, KNEE_EXAMS, type Parameters, Scope, type Where } from '../../filters/index.js';

/**
 * The condition that a row is of the exams that an archive is asked for; none where that is every exam.
 *
 * @param column the row's exam, such as `s.exam_id`
 * @throws UserError BAD_USER_INPUT for a filter that is wrong
 */
export function ofExams(column: string, selection: Where | null, parameters: Parameters): string[] {
  if (!selection) return [];
  const exams = new Scope(KNEE_EXAMS, 't');
  const condition = compileFilter(selection, exams, parameters);
  return [`${column} IN (SELECT t.id FROM ${exams.from()} WHERE ${condition})`];
}
