import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { BLOCK, type VariableTable } from '../../domain/variables/index.js';
import { queryRows } from '../../entities/index.js';
import { tableOf, type TableFile, type TableKind } from '../../oai/index.js';
import { compareVersions } from './precedence.js';
import type { Sources } from './sources.js';
import { Blocks } from './stored-blocks.js';
import { type Lines, readLines } from './stored-lines.js';
import { Coverage } from './stored-variables.js';

/** Kinds of tables whose rows are nobody else's. A participant or a visit is marked as a row, because a dozen tables speak of it, and keeps its cells. */
const WITH_OWN_ROWS: ReadonlySet<TableKind> = new Set(['readings', 'films', 'series', 'assessments']);

/**
 * Compares the rows of a file, of which the store keeps cells, with those of other files of the same table. Cells of a row that a lower version
 * has and a higher one lacks are marked by the sign of their numbers, as cells of the file that lacks them, in whichever order the two are
 * imported; the store itself takes the mark away where a version that is not lower has them again. A file that lacks more rows than it has is a
 * part of a table: it marks nothing.
 *
 * @returns rows of other files that are not in this one and stand all the same, and rows that are marked now
 */
export async function compareStored(
  manager: EntityManager,
  { kind, file }: Pick<TableFile, 'kind' | 'file'>,
  sources: Sources,
): Promise<{ absent: number; dropped: number }> {
  const compare = (a: number, b: number): number =>
    compareVersions(sources.standing(a).version, sources.standing(b).version);
  const [owned, others] = [sources.owned(), sources.others()];
  if (others.length === 0 || !WITH_OWN_ROWS.has(kind)) return { absent: 0, dropped: 0 };
  const all = placesOf(await readLines(manager, [...owned, ...others]), new Set(owned), compare);
  // Each reading project has versions of its own.
  const groupOf = ({ reading }: Places): string =>
    kind === 'readings' || kind === 'assessments' ? reading.split(' ')[0]! : '';
  const highest = { here: new Map<string, number>(), there: new Map<string, number>() };
  const counts = { here: 0, there: 0, absent: 0, fresh: 0, standing: 0 };
  for (const places of all) {
    const group = groupOf(places);
    for (let place = 0; place < BLOCK; place++) {
      const [here, there] = [places.here[place]!, places.there[place]!];
      if (here !== 0) counts.here++;
      if (there !== 0) counts.there++;
      if (here === 0 && there !== 0) counts.absent++;
      if (here !== 0 && there === 0) counts.fresh++;
      raise(highest.here, group, here);
      raise(highest.there, group, there);
    }
  }
  const marks = all.flatMap((places): Marks[] => {
    const [here, there] = [highest.here.get(groupOf(places)), highest.there.get(groupOf(places))];
    const by = Int32Array.from(places.here, (own, place) => {
      const other = places.there[place]!;
      if (own === 0 && other !== 0) {
        if (here !== undefined && counts.absent <= counts.here && compare(here, other) > 0) return here;
        counts.standing++;
      }
      const isFresh = own !== 0 && other === 0 && there !== undefined && here !== undefined;
      return isFresh && counts.fresh <= counts.there && compare(there, here) > 0 ? there : 0;
    });
    return by.some((source) => source !== 0) ? [{ ...places, by }] : [];
  });
  return { absent: counts.standing, dropped: await markCells(manager, tableOf(file), sources, marks) };

  function raise(found: Map<string, number>, group: string, source: number): void {
    const before = found.get(group);
    if (source !== 0 && (before === undefined || compare(source, before) > 0)) found.set(group, source);
  }
}

/** Owners whose ids follow one another: of each, the highest version of this file and of others that has a row of it; 0 where none has. */
interface Places {
  readonly owner: VariableTable;
  readonly reading: string;
  readonly block: number;
  readonly here: Int32Array;
  readonly there: Int32Array;
}

/** The same with the file that has the row of each no more. */
type Marks = Pick<Places, 'owner' | 'reading' | 'block'> & { readonly by: Int32Array };

function placesOf(
  all: readonly Lines[],
  owned: ReadonlySet<number>,
  compare: (a: number, b: number) => number,
): Places[] {
  const found = new Map<string, Places>();
  for (const { source, owner, reading, block, lines } of all) {
    const key = `${owner} ${block} ${reading}`;
    let places = found.get(key);
    if (!places) {
      places = { owner, reading, block, here: new Int32Array(BLOCK), there: new Int32Array(BLOCK) };
      found.set(key, places);
    }
    const side = owned.has(source) ? places.here : places.there;
    for (const [place, line] of lines.entries()) {
      if (line !== 0 && (side[place] === 0 || compare(source, side[place]!) > 0)) side[place] = source;
    }
  }
  return [...found.values()];
}

/** Variables looked at together: each has a block for every 256 owners. */
const AT_ONCE = 20;

const VARIABLE = z.object({
  id: z.number(),
  name: z.string(),
  owner: z.enum(['participant', 'visit', 'knee_exam']),
  missing: z.array(z.number()),
});

/** @returns how many rows have cells that are marked now */
async function markCells(
  manager: EntityManager,
  table: string,
  sources: Sources,
  marks: readonly Marks[],
): Promise<number> {
  if (marks.length === 0) return 0;
  const variables = await queryRows(
    manager,
    VARIABLE,
    `SELECT id, name, owner, ARRAY(SELECT code FROM variable_level l WHERE l.variable_id = v.id AND l.missing IS NOT NULL) AS missing
     FROM variable v WHERE v.tables @> ARRAY[$1] AND v.owner = ANY($2) ORDER BY id`,
    [table, [...new Set(marks.map(({ owner }) => owner))]],
  );
  const visits = await visitsOf(manager, marks);
  const coverage = new Coverage();
  const rows = new Set<string>();
  for (let start = 0; start < variables.length; start += AT_ONCE) {
    const part = variables.slice(start, start + AT_ONCE);
    const blocks = await Blocks.read(
      manager,
      part.map(({ id }) => id),
      [...new Set(marks.map(({ reading }) => reading))],
      [...new Set(marks.map(({ block }) => block))],
    );
    for (const { id, name, owner, missing } of part) {
      const codesOfNone = new Set(missing);
      let dropped = 0;
      for (const { reading, block: number, by } of marks.filter((one) => one.owner === owner)) {
        const block = blocks.of(id, reading, number);
        for (let place = 0; place < BLOCK; place++) {
          const [code, from, lacking] = [block.codes[place]!, block.sources[place]!, by[place]!];
          if (code <= 0 || lacking === 0 || !isOlder(from, lacking)) continue;
          sources.met(from);
          // The higher version may have come before.
          sources.met(lacking);
          block.codes[place] = -code;
          block.sources[place] = lacking;
          block.changed = true;
          dropped++;
          rows.add(`${reading} ${number} ${place} ${owner}`);
          const [filled, none] = codesOfNone.has(code) ? [0, -1] : [-1, 0];
          const visit = visits.get(`${owner} ${number * BLOCK + place}`) ?? '';
          coverage.note(id, visit, { filled, missing: none });
        }
      }
      if (dropped > 0) sources.changes.note('variable', name, 'dropped', dropped);
    }
    await blocks.write(manager, sources.run);
  }
  await coverage.write(manager);
  return rows.size;

  /** Whether a cell is of a lower version of the table than a file that has its row no more. */
  function isOlder(from: number, lacking: number): boolean {
    const [stored, newer] = [sources.standing(from), sources.standing(lacking)];
    return stored.table === newer.table && compareVersions(stored.version, newer.version) < 0;
  }
}

/** The visit of each owner that is marked. */
async function visitsOf(manager: EntityManager, marks: readonly Marks[]): Promise<Map<string, string>> {
  const read = async (owner: 'visit' | 'knee_exam', column: string) => {
    const numbers = marks.filter((one) => one.owner === owner).map(({ block }) => block);
    const rows = await queryRows(
      manager,
      z.object({ id: z.number(), visit: z.string() }),
      `SELECT id, ${column} AS visit FROM ${owner} WHERE id / ${BLOCK} = ANY($1)`,
      [numbers],
    );
    return rows.map(({ id, visit }) => [`${owner} ${id}`, visit] as const);
  };
  return new Map([...(await read('visit', 'code')), ...(await read('knee_exam', 'visit_code'))]);
}
