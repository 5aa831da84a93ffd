import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { queryRecords, queryRow } from '../../entities/index.js';
import { compileFilter, KNEE_EXAMS, Parameters, Scope, type Where } from '../filters/index.js';
import type { ExportColumn, ReadingAlias } from './columns.js';

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
  p15: `LEFT JOIN reading p15 ON p15.exam_id = exam.id AND p15.project = '15'`,
  p37: `LEFT JOIN reading p37 ON p37.exam_id = exam.id AND p37.project = '37'`,
};

/**
 * Rows of knee exams that a filter selects, in batches, by id. Each batch is a statement of its own over the next stretch of
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
  const statement = rowStatement(request, parameters, after, upTo);
  const bounds = await queryRow(
    dataSource,
    z.object({ total: z.number(), last: z.number().nullable() }),
    'SELECT count(*)::integer AS total, max(id) AS last FROM knee_exam',
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
       FROM (SELECT id FROM knee_exam WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3) stretch`,
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

function rowStatement({ where, columns }: RowRequest, parameters: Parameters, after: string, upTo: string): string {
  const scope = new Scope(KNEE_EXAMS, 't');
  const condition = compileFilter(where, scope, parameters);
  const readings = new Set(columns.flatMap(({ reading }) => (reading ? [reading] : [])));
  return [
    `SELECT ${columns.map(({ sql }, index) => `${sql} AS c${index}`).join(', ')}, participant.phantom AS is_phantom`,
    `FROM (SELECT t.* FROM ${scope.from()} WHERE t.id > ${after} AND t.id <= ${upTo} AND (${condition})) exam`,
    // OFFSET 0 keeps these look-ups by key: left to itself, PostgreSQL reads the whole tables for every stretch.
    'CROSS JOIN LATERAL (SELECT * FROM visit v WHERE v.id = exam.visit_id OFFSET 0) visit',
    'CROSS JOIN LATERAL (SELECT * FROM participant p WHERE p.id = exam.participant_id OFFSET 0) participant',
    ...[...readings].map((reading) => READINGS[reading]),
    'ORDER BY exam.id',
  ].join(' ');
}

function valueOf(value: unknown, read: ExportColumn['read']): unknown {
  return value === null || !read ? value : read(value);
}
