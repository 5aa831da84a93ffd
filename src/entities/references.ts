import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { queryRows } from './query.js';

/** A column that says which row of another table a row belongs to. */
export interface Reference {
  table: string;
  column: string;
  /** SQL type of the column. */
  type: string;
  to: string;
  /** Whether the database refuses to remove the row that is referred to. */
  restricts: boolean;
}

/** Columns that refer to a table without a foreign key, which long lists of members do without: their name says it. */
const BY_NAME: Readonly<Record<string, string>> = {
  participant_id: 'participant',
  visit_id: 'visit',
  exam_id: 'knee_exam',
  radiograph_id: 'radiograph',
  series_id: 'mri_series',
  source_series_id: 'mri_series',
  generation_id: 'generation',
};

const REFERENCE = z.object({
  table: z.string(),
  column: z.string(),
  type: z.string(),
  to: z.string(),
  restricts: z.boolean(),
});

/**
 * Every reference from one table to another as the database itself knows them, so that a table which is added later is not forgotten.
 * Those that the database blanks by itself (ON DELETE SET NULL) are left out.
 */
export async function readReferences(manager: EntityManager): Promise<Reference[]> {
  const keyed = await queryRows(
    manager,
    REFERENCE,
    `SELECT c.conrelid::regclass::text AS "table", quote_ident(a.attname) AS "column",
       format_type(a.atttypid, a.atttypmod) AS type, c.confrelid::regclass::text AS "to",
       c.confdeltype IN ('a', 'r') AS restricts
     FROM pg_constraint c
     JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
     WHERE c.contype = 'f' AND cardinality(c.conkey) = 1 AND c.confdeltype NOT IN ('n', 'd')
       AND c.connamespace = current_schema()::regnamespace
     ORDER BY 1, 2`,
  );
  const named = await queryRows(
    manager,
    REFERENCE.omit({ to: true, restricts: true }),
    `SELECT t.oid::regclass::text AS "table", quote_ident(a.attname) AS "column", format_type(a.atttypid, a.atttypmod) AS type
     FROM pg_attribute a JOIN pg_class t ON t.oid = a.attrelid
     WHERE t.relkind IN ('r', 'p') AND t.relnamespace = current_schema()::regnamespace AND a.attname = ANY($1)
       AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.contype = 'f' AND c.conrelid = t.oid AND c.conkey = ARRAY[a.attnum])
     ORDER BY 1, 2`,
    [Object.keys(BY_NAME)],
  );
  return [...keyed, ...named.map((one) => ({ ...one, to: BY_NAME[one.column]!, restricts: false }))];
}

/** Tables whose rows others refer to: their only key is a column `id`. */
export async function readKeyedTables(manager: EntityManager): Promise<Map<string, string>> {
  const rows = await queryRows(
    manager,
    z.object({ table: z.string(), type: z.string() }),
    `SELECT c.conrelid::regclass::text AS "table", format_type(a.atttypid, a.atttypmod) AS type FROM pg_constraint c
     JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
     WHERE c.contype = 'p' AND cardinality(c.conkey) = 1 AND a.attname = 'id'
       AND c.connamespace = current_schema()::regnamespace`,
  );
  return new Map(rows.map(({ table, type }) => [table, type]));
}
