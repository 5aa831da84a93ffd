import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { BLOCK, type VariableTable } from '../../../domain/variables/index.js';
import { queryRows } from '../../../entities/index.js';
import { type Block, blankBlock, blockOf, compactSources, writeBlocks } from '../stored-blocks.js';
import { type Levels, readLevels } from '../stored-levels.js';
import { Coverage } from '../stored-variables.js';
import { fromBatch } from '../statements.js';
import type { Undoing } from './rows.js';

/** Blocks looked at together. */
const AT_ONCE = 2_000;

const KEY = { variable: z.number(), reading: z.string(), block: z.number() };
const TEXTS = { codes: z.string().nullable(), sources: z.string().nullable() };
const CHANGED = z.object({ ...KEY, ...TEXTS, name: z.string(), owner: z.enum(['participant', 'visit', 'knee_exam']) });
const NOW = z.object({ ...KEY, codes: z.string(), sources: z.string() });
const LATER = z.object({ ...NOW.shape, run: z.number() });

/**
 * Takes the values of an import out of the variables' blocks, and out of what later imports remember of these.
 *
 * @returns the variables that have other cells now
 */
export async function restoreBlocks(undoing: Undoing): Promise<number[]> {
  const { manager, run } = undoing;
  const touched = new Set<number>();
  const coverage = new Coverage();
  const visits = await readVisits(manager);
  const levels = new Map<number, Levels>();
  for (let done = 0; ; done += AT_ONCE) {
    const changed = await queryRows(
      manager,
      CHANGED,
      `SELECT b.variable_id AS variable, b.reading, b.block, array_to_string(b.codes, ',') AS codes,
         array_to_string(b.sources, ',') AS sources, v.name, v.owner
       FROM import_block b JOIN variable v ON v.id = b.variable_id
       WHERE b.import_id = $1 ORDER BY b.variable_id, b.reading, b.block LIMIT ${AT_ONCE} OFFSET ${done}`,
      [run],
    );
    if (changed.length === 0) break;
    const strangers = changed.map(({ variable }) => variable).filter((variable) => !levels.has(variable));
    for (const [variable, known] of await readLevels(manager, [...new Set(strangers)])) levels.set(variable, known);
    const now = await readNow(manager, changed);
    const later = await readLater(manager, run, changed);
    for (const one of changed) {
      touched.add(one.variable);
      const before = beforeOf(one);
      const block = now.get(keyOf(one));
      if (block) takeBack(undoing, { ...one, levels: levels.get(one.variable)! }, { block, before, visits, coverage });
      for (const { block: remembered } of later.get(keyOf(one)) ?? []) restoreCells(undoing, remembered, before);
    }
    await store(manager, [...now.values()]);
    await rememberBlocks(manager, [...later.values()].flat());
  }
  await coverage.write(manager);
  return [...touched];
}

interface Later {
  run: number;
  block: Block;
}

/** Puts back the cells of a block, and counts what that changes. */
function takeBack(
  undoing: Undoing,
  { variable, name, owner, levels }: { variable: number; name: string; owner: VariableTable; levels: Levels },
  parts: { block: Block; before: Block; visits: Visits; coverage: Coverage },
): void {
  const { block, before, visits, coverage } = parts;
  const presence = (code: number) =>
    code <= 0
      ? { filled: 0, missing: 0 }
      : levels.isMissing(code)
        ? { filled: 0, missing: 1 }
        : { filled: 1, missing: 0 };
  restoreCells(undoing, block, before, (place, is, was) => {
    const [has, had] = [presence(is), presence(was)];
    const visit = owner === 'participant' ? '' : visits[owner].get(block.block * BLOCK + place);
    if (visit !== undefined)
      coverage.note(variable, visit, { filled: had.filled - has.filled, missing: had.missing - has.missing });
    if (is !== was)
      undoing.losses.note('variable', name, was <= 0 ? 'removed' : had.missing === 1 ? 'emptied' : 'restored');
  });
}

/**
 * Each cell that comes from the import is what it was before. So is one that it brought and that an earlier file of a higher version of the table
 * does not have, which marked it.
 */
function restoreCells(
  { sources, earlier }: Undoing,
  block: Block,
  before: Block,
  onCell: (place: number, is: number, was: number) => void = () => undefined,
): void {
  for (let place = 0; place < BLOCK; place++) {
    const is = block.codes[place]!;
    const was = before.codes[place]!;
    const source = block.sources[place]!;
    if (is === 0 || !(sources.has(source) || (is < 0 && is !== was && earlier.has(source)))) continue;
    onCell(place, is, was);
    block.codes[place] = was;
    block.sources[place] = was === 0 ? 0 : before.sources[place]!;
    block.changed = true;
  }
}

type Visits = Readonly<Record<'visit' | 'knee_exam', ReadonlyMap<number, string>>>;

/** The visit of each owner of cells. */
async function readVisits(manager: EntityManager): Promise<Visits> {
  const read = async (sql: string) => {
    const rows = await queryRows(manager, z.object({ id: z.number(), visit: z.string() }), sql);
    return new Map(rows.map(({ id, visit }) => [id, visit]));
  };
  return {
    visit: await read('SELECT id, code AS visit FROM visit'),
    knee_exam: await read('SELECT id, visit_code AS visit FROM knee_exam'),
  };
}

type Key = Pick<Block, 'variable' | 'reading' | 'block'>;

/** Rows of a table with blocks that have these keys. */
function withKeys(keys: readonly Key[]): { from: string; parameters: string[]; on: string } {
  const batch = fromBatch({
    variable_id: ['integer', keys.map(({ variable }) => variable)],
    reading: ['text', keys.map(({ reading }) => reading)],
    block: ['integer', keys.map(({ block }) => block)],
  });
  return { ...batch, on: 'b.variable_id = r.variable_id AND b.reading = r.reading AND b.block = r.block' };
}

const COLUMNS = `b.variable_id AS variable, b.reading, b.block, array_to_string(b.codes, ',') AS codes, array_to_string(b.sources, ',') AS sources`;

async function readNow(manager: EntityManager, keys: readonly Key[]): Promise<Map<string, Block>> {
  const { from, parameters, on } = withKeys(keys);
  const rows = await queryRows(manager, NOW, `SELECT ${COLUMNS} ${from} JOIN variable_block b ON ${on}`, parameters);
  return new Map(rows.map((row) => [keyOf(row), blockOf(row)]));
}

async function readLater(manager: EntityManager, run: number, keys: readonly Key[]): Promise<Map<string, Later[]>> {
  const { from, parameters, on } = withKeys(keys);
  const rows = await queryRows(
    manager,
    LATER,
    `SELECT b.import_id AS run, ${COLUMNS} ${from} JOIN import_block b ON ${on} AND b.codes IS NOT NULL
     WHERE b.import_id > $${parameters.length + 1}`,
    [...parameters, run],
  );
  return Map.groupBy(
    rows.map((row) => ({ run: row.run, block: blockOf(row) })),
    ({ block }) => keyOf(block),
  );
}

async function store(manager: EntityManager, blocks: readonly Block[]): Promise<void> {
  const changed = blocks.filter((block) => block.changed);
  const isBlank = ({ codes }: Block) => codes.every((code) => code === 0);
  const blank = changed.filter(isBlank);
  await writeBlocks(
    manager,
    changed.filter((block) => !isBlank(block)),
  );
  if (blank.length === 0) return;
  const { from, parameters, on } = withKeys(blank);
  await manager.query(`DELETE FROM variable_block b USING (SELECT * ${from}) r WHERE ${on}`, parameters);
}

async function rememberBlocks(manager: EntityManager, all: readonly Later[]): Promise<void> {
  const changed = all.filter(({ block }) => block.changed);
  if (changed.length === 0) return;
  const { from, parameters } = fromBatch({
    run: ['integer', changed.map(({ run }) => run)],
    variable_id: ['integer', changed.map(({ block }) => block.variable)],
    reading: ['text', changed.map(({ block }) => block.reading)],
    block: ['integer', changed.map(({ block }) => block.block)],
    codes: ['text', changed.map(({ block }) => `{${block.codes.join(',')}}`)],
    sources: ['text', changed.map(({ block }) => `{${compactSources(block)}}`)],
  });
  await manager.query(
    `UPDATE import_block b SET codes = r.codes::integer[], sources = r.sources::integer[] ${from}
     WHERE b.import_id = r.run AND b.variable_id = r.variable_id AND b.reading = r.reading AND b.block = r.block`,
    parameters,
  );
}

function beforeOf({ codes, sources, ...key }: z.infer<typeof CHANGED>): Block {
  return codes === null || sources === null ? blankBlock(key) : blockOf({ ...key, codes, sources });
}

function keyOf({ variable, reading, block }: Key): string {
  return `${variable} ${block} ${reading}`;
}
