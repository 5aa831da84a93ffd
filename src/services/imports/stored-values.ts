import type { EntityManager } from 'typeorm';
import { BLOCK, type VariableTable } from '../../domain/variables/index.js';
import { normaliseBarcode, type StoredColumn, type StoredReader } from '../../oai/index.js';
import type { ExamRegistry } from './exam-registry.js';
import type { RowOutcome } from './merge.js';
import { BECAME, outcomeOf } from './stored-outcomes.js';
import { compareVersions, judge } from './precedence.js';
import type { Sources } from './sources.js';
import { variablesWithCodes } from './lone-letters.js';
import { type Block, Blocks } from './stored-blocks.js';
import { type BatchColumn, spoken, type StoredBatch, type StoredRow } from './stored-batch.js';
import { type Levels, writeLevels } from './stored-levels.js';
import { StoredLines } from './stored-lines.js';
import { Coverage, describeVariables, variableIds } from './stored-variables.js';

/** What a table brought to the store. */
export interface StoredCounts {
  /** Cells that say something: a value or a code of why there is none. */
  cells: number;
  /** Cells that are other ones now than before. */
  changed: number;
  /** Codes of why there is no value, in rows that have none: of a visit or a knee that was not examined. */
  left: number;
  /** Rows that a newer file of the table had no more, and that are there again. */
  returned: number;
}

/** A column, and what of it was read for the next batch. */
interface Sink extends BatchColumn {
  codes: Int32Array;
  /** Cells that are a lone letter, by row. */
  readonly letters: Map<number, string>;
}

/**
 * Merges the cells of a table that no column of ours takes into the store, by the same rule of precedence as all others. One writer is for one
 * table; its batches come in order, and {@link finish} ends them. While one batch is written, the rows of the next can be added.
 */
export class StoredValues {
  readonly counts: StoredCounts = { cells: 0, changed: 0, left: 0, returned: 0 };
  readonly #coverage = new Coverage();
  readonly #lines = new StoredLines();
  /** Variables of which lone letters are codes; null before the first of those letters. */
  #withCodes: ReadonlySet<Levels> | null = null;
  #rows: StoredRow[] = [];
  /** Of batches that were written, for those to come. */
  readonly #spare: Int32Array[] = [];

  private constructor(
    private readonly manager: EntityManager,
    private readonly registry: ExamRegistry,
    private readonly sources: Sources,
    private readonly table: string,
    private readonly sinks: readonly Sink[],
    private readonly batchRows: number,
  ) {}

  static async open(
    manager: EntityManager,
    registry: ExamRegistry,
    sources: Sources,
    { table, columns }: StoredReader,
    batchRows: number,
  ): Promise<StoredValues> {
    const ids = await variableIds(manager, table, columns);
    const levels = await registry.levels.of(manager, [...new Set(ids)]);
    const sinks = columns.map((column, index) => ({
      column,
      levels: levels.get(ids[index]!)!,
      codes: new Int32Array(batchRows),
      letters: new Map<number, string>(),
    }));
    return new StoredValues(manager, registry, sources, table, sinks, batchRows);
  }

  /** Reads the cells of the next row of the batch. Their texts are not kept: a wide table has a million in a batch. */
  add(row: StoredRow, cells: readonly string[]): void {
    const index = this.#rows.push(row) - 1;
    for (const { column, levels, codes, letters } of this.sinks) {
      const given = cells[column.index] ?? '';
      const text = column.isBarcode ? (normaliseBarcode(given) ?? given) : given;
      const code = levels.encode(text);
      if (code === undefined) letters.set(index, text);
      else codes[index] = code;
    }
  }

  /**
   * Looks what the lone letters mean that were added, before {@link take}. Only a table that has such letters is read once more, when the first
   * of them are met.
   * @param path the table's file
   */
  async explainLetters(path: string): Promise<void> {
    if (this.#withCodes !== null || this.sinks.every(({ letters }) => letters.size === 0)) return;
    this.#withCodes = await variablesWithCodes(path, this.sinks);
  }

  /** The rows that were added, as a batch to {@link write}; those that are added from now on are the next one's. */
  take(): StoredBatch {
    const rows = this.#rows;
    this.#rows = [];
    const columns = this.sinks.map((sink) => {
      const { column, levels, codes, letters } = sink;
      for (const [index, text] of letters) codes[index] = levels.letter(text, this.#withCodes!.has(levels));
      letters.clear();
      sink.codes = this.#spare.pop() ?? new Int32Array(this.batchRows);
      return { column, levels, codes };
    });
    const anyone = spoken({ rows, columns }, () => true);
    const [right, left] = SIDES_OF_COLUMNS.map((side) => spoken({ rows, columns }, (column) => column.side === side));
    const keeps = new Map(
      rows.map(({ line }, index) => [
        line,
        { visit: anyone[index] === 1, RIGHT: right![index] === 1, LEFT: left![index] === 1 },
      ]),
    );
    return { rows, columns, keeps };
  }

  /**
   * Writes a batch, after the fields of its rows. It can be written once.
   * @param refused lines of which nothing may be kept
   * @returns what became of the other rows, by line
   */
  async write(batch: StoredBatch, refused: ReadonlySet<number>): Promise<Map<number, RowOutcome>> {
    const { rows, columns } = batch;
    if (rows.length === 0) return new Map();
    for (const [index, { line }] of rows.entries()) {
      if (refused.has(line)) for (const { codes } of columns) codes[index] = 0;
    }
    await this.sources.announce(rows.map(({ version }) => version));
    await writeLevels(
      this.manager,
      columns.map(({ levels }) => levels),
    );
    const owners = await this.#owners(batch);
    const numbers = new Set([...owners.values()].flatMap((ids) => Array.from(ids, (id) => Math.floor(id / BLOCK))));
    const readings = new Set(rows.map(({ reading }) => reading));
    const became = new Uint8Array(rows.length);
    const byVariable = Map.groupBy(columns, ({ levels }) => levels.variable);
    const variables = [...byVariable.keys()];
    const atOnce = Math.max(1, Math.floor(MAX_BLOCKS / numbers.size));
    for (let start = 0; start < variables.length; start += atOnce) {
      const part = variables.slice(start, start + atOnce);
      const blocks = await Blocks.read(this.manager, part, [...readings], [...numbers]);
      for (const cells of part.flatMap((variable) => byVariable.get(variable)!)) {
        this.#merge(cells, rows, owners.get(ownerKey(cells.column))!, blocks, became);
      }
      await blocks.write(this.manager, this.sources.run);
    }
    this.counts.returned += became.filter((flags) => flags & BECAME.returned).length;
    this.#noteLines(rows, owners);
    this.#spare.push(...columns.map(({ codes }) => codes));
    const outcomes = rows.map(({ line }, index) => [line, outcomeOf(became[index]!)] as const);
    return new Map(outcomes.filter(([line]) => !refused.has(line)));
  }

  /** Ends the table: what its variables are, how many values each has, which lines they come from. */
  async finish(): Promise<void> {
    await this.#coverage.write(this.manager);
    await this.#lines.write(this.manager);
    const all = new Map(this.sinks.map(({ levels }) => [levels.variable, levels]));
    await describeVariables(this.manager, this.table, [...all.values()]);
  }

  /**
   * Keys of whom the cells of each kind of column belong to; 0 where there is nobody. A visit and an exam come to be only where a row says
   * something of them: who missed a visit has a row of missing codes.
   */
  async #owners(batch: StoredBatch): Promise<Map<string, Int32Array>> {
    const { manager, registry } = this;
    const { rows } = batch;
    const participants = await registry.participants(
      manager,
      rows.map(({ oaiId }) => oaiId),
    );
    const owners = new Map<string, Int32Array>();
    const kinds = new Map(this.sinks.map(({ column }) => [ownerKey(column), column]));
    const anyone = spoken(batch, () => true);
    for (const [key, { owner, side }] of kinds) {
      if (owner === 'participant') {
        owners.set(key, Int32Array.from(participants));
        continue;
      }
      const saying = owner === 'visit' ? anyone : spoken(batch, (column) => ownerKey(column) === key);
      const asked = rows.flatMap((row, index) => {
        const knee = side ?? row.side;
        if (saying[index] === 0 || (owner === 'knee_exam' && knee === null)) return [];
        return [{ index, oaiId: row.oaiId, visit: row.visit, side: knee ?? 'RIGHT' }];
      });
      const made = owner === 'visit' ? await registry.visits(manager, asked) : await registry.exams(manager, asked);
      const ids = new Int32Array(rows.length);
      for (const [at, { index }] of asked.entries()) ids[index] = made[at]!;
      for (const [index, { visit, side: ofRow }] of rows.entries()) {
        if (ids[index] !== 0) continue;
        const known = registry.visitOf(participants[index]!, visit);
        const knee = side ?? ofRow;
        if (known === undefined) continue;
        ids[index] = owner === 'visit' ? known : ((knee && registry.examOf(known, knee)) ?? 0);
      }
      owners.set(key, ids);
    }
    return owners;
  }

  #merge(
    { column, levels, codes }: BatchColumn,
    rows: readonly StoredRow[],
    owners: Int32Array,
    blocks: Blocks,
    became: Uint8Array,
  ): void {
    const { variable } = levels;
    const changes = { added: 0, filled: 0, replaced: 0 };
    const { sources } = this;
    let [block, version, source]: [Block | null, string | null | undefined, number] = [null, undefined, 0];
    let [visit, counted] = [rows[0]!.visit, { filled: 0, missing: 0 }];
    for (let index = 0; index < rows.length; index++) {
      const id = owners[index]!;
      const now = codes[index]!;
      if (now !== 0) this.counts[id === 0 ? 'left' : 'cells']++;
      if (id === 0) continue;
      const row = rows[index]!;
      const number = Math.floor(id / BLOCK);
      if (block?.block !== number || block.reading !== row.reading) block = blocks.of(variable, row.reading, number);
      if (row.version !== version) source = sources.own((version = row.version));
      const place = id % BLOCK;
      if (block.codes[place]! < 0 && now !== 0) {
        became[index]! |= BECAME.there;
        sources.met(block.sources[place]!);
        const dropping = sources.standing(block.sources[place]!);
        const isOlder = dropping.table === sources.table && compareVersions(row.version, dropping.version) < 0;
        became[index]! |= isOlder ? BECAME.kept : BECAME.returned;
        if (isOlder) continue;
      }
      const before = Math.max(0, block.codes[place]!);
      if (before !== 0) became[index]! |= BECAME.there;
      if (before !== 0 && now !== 0) {
        became[index]! |= BECAME.compared;
        sources.met(block.sources[place]!);
      }
      let takes = false;
      if (now === 0) became[index]! |= before === 0 ? 0 : BECAME.blank;
      else if (before === 0) takes = true;
      else if (before === now) {
        const from = block.sources[place]!;
        if (from === source || compareVersions(row.version, sources.standing(from).version) <= 0) continue;
        // The same in a higher version is one of the higher version.
        block.sources[place] = source;
        block.changed = true;
      } else {
        const standing = { version: row.version, table: sources.table };
        const [stored, given] = [levels.level(before), levels.level(now)];
        const verdict = judge(
          { value: valueOf(stored), missing: stored.missing, ...sources.standing(block.sources[place]!) },
          { value: valueOf(given), missing: given.missing, ...standing },
        );
        takes = verdict === 'taken';
        if (!takes) became[index]! |= verdict === 'blank' ? BECAME.blank : BECAME.kept;
      }
      if (!takes) continue;
      became[index]! |= BECAME.taken;
      const [wasMissing, isMissing] = [before !== 0 && levels.isMissing(before), levels.isMissing(now)];
      changes[before === 0 ? 'added' : wasMissing ? 'filled' : 'replaced']++;
      const filled = (isMissing ? 0 : 1) - (before !== 0 && !wasMissing ? 1 : 0);
      const missing = (isMissing ? 1 : 0) - (wasMissing ? 1 : 0);
      if (row.visit !== visit && column.owner !== 'participant') {
        this.#coverage.note(variable, visit, counted);
        visit = row.visit;
        counted = { filled: 0, missing: 0 };
      }
      counted.filled += filled;
      counted.missing += missing;
      block.codes[place] = now;
      block.sources[place] = source;
      block.changed = true;
    }
    this.#coverage.note(variable, column.owner === 'participant' ? '' : visit, counted);
    for (const kind of ['added', 'filled', 'replaced'] as const) {
      if (changes[kind] > 0) sources.changes.note('variable', column.column, kind, changes[kind]);
      this.counts.changed += changes[kind];
    }
  }

  #noteLines(rows: readonly StoredRow[], owners: ReadonlyMap<string, Int32Array>): void {
    for (const [key, ids] of owners) {
      const owner = key.split(' ')[0] as VariableTable;
      for (const [index, { version, reading, line }] of rows.entries()) {
        if (ids[index] !== 0) this.#lines.note(this.sources.own(version), owner, reading, ids[index]!, line);
      }
    }
  }
}

/** Blocks in memory at a time, of a few kilobytes each. */
const MAX_BLOCKS = 2_000;

const SIDES_OF_COLUMNS = ['RIGHT', 'LEFT'] as const;

function ownerKey({ owner, side }: StoredColumn): string {
  return side === null ? owner : `${owner} ${side}`;
}

/** For the rule of precedence two values differ when their texts do. */
function valueOf({ text, missing }: { text: string; missing: string | null }): string | null {
  return missing === null ? text : null;
}
