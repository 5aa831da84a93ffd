import type { DataSource } from 'typeorm';
import { z } from 'zod';
import type { ArchiveChoice } from '../../../domain/exports.js';
import { RESULT_KINDS } from '../../../domain/generation-outputs.js';
import { queryRow, queryRows } from '../../../entities/index.js';
import { Parameters, type Where } from '../../filters/index.js';
import { ofExams } from './of-exams.js';

/** Generations found by one statement. */
const STRETCH = 200;

/**
 * Ids of the generations whose results an archive holds, in stretches, in order of id: each is a statement of its own, so that no
 * transaction is open while files are written. What succeeds meanwhile may be among them.
 *
 * @throws UserError BAD_USER_INPUT for a filter that is wrong
 */
export async function* selectGenerations(
  dataSource: DataSource,
  selection: Where | null,
  choice: ArchiveChoice,
): AsyncGenerator<string[]> {
  const { from, values } = statement(selection, choice);
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const rows = await queryRows(
      dataSource,
      z.object({ id: z.string() }),
      `SELECT g.id ${from} AND g.id > $${values.length + 1}::uuid ORDER BY g.id LIMIT ${STRETCH}`,
      [...values, after],
    );
    if (rows.length === 0) return;
    yield rows.map(({ id }) => id);
    after = rows.at(-1)!.id;
  }
}

/** How many generations an archive would hold results of. */
export async function countGenerations(
  dataSource: DataSource,
  selection: Where | null,
  choice: ArchiveChoice,
): Promise<number> {
  const { from, values } = statement(selection, choice);
  const shape = z.object({ count: z.number() });
  const { count } = await queryRow(dataSource, shape, `SELECT count(*)::integer AS count ${from}`, values);
  return count;
}

function statement(
  selection: Where | null,
  { generations, batch }: ArchiveChoice,
): { from: string; values: unknown[] } {
  const parameters = new Parameters();
  const chosen = generations
    ? `g.id = ANY(${parameters.add([...generations], 'uuid[]')})`
    : `g.id IN (SELECT generation_id FROM batch_member WHERE batch_id = ${parameters.add(batch, 'uuid')})`;
  const exams = ofExams('g.exam_id', selection, parameters).map((condition) => ` AND ${condition}`);
  const kinds = parameters.add([...RESULT_KINDS], 'text[]');
  return {
    // What was made from an upload is its owner's and goes when the upload goes: no archive holds it.
    from: `FROM generation g WHERE ${chosen} AND g.state = 'SUCCEEDED' AND g.upload_id IS NULL AND g.exam_id IS NOT NULL
           AND EXISTS (SELECT 1 FROM generation_output o WHERE o.generation_id = g.id AND o.kind = ANY(${kinds}))${exams.join('')}`,
    values: parameters.values,
  };
}
