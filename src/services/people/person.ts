import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { queryRow, queryRows, readKeyedTables, readReferences, type Reference } from '../../entities/index.js';

/** A participant with every row that is theirs. */
export interface Person {
  participantId: number;
  oaiId: string;
  /** Keys of their rows, as text, by table: those of tables whose only key is `id`. */
  ids: ReadonlyMap<string, readonly string[]>;
  /** Which rows of which table are theirs, in an order in which they can be removed. */
  parts: readonly Part[];
}

/** Their rows of one table. */
export interface Part {
  table: string;
  /** SQL, with parameters from $1 on. */
  condition: string;
  values: readonly unknown[];
}

/** Keys of a person's rows of one table; none is an empty list. */
export function idsOf({ ids }: Person, table: string): string[] {
  return [...(ids.get(table) ?? [])];
}

/** Finds every row of a participant by following what refers to it, and to those rows, as far as it goes. */
export async function findPerson(
  manager: EntityManager,
  { id, oaiId }: { id: number; oaiId: string },
): Promise<Person> {
  const references = await readReferences(manager);
  const keyed = await readKeyedTables(manager);
  const ids = new Map<string, Set<string>>([['participant', new Set([String(id)])]]);
  for (let grown = true; grown;) {
    grown = false;
    for (const reference of references) {
      const owners = ids.get(reference.to);
      if (!owners || !keyed.has(reference.table)) continue;
      const known = ids.get(reference.table) ?? new Set();
      const before = known.size;
      for (const found of await referring(manager, reference, [...owners])) known.add(found);
      if (known.size > before) {
        ids.set(reference.table, known);
        grown = true;
      }
    }
  }
  const listed = new Map([...ids].map(([table, found]) => [table, [...found]]));
  const tables = new Set([...ids.keys(), ...references.filter(({ to }) => ids.has(to)).map(({ table }) => table)]);
  const parts = inOrder([...tables], references).flatMap((table) => {
    const own = listed.get(table);
    if (own) return [{ table, condition: `id = ANY($1::${keyed.get(table)}[])`, values: [own] }];
    return keyed.has(table) ? [] : [leaf(table, references, listed)];
  });
  return { participantId: id, oaiId, ids: listed, parts };
}

/** How many rows of each table are theirs; tables without any are left out. */
export async function countParts(manager: EntityManager, parts: readonly Part[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { table, condition, values } of parts) {
    const sql = `SELECT count(*)::integer AS rows FROM ${table} WHERE ${condition}`;
    const { rows } = await queryRow(manager, z.object({ rows: z.number() }), sql, [...values]);
    if (rows > 0) counts[table] = rows;
  }
  return counts;
}

/** Digests of the files that their rows name. */
export async function filesOf(manager: EntityManager, { parts }: Person): Promise<string[]> {
  const toAssets = (await readReferences(manager)).filter(({ to }) => to === 'asset');
  const digests = new Set<string>();
  for (const { table, condition, values } of parts) {
    for (const { column } of toAssets.filter((reference) => reference.table === table)) {
      const found = await queryRows(
        manager,
        z.object({ sha256: z.string() }),
        `SELECT sha256 FROM asset WHERE id IN (SELECT ${column} FROM ${table} WHERE ${condition})`,
        [...values],
      );
      for (const { sha256 } of found) digests.add(sha256);
    }
  }
  return [...digests];
}

export async function removeParts(manager: EntityManager, parts: readonly Part[]): Promise<void> {
  for (const { table, condition, values } of parts) {
    await manager.query(`DELETE FROM ${table} WHERE ${condition}`, [...values]);
  }
}

async function referring(manager: EntityManager, reference: Reference, owners: string[]): Promise<string[]> {
  const { table, column, type } = reference;
  const rows = await queryRows(
    manager,
    z.object({ id: z.string() }),
    `SELECT id::text FROM ${table} WHERE ${column} = ANY($1::${type}[])`,
    [owners],
  );
  return rows.map(({ id }) => id);
}

/** Rows of a table that nothing refers to, by whichever of its columns leads to the person. */
function leaf(table: string, references: readonly Reference[], ids: ReadonlyMap<string, string[]>): Part {
  const own = references.filter((reference) => reference.table === table && ids.has(reference.to));
  return {
    table,
    condition: own.map(({ column, type }, at) => `${column} = ANY($${at + 1}::${type}[])`).join(' OR '),
    values: own.map(({ to }) => ids.get(to)),
  };
}

/**
 * Tables so that each comes before those that it refers to. Where two refer to each other, one goes first whose rows the database does not
 * keep because of the other.
 */
function inOrder(tables: readonly string[], references: readonly Reference[]): string[] {
  const left = new Set(tables);
  const ordered: string[] = [];
  const isFree = (table: string, held: (reference: Reference) => boolean) =>
    !references.some((one) => one.to === table && one.table !== table && left.has(one.table) && held(one));
  while (left.size > 0) {
    const next =
      [...left].find((table) => isFree(table, () => true)) ??
      [...left].find((table) => isFree(table, ({ restricts }) => restricts));
    if (next === undefined) throw new Error(`The tables ${[...left].join(', ')} refer to one another in a circle.`);
    left.delete(next);
    ordered.push(next);
  }
  return ordered;
}
