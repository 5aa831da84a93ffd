import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { queryRows } from '../../entities/index.js';
import type { VisitCode } from '../../domain/visits.js';
import type { TableKind } from '../../oai/index.js';

/** Keys of stored rows as {@link RowReader.key} writes them, and the table `t` whose origins tell where a row comes from. */
const KEYS: Readonly<Record<TableKind, { key: string; from: string; visit: string | null }>> = {
  enrollees: { key: 't.oai_id', from: 'participant t', visit: null },
  clinical: {
    key: `p.oai_id || ' ' || t.code`,
    from: 'visit t JOIN participant p ON p.id = t.participant_id',
    visit: 't.code',
  },
  readings: {
    key: `p.oai_id || ' ' || x.visit_code || ' ' || x.side || ' ' || t.project`,
    from: 'reading t JOIN knee_exam x ON x.id = t.exam_id JOIN participant p ON p.id = x.participant_id',
    visit: 'x.visit_code',
  },
  films: { key: 't.barcode', from: 'radiograph t', visit: null },
  series: { key: 't.barcode', from: 'mri_series t', visit: null },
};

/** Keys of the rows that have something from one of these sources, of one visit or of all. */
export async function keysOf(
  manager: EntityManager,
  kind: TableKind,
  visit: VisitCode | null,
  sources: readonly number[],
): Promise<string[]> {
  if (sources.length === 0) return [];
  const { key, from, visit: code } = KEYS[kind];
  const rows = await queryRows(
    manager,
    z.object({ key: z.string() }),
    `SELECT ${key} AS key FROM ${from}
     WHERE ($2::text IS NULL OR ${code ?? '$2::text'} = $2)
       AND EXISTS (SELECT 1 FROM jsonb_each(t.origins) o WHERE (o.value ->> 0)::integer = ANY($1))`,
    [sources, visit],
  );
  return rows.map((row) => row.key);
}
