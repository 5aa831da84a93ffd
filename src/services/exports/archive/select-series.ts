import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { queryRow, queryRows, standingSql } from '../../../entities/index.js';
import type { ArchiveChoice } from '../../../domain/exports.js';
import {
  compileFilter,
  leftOut,
  MRI_SERIES,
  Parameters,
  Scope,
  UNLESS_OF_SERIES,
  type Where,
} from '../../filters/index.js';
import { ofExams } from './of-exams.js';

/** Series found by one statement. */
const STRETCH = 200;

/**
 * Ids of the series that an archive holds, in order of id, in stretches: each is a statement of its own, so that no transaction
 * is open while files are written. Series that come meanwhile are left out.
 *
 * @throws UserError BAD_USER_INPUT for a filter that is wrong
 */
export async function* selectSeries(
  dataSource: DataSource,
  selection: Where | null,
  choice: ArchiveChoice,
): AsyncGenerator<number[]> {
  const { from, values } = statement(selection, choice);
  const { last } = await queryRow(
    dataSource,
    z.object({ last: z.number() }),
    'SELECT coalesce(max(id), 0) AS last FROM mri_series',
  );
  let after = 0;
  for (;;) {
    const rows = await queryRows(
      dataSource,
      z.object({ id: z.number() }),
      `SELECT s.id ${from} AND s.id > ${after} AND s.id <= ${last} ORDER BY s.id LIMIT ${STRETCH}`,
      values,
    );
    if (rows.length === 0) return;
    yield rows.map(({ id }) => id);
    after = rows.at(-1)!.id;
  }
}

/** How many series an archive would hold, and the bytes of their volumes as they are stored. */
export async function countSeries(
  dataSource: DataSource,
  selection: Where | null,
  choice: ArchiveChoice,
): Promise<{ count: number; bytes: number }> {
  const { from, values } = statement(selection, choice);
  return queryRow(
    dataSource,
    z.object({ count: z.number(), bytes: z.number() }),
    `SELECT count(*)::integer AS count, coalesce(sum(a.bytes), 0)::float8 AS bytes
     FROM asset a JOIN (SELECT s.asset_id ${from}) s ON s.asset_id = a.id`,
    values,
  );
}

function statement(selection: Where | null, choice: ArchiveChoice): { from: string; values: unknown[] } {
  const parameters = new Parameters();
  // What was made from an upload is its owner's and goes when the upload goes: no archive holds it.
  const conditions = [
    's.asset_id IS NOT NULL',
    's.exam_id IS NOT NULL',
    whichSeries(choice, parameters),
    ...ofExams('s.exam_id', selection, parameters),
  ];
  return {
    from: `FROM mri_series s WHERE ${conditions.map((part) => `(${part})`).join(' AND ')}`,
    values: parameters.values,
  };
}

function whichSeries({ series, generations, batch, withReal }: ArchiveChoice, parameters: Parameters): string {
  if (generations ?? batch) {
    const wanted = generations
      ? `SELECT id AS generation_id, exam_id FROM generation WHERE id = ANY(${parameters.add([...generations], 'uuid[]')})`
      : `SELECT generation_id, exam_id FROM batch_member WHERE batch_id = ${parameters.add(batch, 'uuid')}`;
    const made = `s.generation_id IN (SELECT generation_id FROM (${wanted}) wanted)`;
    return withReal
      ? `${made} OR (NOT s.synthetic AND ${standingSql('s')} AND s.exam_id IN (SELECT exam_id FROM (${wanted}) wanted))`
      : made;
  }
  const condition = compileFilter(series, new Scope(MRI_SERIES, 's'), parameters);
  return [...leftOut(UNLESS_OF_SERIES, series, 's'), `(${condition})`].join(' AND ');
}
