import type { DataSource } from 'typeorm';
import { z } from 'zod';
import type { UnknownExamRule } from '../../domain/cohorts.js';
import { UserError } from '../../domain/errors.js';
import { isOaiId, type Side } from '../../domain/participants.js';
import type { VisitCode } from '../../domain/visits.js';
import { queryRows } from '../../entities/index.js';

/** A knee exam as a row of a table names it. Without a side both knees of the visit are meant. */
export interface ExamName {
  oaiId: string;
  visit: VisitCode;
  side?: Side | null | undefined;
}

/** A row that names no exam. */
export interface UnknownExam extends ExamName {
  /** From 1, as the rows were given. */
  row: number;
  /** One sentence that says what is not there. */
  reason: string;
}

/** The exams that the rows of a table name, each once. */
export interface FoundExams {
  /** Keys. */
  exams: number[];
  /** Rows that were given. */
  rows: number;
  unknown: UnknownExam[];
}

/** Most rows that one cohort is made of: more than there are exams in the release. */
const MAX_ROWS = 100_000;

/** Unknown rows that a refusal names. */
const MAX_NAMED = 10;

/**
 * Finds the exams that the rows of a table name. An exam that several rows name is found once.
 *
 * @param rule REFUSE: every row must name an exam; LEAVE_OUT: those that name none are told, and the others are found
 * @throws UserError NOT_FOUND that counts the rows that name no exam and names the first of them, also where no row names any;
 *   BAD_USER_INPUT for no rows, LIMIT_EXCEEDED for too many
 */
export async function findNamedExams(
  dataSource: DataSource,
  names: readonly ExamName[],
  rule: UnknownExamRule,
): Promise<FoundExams> {
  if (names.length === 0) throw new UserError('BAD_USER_INPUT', 'exams is empty; give at least one row.');
  if (names.length > MAX_ROWS) {
    throw new UserError('LIMIT_EXCEEDED', `exams takes at most ${MAX_ROWS} rows, got ${names.length}.`);
  }
  const found = await queryRows(
    dataSource,
    FOUND,
    `SELECT n.row::integer, p.id IS NOT NULL AS "hasParticipant", v.id IS NOT NULL AS "hasVisit", e.id AS exam
     FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY n(oai_id, visit, side, row)
     LEFT JOIN participant p ON p.oai_id = n.oai_id
     LEFT JOIN visit v ON v.participant_id = p.id AND v.code = n.visit
     LEFT JOIN knee_exam e ON e.visit_id = v.id AND (n.side IS NULL OR e.side = n.side)
     ORDER BY n.row, e.id`,
    [
      names.map(({ oaiId }) => (isOaiId(oaiId) ? oaiId : null)),
      names.map(({ visit }) => visit),
      names.map(({ side }) => side ?? null),
    ],
  );
  const unknown = found
    .filter(({ exam }) => exam === null)
    .map((row): UnknownExam => {
      const name = names[row.row - 1]!;
      return { ...name, row: row.row, reason: reasonOf(name, row) };
    });
  const exams = [...new Set(found.flatMap(({ exam }) => (exam === null ? [] : [exam])))];
  if (unknown.length > 0 && (rule === 'REFUSE' || exams.length === 0)) throw refusal(names.length, unknown);
  return { exams, rows: names.length, unknown };
}

const FOUND = z.object({
  row: z.number(),
  hasParticipant: z.boolean(),
  hasVisit: z.boolean(),
  exam: z.number().nullable(),
});

function reasonOf({ oaiId, visit, side }: ExamName, { hasParticipant, hasVisit }: z.infer<typeof FOUND>): string {
  if (!isOaiId(oaiId))
    return `${JSON.stringify(oaiId.slice(0, 20).toWellFormed())} is no participant's id, which has seven digits.`;
  if (!hasParticipant) return `There is no participant ${oaiId}.`;
  if (!hasVisit) return `Participant ${oaiId} has no visit ${visit}.`;
  return `Participant ${oaiId} has no exam of ${side ? `the ${side.toLowerCase()} knee` : 'a knee'} at ${visit}.`;
}

function refusal(rows: number, unknown: readonly UnknownExam[]): UserError {
  const named = unknown.slice(0, MAX_NAMED).map(({ row, reason }) => `row ${row}: ${reason}`);
  const more = unknown.length - named.length;
  return new UserError(
    'NOT_FOUND',
    `${unknown.length} of ${rows} rows name${unknown.length === 1 ? 's' : ''} no knee exam, and nothing was made. ` +
      `${named.join(' ')}${more > 0 ? ` ${more} more.` : ''}`,
    { details: { rows, unknown: unknown.length } },
  );
}
