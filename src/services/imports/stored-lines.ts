import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { BLOCK, type VariableTable } from '../../domain/variables/index.js';
import { queryRow } from '../../entities/index.js';
import { fromBatch } from './statements.js';

interface Lines {
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

/** How many owners the other sources of a table tell of, and these do not. */
export async function countAbsent(
  manager: EntityManager,
  own: readonly number[],
  others: readonly number[],
): Promise<number> {
  if (others.length === 0) return 0;
  const places = `SELECT owner, reading, block, place FROM variable_line CROSS JOIN LATERAL unnest(lines) WITH ORDINALITY l(line, place)
    WHERE line > 0 AND source_id = ANY`;
  const { absent } = await queryRow(
    manager,
    z.object({ absent: z.number() }),
    `SELECT count(*)::integer AS absent FROM (${places}($1) EXCEPT ${places}($2)) absent`,
    [others, own],
  );
  return absent;
}
