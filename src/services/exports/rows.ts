import type { DataSource } from 'typeorm';
import { z } from 'zod';
import type { TableShape } from '../../domain/exports.js';
import type { VisitCode } from '../../domain/visits.js';
import { queryRecords, queryRow, standingSql } from '../../entities/index.js';
import { compileFilter, KNEE_EXAMS, Parameters, Scope, selectingAt, type Where } from '../filters/index.js';
import { kneeTimes } from '../timeline/index.js';
import type { ExportColumn, ReadingAlias } from './columns.js';
import { type PairRows, pairRows } from './pair-columns.js';
import { participantStatement } from './participant-rows.js';
import { splitJoin } from './split-column.js';

/** Knee exams looked through per statement: what an export holds in memory at a time. */
export const BATCH_EXAMS = 2_000;

/** How far an export is. */
export interface ExportProgress {
  /** Exams looked through. */
  done: number;
  /** Exams there were to look through when it began. */
  total: number;
  /** Rows found, and how many of them are of phantoms of the synthetic release. */
  rows: number;
  phantoms: number;
}

export interface RowRequest {
  where?: Where | null | undefined;
  columns: readonly ExportColumn[];
  /** What the columns need beside the exams. */
  shape?: TableShape;
  /** Checked between batches. */
  signal?: AbortSignal | undefined;
  /** Told after each batch that was taken. */
  onProgress?: ((progress: ExportProgress) => void) | undefined;
  /** Default {@link BATCH_EXAMS}. */
  batchExams?: number;
}

const READINGS: Record<ReadingAlias, string> = {
  preferred:
    'LEFT JOIN reading preferred ON preferred.exam_id = exam.id AND preferred.project = exam.preferred_project',
  p15: `LEFT JOIN reading p15 ON p15.exam_id = exam.id AND p15.project = '15' AND ${standingSql('p15')}`,
  p37: `LEFT JOIN reading p37 ON p37.exam_id = exam.id AND p37.project = '37' AND ${standingSql('p37')}`,
};

/**
 * Rows of the knee exams or participants that a filter selects, in batches, by id. Each batch is a statement of its own over the next stretch of
 * ids, so its cost does not depend on how many exams there are, nothing but a batch is in memory, and no transaction is open
 * between two. Exams that are added meanwhile are left out; each batch is as the database was at its own moment.
 *
 * @returns values in the columns' order.
 * @throws UserError BAD_USER_INPUT for a filter that is wrong
 */
export async function* readRows(dataSource: DataSource, request: RowRequest): AsyncGenerator<unknown[][]> {
  const { columns, signal, onProgress, batchExams = BATCH_EXAMS } = request;
  const parameters = new Parameters();
  const [after, upTo] = [parameters.add(0, 'integer'), parameters.add(0, 'integer')];
  const ofPeople = request.shape?.unit === 'PARTICIPANT';
  const statement = ofPeople
    ? participantStatement(request, parameters, { after, upTo })
    : rowStatement(request, parameters, {
        ...{ after, upTo },
        paired: await pairsOf(dataSource, request, parameters),
        parts: await partsOf(dataSource, request, parameters),
      });
  const table = ofPeople ? 'participant' : 'knee_exam';
  const bounds = await queryRow(
    dataSource,
    z.object({ total: z.number(), last: z.number().nullable() }),
    `SELECT count(*)::integer AS total, max(id) AS last FROM ${table}`,
  );
  const progress: ExportProgress = { done: 0, total: bounds.total, rows: 0, phantoms: 0 };
  onProgress?.({ ...progress });
  let from = 0;
  for (;;) {
    signal?.throwIfAborted();
    const stretch = await queryRow(
      dataSource,
      z.object({ exams: z.number(), last: z.number().nullable() }),
      `SELECT count(*)::integer AS exams, max(id) AS last
       FROM (SELECT id FROM ${table} WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3) stretch`,
      [from, bounds.last ?? 0, batchExams],
    );
    if (stretch.last === null) return;
    const values = [from, stretch.last, ...parameters.values.slice(2)];
    const rows = await queryRecords(dataSource, statement, values);
    if (rows.length > 0) yield rows.map((row) => columns.map(({ read }, index) => valueOf(row[`c${index}`], read)));
    from = stretch.last;
    progress.done += stretch.exams;
    progress.rows += rows.length;
    progress.phantoms += rows.reduce((count, row) => count + (row['is_phantom'] ? 1 : 0), 0);
    onProgress?.({ ...progress });
  }
}

/** The pairs whose exams are the rows; with `asOf` they are made of exams of its origin. */
async function pairsOf(
  dataSource: DataSource,
  { where, shape = {} }: RowRequest,
  parameters: Parameters,
): Promise<PairRows | null> {
  const { pairs, asOf } = shape;
  if (!pairs) return null;
  const among = asOf ? { and: [where ?? {}, { visit: { eq: asOf.origin } }] } : where;
  return pairRows(dataSource, pairs, among, parameters);
}

/** The parts of a split, as a join; of the participants of all exams that are selected. */
async function partsOf(
  dataSource: DataSource,
  { where, shape = {} }: RowRequest,
  parameters: Parameters,
): Promise<string | null> {
  return shape.split ? splitJoin(dataSource, shape.split, where, parameters) : null;
}

function rowStatement(
  request: RowRequest,
  parameters: Parameters,
  { after, upTo, paired, parts }: { after: string; upTo: string; paired: PairRows | null; parts: string | null },
): string {
  const { where, columns, shape: { event, asOf } = {} } = request;
  const scope = new Scope(KNEE_EXAMS, 't');
  const condition = asOf
    ? selectingAt(asOf.origin, where, scope, parameters, 'asOf.origin')
    : compileFilter(where, scope, parameters);
  const picked = `SELECT t.* FROM ${scope.from()} WHERE t.id > ${after} AND t.id <= ${upTo} AND (${condition})${paired ? ` AND ${paired.condition}` : ''}`;
  const own = columns.filter(({ at }) => at === undefined);
  return [
    ...(event ? [`WITH exam AS MATERIALIZED (${picked}), knee AS MATERIALIZED (${kneesOf(event.origin)})`] : []),
    `SELECT ${columns.map(({ sql, at }, index) => `${at ? `${at}.c${index}` : sql} AS c${index}`).join(', ')}, participant.phantom AS is_phantom`,
    event ? 'FROM exam' : `FROM (${picked}) exam`,
    // OFFSET 0 keeps these look-ups by key: left to itself, PostgreSQL reads the whole tables for every stretch.
    'CROSS JOIN LATERAL (SELECT * FROM visit v WHERE v.id = exam.visit_id OFFSET 0) visit',
    'CROSS JOIN LATERAL (SELECT * FROM participant p WHERE p.id = exam.participant_id OFFSET 0) participant',
    ...readingsOf(own),
    ...(asOf?.visits ?? []).map((visit) => laterVisit(visit, columns)),
    ...(event
      ? [
          `LEFT JOIN (${kneeTimes(event, 'knee')}) times ON times.participant_id = exam.participant_id AND times.side = exam.side`,
        ]
      : []),
    ...columns.map(({ joins }) => joins ?? ''),
    ...(paired ? [paired.join] : []),
    ...(parts ? [parts] : []),
    'ORDER BY exam.id',
  ].join(' ');
}

function readingsOf(columns: readonly ExportColumn[]): string[] {
  const readings = new Set(columns.flatMap(({ reading }) => (reading ? [reading] : [])));
  return [...readings].map((reading) => READINGS[reading]);
}

/** Exams of the same knees at the visit that time counts from. */
function kneesOf(origin: VisitCode): string {
  return `SELECT o.* FROM knee_exam o WHERE o.visit_code = '${origin}' AND (o.participant_id, o.side) IN (SELECT participant_id, side FROM exam)`;
}

/** The columns of one later visit; missing where the participant did not come. Within, `exam` and `visit` are those of that visit. */
function laterVisit(at: VisitCode, columns: readonly ExportColumn[]): string {
  const own = columns.flatMap((column, index) => (column.at === at ? [{ column, index }] : []));
  return (
    `LEFT JOIN LATERAL (SELECT ${own.map(({ column, index }) => `${column.sql} AS c${index}`).join(', ')} ` +
    `FROM (SELECT exam.participant_id, exam.side) knee JOIN visit ON visit.participant_id = knee.participant_id AND visit.code = '${at}' ` +
    `LEFT JOIN knee_exam exam ON exam.visit_id = visit.id AND exam.side = knee.side ` +
    `${readingsOf(own.map(({ column }) => column)).join(' ')} OFFSET 0) ${at} ON TRUE`
  );
}

function valueOf(value: unknown, read: ExportColumn['read']): unknown {
  return value === null || !read ? value : read(value);
}
