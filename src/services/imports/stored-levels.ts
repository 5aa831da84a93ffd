import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { MISSING_CODES } from '../../domain/missing.js';
import type { StoredKind } from '../../domain/variables/index.js';
import { queryRows } from '../../entities/index.js';
import { parseStoredCell, type StoredCell } from '../../oai/index.js';
import { isDay, LONE_LETTER } from './lone-letters.js';
import { fromBatch } from './statements.js';

interface Level extends StoredCell {
  /** Its number among the levels of the variable, from 1. */
  readonly code: number;
}

/** What the cells of one variable say, each different thing a level with a number; 0 is a blank. */
export class Levels {
  /** Numbers of texts and of cells as they are written, which are quicker to look up than to read; the text of a level reads as that level. */
  readonly #codes = new Map<string, number>();
  /** By number. Of a plain number only its text is held: a table of measurements has a million different ones. */
  readonly #byCode: (Level | string)[] = [];
  readonly added: number[] = [];
  /** Levels whose label became known after they did. */
  readonly labelled: number[] = [];

  constructor(
    readonly variable: number,
    stored: Iterable<Level>,
  ) {
    for (const level of stored) this.#keep(level);
  }

  /** Number of the level that a cell is; undefined for a lone letter, which only the rest of its column explains: {@link letter}. */
  encode(text: string): number | undefined {
    const known = this.#codes.get(text);
    if (known !== undefined) return known;
    return LONE_LETTER.test(text.trim()) ? undefined : this.#read(text, parseStoredCell(text));
  }

  /**
   * The same for a lone letter.
   * @param isCode whether letters of this variable are codes of why there is no value, where there is such a code
   */
  letter(text: string, isCode: boolean): number {
    const code = `.${text.trim().toUpperCase()}`;
    return this.#codeOf(
      isCode && code in MISSING_CODES
        ? { text: code, number: null, label: null, missing: code }
        : parseStoredCell(text)!,
    );
  }

  /** What a number stands for. */
  level(code: number): Level {
    const level = this.#byCode[code]!;
    return typeof level === 'string' ? { code, text: level, number: Number(level), label: null, missing: null } : level;
  }

  isMissing(code: number): boolean {
    const level = this.#byCode[code]!;
    return typeof level !== 'string' && level.missing !== null;
  }

  /** What the values are, by all of their levels. */
  kind(): StoredKind {
    let [numbers, labels, dates, words] = [0, 0, 0, 0];
    for (const level of this.#byCode) {
      if (typeof level === 'string') numbers++;
      if (level === undefined || typeof level === 'string' || level.missing !== null) continue;
      if (level.number !== null) {
        numbers++;
        if (level.label !== null) labels++;
      } else if (isDay(level.text)) dates++;
      else words++;
    }
    if (words > 0 || (numbers > 0 && dates > 0)) return 'TEXT';
    if (dates > 0) return 'DATE';
    return numbers === 0 ? 'NONE' : labels > 0 ? 'CODE' : 'NUMBER';
  }

  #read(text: string, cell: StoredCell | null): number {
    const code = cell === null ? 0 : this.#codeOf(cell);
    this.#codes.set(text, code);
    return code;
  }

  #codeOf(cell: StoredCell): number {
    const known = this.#codes.get(cell.text);
    if (known !== undefined) {
      if (cell.label !== null && this.level(known).label === null) {
        this.#keep({ ...this.level(known), label: cell.label });
        this.labelled.push(known);
      }
      return known;
    }
    const code = Math.max(1, this.#byCode.length);
    this.#keep({ ...cell, code });
    this.added.push(code);
    return code;
  }

  #keep(level: Level): void {
    const isPlain = level.number !== null && level.label === null && level.text === String(level.number);
    this.#codes.set(level.text, level.code);
    this.#byCode[level.code] = isPlain ? level.text : level;
  }
}

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

/** Levels of the variables of one table. The next one is often the same table of another visit, and has the same variables. */
export class KnownLevels {
  #known = new Map<number, Levels>();

  /** Levels of some variables: those that are known, and the others read. Those of any other variable are forgotten. */
  async of(manager: EntityManager, variables: readonly number[]): Promise<ReadonlyMap<number, Levels>> {
    const known = this.#known;
    this.#known = new Map(variables.flatMap((id) => (known.has(id) ? [[id, known.get(id)!] as const] : [])));
    known.clear();
    const strangers = variables.filter((id) => !this.#known.has(id));
    if (strangers.length > 0) {
      for (const [id, levels] of await readLevels(manager, strangers)) this.#known.set(id, levels);
    }
    return this.#known;
  }

  clear(): void {
    this.#known.clear();
  }
}

/** Stores levels that are new, and labels that became known. */
export async function writeLevels(manager: EntityManager, all: Iterable<Levels>): Promise<void> {
  let added: Row[] = [];
  const labelled: Row[] = [];
  for (const levels of all) {
    const { variable } = levels;
    const fresh = new Set(levels.added.splice(0));
    for (const code of fresh) added.push({ variable, ...levels.level(code) });
    for (const code of levels.labelled.splice(0)) {
      if (!fresh.has(code)) labelled.push({ variable, ...levels.level(code) });
    }
    if (added.length >= AT_ONCE) {
      await insertLevels(manager, added);
      added = [];
    }
  }
  await insertLevels(manager, added);
  if (labelled.length === 0) return;
  const { from, parameters } = fromBatch({
    variable_id: ['integer', labelled.map(({ variable }) => variable)],
    code: ['integer', labelled.map(({ code }) => code)],
    label: ['text', labelled.map(({ label }) => label)],
  });
  await manager.query(
    `UPDATE variable_level l SET label = r.label ${from} WHERE l.variable_id = r.variable_id AND l.code = r.code`,
    parameters,
  );
}

type Row = Level & { variable: number };

/** Levels of one statement: about a megabyte. */
const AT_ONCE = 20_000;

async function insertLevels(manager: EntityManager, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return;
  const { from, parameters } = fromBatch({
    variable_id: ['integer', rows.map(({ variable }) => variable)],
    code: ['integer', rows.map(({ code }) => code)],
    text: ['text', rows.map(({ text }) => text)],
    number: ['double precision', rows.map(({ number }) => number)],
    label: ['text', rows.map(({ label }) => label)],
    missing: ['text', rows.map(({ missing }) => missing)],
  });
  await manager.query(
    `INSERT INTO variable_level (variable_id, code, text, number, label, missing) SELECT * ${from}`,
    parameters,
  );
}
