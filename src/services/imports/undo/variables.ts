import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { queryRows } from '../../../entities/index.js';
import { tableOf } from '../../../oai/index.js';
import { fromBatch } from '../statements.js';
import { readLevels } from '../stored-levels.js';

/**
 * What is known of variables of which cells were taken back: words that nobody has any more go, and so does a variable without cells. Words
 * stay that a later import would put back if it were undone.
 */
export async function describeAnew(manager: EntityManager, variables: readonly number[]): Promise<void> {
  if (variables.length === 0) return;
  await manager.query(
    `DELETE FROM variable v WHERE v.id = ANY($1)
       AND NOT EXISTS (SELECT 1 FROM variable_block b WHERE b.variable_id = v.id)
       AND NOT EXISTS (SELECT 1 FROM import_block b WHERE b.variable_id = v.id AND b.codes IS NOT NULL)`,
    [variables],
  );
  await manager.query(
    `WITH used AS (
       SELECT variable_id, abs(unnest(codes)) AS code FROM variable_block WHERE variable_id = ANY($1)
       UNION SELECT variable_id, abs(unnest(codes)) FROM import_block WHERE variable_id = ANY($1)
     )
     DELETE FROM variable_level l WHERE l.variable_id = ANY($1)
       AND NOT EXISTS (SELECT 1 FROM used u WHERE u.variable_id = l.variable_id AND u.code = l.code)`,
    [variables],
  );
  await manager.query('DELETE FROM variable_coverage WHERE variable_id = ANY($1) AND filled = 0 AND missing = 0', [
    variables,
  ]);
  const left = await queryRows(
    manager,
    z.object({ id: z.number(), readings: z.array(z.string()), files: z.array(z.string()) }),
    `SELECT v.id, ARRAY(SELECT DISTINCT b.reading FROM variable_block b WHERE b.variable_id = v.id ORDER BY 1) AS readings,
       ARRAY(SELECT DISTINCT s.name FROM variable_block b CROSS JOIN LATERAL unnest(b.sources) u(source)
             JOIN import_source s ON s.id = u.source WHERE b.variable_id = v.id) AS files
     FROM variable v WHERE v.id = ANY($1)`,
    [variables],
  );
  const levels = await readLevels(
    manager,
    left.map(({ id }) => id),
  );
  const { from, parameters } = fromBatch({
    id: ['integer', left.map(({ id }) => id)],
    kind: ['text', left.map(({ id }) => levels.get(id)!.kind())],
    tables: ['text', left.map(({ files }) => JSON.stringify([...new Set(files.map(tableOf))].sort()))],
    readings: ['text', left.map(({ readings }) => JSON.stringify(readings))],
  });
  const texts = (column: string): string => `ARRAY(SELECT jsonb_array_elements_text(r.${column}::jsonb))`;
  await manager.query(
    `UPDATE variable v SET kind = r.kind, tables = ${texts('tables')}, readings = ${texts('readings')} ${from} WHERE v.id = r.id`,
    parameters,
  );
}
