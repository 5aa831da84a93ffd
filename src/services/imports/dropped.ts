import type { EntityManager } from 'typeorm';
import type { TableFile, TableKind } from '../../oai/index.js';
import { keyedTable, type KeyedRow, rowsOfSources, tellsRows } from './keys.js';
import { compareVersions } from './precedence.js';
import { gradeAnew } from './preferred-readings.js';
import { restOnRows } from './runs.js';
import type { Sources } from './sources.js';
import { fromBatch } from './statements.js';
import { compareStored } from './stored-dropped.js';

/** The rows of a file that was read, by their keys. */
export interface FileRows {
  /** Line of each. */
  readonly lines: ReadonlyMap<string, number>;
  /** Version of each line that has one. */
  readonly versions: ReadonlyMap<number, string | null>;
  /** Lines of rows that the database did not have. */
  readonly fresh: ReadonlySet<number>;
}

/** What other files of the table have and this one has not, and the reverse. */
export interface Absence {
  /** Rows of other files that are not in this one and stand all the same: those that are dropped are not among them. */
  absent: number;
  /** Rows that are marked: the newer of the files that tell of them has them no more. */
  dropped: number;
  /** Rows of which that mark is taken, because this file has them again. */
  returned: number;
}

/**
 * Compares the rows of a file with those of other files of the same table. A row that a lower version has and a higher one lacks is marked, in
 * whichever order they are imported; a file of at least that version that has it takes the mark away. What is compared has the same reading
 * project, because each has versions of its own. A file that lacks more rows than it has is a part of a table: it marks nothing.
 */
export async function compareRows(
  manager: EntityManager,
  { kind, visit, file }: TableFile,
  sources: Sources,
  { lines, versions, fresh }: FileRows,
): Promise<Absence> {
  const ofStore = await compareStored(manager, { kind, file }, sources);
  if (kind === 'assessments') return { ...ofStore, returned: 0 };
  const stored = await rowsOfSources(manager, kind, { visit, table: sources.table, sources: sources.others() });
  const group = (key: string): string => (kind === 'readings' ? key.slice(key.lastIndexOf(' ')) : '');
  const highest = (rows: Iterable<readonly [key: string, source: number]>): Map<string, number> => {
    const found = new Map<string, number>();
    for (const [key, source] of rows) {
      const before = found.get(group(key));
      if (before === undefined || compare(source, before) > 0) found.set(group(key), source);
    }
    return found;
  };
  const compare = (a: number, b: number): number =>
    compareVersions(sources.standing(a).version, sources.standing(b).version);
  const sourceOf = (row: KeyedRow): number => row.sources.reduce((high, one) => (compare(one, high) > 0 ? one : high));
  const told = stored.filter(({ sources: from }) => from.length > 0);
  const own = highest([...lines].map(([key, line]) => [key, sources.own(versions.get(line) ?? null)]));
  const others = highest(told.map((row) => [row.key, sourceOf(row)]));
  const absent = told.filter(({ key }) => !lines.has(key));

  const marks: { id: number; source: number }[] = [];
  if (absent.length <= lines.size) {
    for (const row of absent) {
      const [here, there] = [own.get(group(row.key)), sourceOf(row)];
      if (row.dropped !== null || here === undefined || compare(here, there) <= 0) continue;
      sources.met(there);
      marks.push({ id: row.id, source: here });
    }
  }
  // Other tables tell of most people and visits too, so that a row which the others lack need not be new in the database.
  const [newest, listed] = [others.get(''), new Set(told.map(({ key }) => key))];
  const tells = newest !== undefined && (await tellsRows(manager, kind, newest));
  const isNew = ([key, line]: [string, number]): boolean => !listed.has(key) && (tells || fresh.has(line));
  const newKeys = [...lines].filter(isNew).map(([key]) => key);
  if (newKeys.length <= told.length) {
    const ids = await idsOfKeys(manager, kind, { visit, table: sources.table, sources: sources.owned() }, newKeys);
    for (const [key, id] of ids) {
      const [here, there] = [own.get(group(key)), others.get(group(key))];
      if (here === undefined || there === undefined || compare(there, here) <= 0) continue;
      sources.met(there);
      marks.push({ id, source: there });
    }
  }
  const returned = stored.filter((row) => {
    const here = own.get(group(row.key));
    const returns = row.dropped !== null && lines.has(row.key) && here !== undefined && compare(here, row.dropped) >= 0;
    if (returns) sources.met(row.dropped!);
    return returns;
  });
  // Images are put back as a whole when an import is undone, so marking one rests on whoever brought it.
  if (kind === 'films' || kind === 'series') {
    await restOnRows(
      manager,
      keyedTable(kind),
      [...marks, ...returned].map(({ id }) => id),
    );
  }
  await mark(manager, kind, sources.table, marks);
  await unmark(
    manager,
    kind,
    sources.table,
    returned.map(({ id }) => id),
  );
  const marked = new Set(marks.map(({ id }) => id));
  const standing = absent.filter(({ id, dropped }) => dropped === null && !marked.has(id));
  // A row of ours has cells in the store too, and one of which only the store keeps something, such as a hand's film, is no row of ours.
  return {
    absent: Math.max(standing.length, ofStore.absent),
    dropped: Math.max(marks.length, ofStore.dropped),
    returned: returned.length,
  };
}

type Kind = Exclude<TableKind, 'assessments'>;

async function idsOfKeys(
  manager: EntityManager,
  kind: Kind,
  of: Parameters<typeof rowsOfSources>[2],
  keys: readonly string[],
): Promise<[key: string, id: number][]> {
  if (keys.length === 0) return [];
  const wanted = new Set(keys);
  const rows = await rowsOfSources(manager, kind, of);
  return rows.filter(({ key }) => wanted.has(key)).map(({ key, id }) => [key, id]);
}

async function mark(
  manager: EntityManager,
  kind: Kind,
  name: string,
  marks: readonly { id: number; source: number }[],
): Promise<void> {
  if (marks.length === 0) return;
  const { from, parameters } = fromBatch({
    id: ['integer', marks.map(({ id }) => id)],
    source: ['integer', marks.map(({ source }) => source)],
  });
  await manager.query(
    `UPDATE ${keyedTable(kind)} t SET dropped = t.dropped || jsonb_build_object($3::text, r.source) ${from} WHERE t.id = r.id`,
    [...parameters, name],
  );
  await updateGrades(
    manager,
    kind,
    marks.map(({ id }) => id),
  );
}

async function unmark(manager: EntityManager, kind: Kind, name: string, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  await manager.query(`UPDATE ${keyedTable(kind)} SET dropped = dropped - $1::text WHERE id = ANY($2)`, [name, ids]);
  await updateGrades(manager, kind, ids);
}

/** A reading that a newer release has no more grades no exam. */
async function updateGrades(manager: EntityManager, kind: Kind, ids: readonly number[]): Promise<void> {
  if (kind !== 'readings') return;
  const rows: { exam: number }[] = await manager.query('SELECT exam_id AS exam FROM reading WHERE id = ANY($1)', [ids]);
  await gradeAnew(
    manager,
    rows.map(({ exam }) => exam),
  );
}
