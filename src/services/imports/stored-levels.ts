import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { MISSING_CODES } from '../../domain/missing.js';
import type { StoredKind } from '../../domain/variables/index.js';
import { queryRows } from '../../entities/index.js';
import { parseStoredCell, type StoredCell } from '../../oai/index.js';
import { fromBatch } from './statements.js';

interface Level extends StoredCell {
  /** Its number among the levels of the variable, from 1. */
  readonly code: number;
}

/** What the cells of one variable say, each different thing a level with a number; 0 is a blank. */
export class Levels {
  readonly #byText = new Map<string, Level>();
  readonly #byCode: Level[] = [];
  /** Cells as they are written, which are many more than levels in the labelled form and much quicker to look up than to read. */
  readonly #cells = new Map<string, number>();
  readonly added: Level[] = [];
  /** Levels whose label became known after they did. */
  readonly labelled: Level[] = [];

  constructor(
    readonly variable: number,
    stored: readonly Level[],
  ) {
    for (const level of stored) this.#keep(level);
  }

  /** Number of the level that a cell is; undefined for a lone letter, which only the rest of its column explains: {@link letter}. */
  encode(text: string): number | undefined {
    const known = this.#cells.get(text);
    if (known !== undefined) return known;
    return LETTER.test(text.trim()) ? undefined : this.#read(text, parseStoredCell(text));
  }

  /** The same for a lone letter: SAS exports write `.P` as `P`, which only a column of numbers tells from a word. */
  letter(text: string): number {
    const kind = this.kind();
    const code = `.${text.trim().toUpperCase()}`;
    const isCode = kind !== 'TEXT' && kind !== 'NONE' && code in MISSING_CODES;
    return this.#codeOf(isCode ? { text: code, number: null, label: null, missing: code } : parseStoredCell(text)!);
  }

  /** What a number stands for. */
  level(code: number): Level {
    return this.#byCode[code]!;
  }

  isMissing(code: number): boolean {
    return this.#byCode[code]!.missing !== null;
  }

  /** What the values are, by all of their levels. */
  kind(): StoredKind {
    let [numbers, labels, dates, words] = [0, 0, 0, 0];
    for (const level of this.#byText.values()) {
      if (level.missing !== null) continue;
      if (level.number !== null) {
        numbers++;
        if (level.label !== null) labels++;
      } else if (/^\d{4}-\d\d-\d\d$/.test(level.text)) dates++;
      else words++;
    }
    if (words > 0 || (numbers > 0 && dates > 0)) return 'TEXT';
    if (dates > 0) return 'DATE';
    return numbers === 0 ? 'NONE' : labels > 0 ? 'CODE' : 'NUMBER';
  }

  #read(text: string, cell: StoredCell | null): number {
    const code = cell === null ? 0 : this.#codeOf(cell);
    this.#cells.set(text, code);
    return code;
  }

  #codeOf(cell: StoredCell): number {
    const known = this.#byText.get(cell.text);
    if (known) {
      if (known.label === null && cell.label !== null) {
        const level = { ...known, label: cell.label };
        this.#keep(level);
        this.labelled.push(level);
      }
      return known.code;
    }
    const level = { ...cell, code: Math.max(1, this.#byCode.length) };
    this.#keep(level);
    this.added.push(level);
    return level.code;
  }

  #keep(level: Level): void {
    this.#byText.set(level.text, level);
    this.#byCode[level.code] = level;
  }
}

const LETTER = /^[A-Z]$/i;

const STORED = z.object({
  variable: z.number(),
  code: z.number(),
  text: z.string(),
  number: z.number().nullable(),
  label: z.string().nullable(),
  missing: z.string().nullable(),
});

/** The levels of some variables, as they are stored. */
export async function readLevels(manager: EntityManager, variables: readonly number[]): Promise<Map<number, Levels>> {
  const rows = await queryRows(
    manager,
    STORED,
    `SELECT variable_id AS variable, code, text, number, label, missing FROM variable_level
     WHERE variable_id = ANY($1) ORDER BY variable_id, code`,
    [variables],
  );
  const byVariable = Map.groupBy(rows, ({ variable }) => variable);
  return new Map(variables.map((id) => [id, new Levels(id, byVariable.get(id) ?? [])]));
}

/** Stores levels that are new, and labels that became known. */
export async function writeLevels(manager: EntityManager, all: Iterable<Levels>): Promise<void> {
  const rows = [...all].flatMap((levels) =>
    [...levels.added.splice(0), ...levels.labelled.splice(0)].map((level) => ({ variable: levels.variable, ...level })),
  );
  const last = [...new Map(rows.map((row) => [`${row.variable} ${row.code}`, row])).values()];
  if (last.length === 0) return;
  const { from, parameters } = fromBatch({
    variable_id: ['integer', last.map(({ variable }) => variable)],
    code: ['integer', last.map(({ code }) => code)],
    text: ['text', last.map(({ text }) => text)],
    number: ['double precision', last.map(({ number }) => number)],
    label: ['text', last.map(({ label }) => label)],
    missing: ['text', last.map(({ missing }) => missing)],
  });
  await manager.query(
    `INSERT INTO variable_level (variable_id, code, text, number, label, missing) SELECT * ${from}
     ON CONFLICT (variable_id, code) DO UPDATE SET label = excluded.label`,
    parameters,
  );
}
