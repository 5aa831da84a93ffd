import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { BLOCK } from '../../domain/variables/index.js';
import { queryRows } from '../../entities/index.js';
import { type Batch, fromBatch } from './statements.js';

/** Cells of one variable and reading for 256 owners whose ids follow one another. */
export interface Block {
  readonly variable: number;
  readonly reading: string;
  readonly block: number;
  /** Numbers of levels; 0 is a blank, and less than 0 the cell of a row that a newer file of its table has no more. */
  readonly codes: Int32Array;
  /** Of each cell, the source that it comes from, or that has its row no more. */
  readonly sources: Int32Array;
  /** Whether it has to be written. */
  changed: boolean;
}

/** Blocks of a batch: those that are stored, and new ones where there are none. */
export class Blocks {
  private constructor(private readonly blocks: Map<string, Block>) {}

  /** Reads the blocks that hold the cells of some owners. */
  static async read(
    manager: EntityManager,
    variables: readonly number[],
    readings: readonly string[],
    numbers: readonly number[],
  ): Promise<Blocks> {
    const rows = await queryRows(
      manager,
      STORED,
      `SELECT variable_id AS variable, reading, block, array_to_string(codes, ',') AS codes, array_to_string(sources, ',') AS sources
       FROM variable_block WHERE variable_id = ANY($1) AND reading = ANY($2) AND block = ANY($3)`,
      [variables, readings, numbers],
    );
    return new Blocks(new Map(rows.map((row) => [keyOf(row.variable, row.reading, row.block), blockOf(row)])));
  }

  of(variable: number, reading: string, block: number): Block {
    const key = keyOf(variable, reading, block);
    let found = this.blocks.get(key);
    if (!found) {
      found = blankBlock({ variable, reading, block });
      this.blocks.set(key, found);
    }
    return found;
  }

  /** Writes what an import has changed, and keeps what was there before it. */
  async write(manager: EntityManager, run: number): Promise<void> {
    const changed = [...this.blocks.values()].filter((block) => block.changed);
    for (let start = 0; start < changed.length; start += AT_ONCE) {
      const part = changed.slice(start, start + AT_ONCE);
      const { from, parameters } = fromBatch(keysOf(part));
      await manager.query(
        `INSERT INTO import_block (import_id, variable_id, reading, block, codes, sources)
         SELECT $${parameters.length + 1}::integer, r.*, b.codes, b.sources ${from}
         LEFT JOIN variable_block b ON b.variable_id = r.variable_id AND b.reading = r.reading AND b.block = r.block
         ON CONFLICT DO NOTHING`,
        [...parameters, run],
      );
    }
    await writeBlocks(manager, changed);
  }
}

/** Stores blocks as they are. */
export async function writeBlocks(manager: EntityManager, blocks: readonly Block[]): Promise<void> {
  for (let start = 0; start < blocks.length; start += AT_ONCE) {
    const part = blocks.slice(start, start + AT_ONCE);
    const { from, parameters } = fromBatch({
      ...keysOf(part),
      codes: ['text', part.map(({ codes }) => `{${codes.join(',')}}`)],
      sources: ['text', part.map((block) => `{${compactSources(block)}}`)],
    });
    await manager.query(
      `INSERT INTO variable_block (variable_id, reading, block, codes, sources)
       SELECT variable_id, reading, block, codes::integer[], sources::integer[] ${from}
       ON CONFLICT (variable_id, reading, block) DO UPDATE SET codes = excluded.codes, sources = excluded.sources`,
      parameters,
    );
  }
}

function keysOf(blocks: readonly Block[]): Batch {
  return {
    variable_id: ['integer', blocks.map(({ variable }) => variable)],
    reading: ['text', blocks.map(({ reading }) => reading)],
    block: ['integer', blocks.map(({ block }) => block)],
  };
}

/** A block of which nothing is stored yet. */
export function blankBlock(key: Pick<Block, 'variable' | 'reading' | 'block'>): Block {
  return { ...key, codes: new Int32Array(BLOCK), sources: new Int32Array(BLOCK), changed: false };
}

/** A block from the text forms of its arrays. */
export function blockOf({
  codes,
  sources,
  ...key
}: Pick<Block, 'variable' | 'reading' | 'block'> & { codes: string; sources: string }): Block {
  const known = numbersIn(sources);
  return {
    variable: key.variable,
    reading: key.reading,
    block: key.block,
    codes: numbersIn(codes),
    sources: known.length === 1 ? new Int32Array(BLOCK).fill(known[0]!) : known,
    changed: false,
  };
}

/** One number where all cells come from one source, as text. Blank cells come from none. */
export function compactSources({ codes, sources }: Block): string {
  let only = 0;
  for (const [at, source] of sources.entries()) {
    if (codes[at] === 0 || source === 0 || source === only) continue;
    if (only !== 0) return sources.join(',');
    only = source;
  }
  return String(only);
}

/** Blocks of one statement: about a megabyte. */
const AT_ONCE = 1_000;

const STORED = z.object({
  variable: z.number(),
  reading: z.string(),
  block: z.number(),
  codes: z.string(),
  sources: z.string(),
});

/** Whole numbers with commas between them. They are read digit by digit, because `split` takes eight times as long. */
export function numbersIn(text: string): Int32Array {
  const numbers = new Int32Array(BLOCK);
  let [count, number, sign] = [0, 0, 1];
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === COMMA) {
      numbers[count++] = sign * number;
      [number, sign] = [0, 1];
    } else if (character === MINUS) sign = -1;
    else number = number * 10 + (character - ZERO);
  }
  numbers[count++] = sign * number;
  return numbers.subarray(0, count);
}

const [COMMA, MINUS, ZERO] = [','.charCodeAt(0), '-'.charCodeAt(0), '0'.charCodeAt(0)];

function keyOf(variable: number, reading: string, block: number): string {
  return `${variable} ${block} ${reading}`;
}
