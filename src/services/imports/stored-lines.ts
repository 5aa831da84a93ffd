import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { BLOCK, type VariableTable } from '../../domain/variables/index.js';
import { queryRows } from '../../entities/index.js';
import { fromBatch } from './statements.js';
import { numbersIn } from './stored-blocks.js';

/** Lines of a file that tell of 256 owners whose ids follow one another; 0 where none does. */
export interface Lines {
  readonly source: number;
  readonly owner: VariableTable;
  readonly reading: string;
  readonly block: number;
  readonly lines: Int32Array;
}

/** Which line of which file tells of which owner: with a cell's source, where the cell comes from. */
export class StoredLines {
  readonly #blocks = new Map<string, Lines>();

  note(source: number, owner: VariableTable, reading: string, id: number, line: number): void {
    const block = Math.floor(id / BLOCK);
    const key = `${source} ${owner} ${block} ${reading}`;
    let lines = this.#blocks.get(key);
    if (!lines) this.#blocks.set(key, (lines = { source, owner, reading, block, lines: new Int32Array(BLOCK) }));
    lines.lines[id % BLOCK] = line;
  }

  async write(manager: EntityManager): Promise<void> {
    const all = [...this.#blocks.values()];
    if (all.length === 0) return;
    const { from, parameters } = fromBatch({
      source_id: ['integer', all.map(({ source }) => source)],
      owner: ['text', all.map(({ owner }) => owner)],
      reading: ['text', all.map(({ reading }) => reading)],
      block: ['integer', all.map(({ block }) => block)],
      lines: ['text', all.map(({ lines }) => `{${lines.join(',')}}`)],
    });
    await manager.query(
      `INSERT INTO variable_line (source_id, owner, reading, block, lines)
       SELECT source_id, owner, reading, block, lines::integer[] ${from}
       ON CONFLICT (source_id, owner, reading, block) DO UPDATE SET lines = excluded.lines`,
      parameters,
    );
  }
}

const STORED = z.object({
  source: z.number(),
  owner: z.enum(['participant', 'visit', 'knee_exam']),
  reading: z.string(),
  block: z.number(),
  lines: z.string(),
});

/** Which lines of some sources tell of which owners. */
export async function readLines(manager: EntityManager, sources: readonly number[]): Promise<Lines[]> {
  const rows = await queryRows(
    manager,
    STORED,
    `SELECT source_id AS source, owner, reading, block, array_to_string(lines, ',') AS lines FROM variable_line WHERE source_id = ANY($1)`,
    [sources],
  );
  return rows.map((row) => ({ ...row, lines: numbersIn(row.lines) }));
}
