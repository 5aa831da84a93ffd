import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { literally, nameReplacer } from '../../domain/names-in-text.js';
import { queryRecords, queryRows, sqlState } from '../../entities/index.js';
import { mapTexts } from '../access/index.js';
import { AUDITED_KEYS, idsOf, nodesOf, type Person } from '../people/index.js';

/** What stands in place of whatever named the participant. */
const ERASED = 'erased';

/** Those of the names that nobody else's image has: a film may be known of two people. To be asked once the rows are removed. */
export async function unshared(manager: EntityManager, names: readonly string[]): Promise<string[]> {
  const rows = await queryRows(
    manager,
    z.object({ name: z.string().nullable() }),
    `SELECT sha256 AS name FROM asset WHERE sha256 = ANY($1)
     UNION SELECT unnest(ARRAY[source_uid, sop_instance_uid, content_sha256]) FROM radiograph
       WHERE source_uid = ANY($1) OR sop_instance_uid = ANY($1) OR content_sha256 = ANY($1)
     UNION SELECT unnest(ARRAY[source_uid, content_sha256]) FROM mri_series
       WHERE source_uid = ANY($1) OR content_sha256 = ANY($1)
     UNION SELECT unnest(ARRAY[study_uid, series_uid]) FROM original_object
       WHERE study_uid = ANY($1) OR series_uid = ANY($1)
     UNION SELECT unnest(ARRAY[study_uid, series_uid, made_from ->> 'studyUid', made_from ->> 'seriesUid'] || former_uids) FROM dicom_series
       WHERE study_uid = ANY($1) OR series_uid = ANY($1) OR made_from ->> 'seriesUid' = ANY($1) OR former_uids && $1`,
    [names],
  );
  const shared = new Set(rows.map(({ name }) => name));
  return names.filter((name) => !shared.has(name));
}

/** Characters of a name that rows are looked for by; what is found is compared as a whole. */
const END = 16;

/** What PostgreSQL says of a row that would be the same as another one where each must be its own. */
const UNIQUE_VIOLATION = '23505';

interface TextColumns {
  table: string;
  /** Whether no two rows may have the same text in one of the columns, alone or with others. */
  unique: boolean;
  columns: readonly { name: string; type: string }[];
}

/**
 * Takes names out of every text and JSON of every table, whoever's row it is: filters that were stored, messages of logs, what somebody
 * typed.
 *
 * @returns how many rows were changed, by table
 */
export async function takeOutNames(manager: EntityManager, names: readonly string[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const one of await textColumns(manager)) {
    const changed = await rewriteTable(manager, one, names);
    if (changed > 0) counts[one.table] = changed;
  }
  return counts;
}

/** Places in the audit's chain whose rows erasures have changed. */
export async function unsaltedPlaces(manager: EntityManager): Promise<number[]> {
  const rows = await queryRows(
    manager,
    z.object({ seq: z.number() }),
    'SELECT seq FROM audit_entry WHERE salt IS NULL AND seq IS NOT NULL ORDER BY seq',
  );
  return rows.map(({ seq }) => seq);
}

/** Takes a participant out of the audit, where rows are known by their keys, too. @returns how many rows were changed */
export async function takeOutOfAudit(
  manager: EntityManager,
  person: Person,
  names: readonly string[],
): Promise<Record<string, number>> {
  const counts = await rewriteTable(
    manager,
    {
      table: 'audit_entry',
      unique: false,
      columns: [
        { name: 'target', type: 'text' },
        { name: 'detail', type: 'jsonb' },
      ],
    },
    [...names, ...nodesOf(person)],
  );
  const series = await manager.query<[unknown[], number]>(
    `UPDATE audit_entry SET target = $2, salt = NULL WHERE action = 'series.download' AND target = ANY($1)`,
    [idsOf(person, 'mri_series'), ERASED],
  );
  let byKey = 0;
  for (const [member, table] of Object.entries(AUDITED_KEYS)) {
    const [, changed] = await manager.query<[unknown[], number]>(
      `UPDATE audit_entry SET detail = jsonb_set(detail, ARRAY[$1], 'null'), salt = NULL WHERE detail ->> $1 = ANY($2)`,
      [member, idsOf(person, table)],
    );
    byKey += changed;
  }
  const all = counts + series[1] + byKey;
  return all > 0 ? { audit_entry: all } : {};
}

async function rewriteTable(
  manager: EntityManager,
  { table, columns, unique }: TextColumns,
  names: readonly string[],
): Promise<number> {
  // Their ends alone: a digest is as good by a part of it, and the database compiles the pattern in no time.
  const ends = new Set(names.map((name) => literally(name.slice(-END))));
  const rows = await queryRecords(
    manager,
    `SELECT ctid::text AS "at", ${columns.map(({ name }, at) => `${name}::text AS "c${at}"`).join(', ')} FROM ${table}
     WHERE ${columns.map(({ name }) => `${name}::text ~ $1`).join(' OR ')} FOR UPDATE`,
    [[...ends].join('|')],
  );
  const replace = nameReplacer(names);
  // What a sealed row of the audit said can be neither checked nor guessed any more.
  const also = table === 'audit_entry' ? ', salt = NULL' : '';
  const rewrite = async (inner: EntityManager, row: Record<string, unknown>, word: string): Promise<boolean> => {
    const change = (text: string) => replace(text, () => word);
    const before = columns.map((_, at) => row[`c${at}`] as string | null);
    const after = before.map((text, at) => (text === null ? null : rewritten(text, columns[at]!.type, change)));
    if (after.every((text, at) => text === before[at])) return false;
    const set = columns.map(({ name, type }, at) => `${name} = $${at + 2}::${type}`).join(', ');
    await inner.query(`UPDATE ${table} SET ${set}${also} WHERE ctid = $1::tid`, [row['at'], ...after]);
    return true;
  };
  let changed = 0;
  for (const row of rows) {
    const isChanged = unique
      ? await unlikeOthers(manager, (inner, word) => rewrite(inner, row, word))
      : await rewrite(manager, row, ERASED);
    if (isChanged) changed++;
  }
  return changed;
}

/** Two tags of one exam that each named the participant must not both be called the same: the second becomes "erased-2". */
async function unlikeOthers<T>(
  manager: EntityManager,
  write: (inner: EntityManager, word: string) => Promise<T>,
): Promise<T> {
  for (let nth = 1; ; nth++) {
    try {
      return await manager.transaction((inner) => write(inner, nth === 1 ? ERASED : `${ERASED}-${nth}`));
    } catch (error) {
      if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
    }
  }
}

/** A value as text, changed; text that stays the same when nothing in it does. */
function rewritten(text: string, type: string, change: (text: string) => string): string {
  if (type !== 'json' && type !== 'jsonb') return change(text);
  const value: unknown = JSON.parse(text);
  const changed = JSON.stringify(mapTexts(value, change));
  return changed === JSON.stringify(value) ? text : changed;
}

/** Every column that holds text, of every table. */
async function textColumns(manager: EntityManager): Promise<TextColumns[]> {
  const rows = await queryRows(
    manager,
    z.object({ table: z.string(), name: z.string(), type: z.string(), unique: z.boolean() }),
    `SELECT t.oid::regclass::text AS "table", quote_ident(a.attname) AS name, format_type(a.atttypid, a.atttypmod) AS type,
       EXISTS (SELECT FROM pg_index i WHERE i.indrelid = t.oid AND i.indisunique AND a.attnum = ANY(i.indkey)) AS "unique"
     FROM pg_attribute a JOIN pg_class t ON t.oid = a.attrelid
     WHERE t.relkind = 'r' AND t.relnamespace = current_schema()::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
       AND a.attgenerated = '' AND a.atttypid IN ('text'::regtype, 'varchar'::regtype, 'json'::regtype, 'jsonb'::regtype,
         'text[]'::regtype, 'varchar[]'::regtype)
     ORDER BY 1, a.attnum`,
  );
  return [...Map.groupBy(rows, ({ table }) => table)].map(([table, columns]) => ({
    ...{ table, columns },
    unique: columns.some(({ unique }) => unique),
  }));
}
