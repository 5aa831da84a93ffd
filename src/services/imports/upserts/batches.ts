import type { EntityManager } from 'typeorm';
import type { Side } from '../../../domain/participants.js';
import type { Statements } from '../../../oai/index.js';
import type { ExamRegistry } from '../exam-registry.js';
import { ROW_OUTCOMES, type RowOutcome } from '../merge.js';
import type { Sources } from '../sources.js';

/** A record with the line that it came from. */
export interface Sourced<T> {
  readonly line: number;
  readonly record: T;
  /** Whether the row has values that the store keeps, of the visit and of each knee. */
  readonly keeps?: Keeps | undefined;
}

/** Of whom a row has values that no field takes. */
export type Keeps = Readonly<Record<'visit' | Side, boolean>>;

/** What became of each row of a batch that the database allows, and the others. */
export interface BatchOutcome {
  outcomes: RowOutcome[];
  refused: { line: number; reason: string }[];
}

/** Where a batch goes. */
export interface Destination {
  manager: EntityManager;
  registry: ExamRegistry;
  sources: Sources;
}

/** Writes a batch of a table's records, whose keys are unique within it. */
export type WriteBatch<T> = (to: Destination, records: readonly Sourced<T>[]) => Promise<BatchOutcome>;

/** Tells what became of a row of the table, by its line. */
export type Note = (line: number, outcome: RowOutcome) => void;

/** Where a row of a table is several of the database it counts once, as the first of the outcomes that any of them has. */
export function countedOnce(rows: readonly { line: number }[]): { note: Note; outcomes: () => RowOutcome[] } {
  const known = new Map<number, RowOutcome>();
  return {
    note: (line, outcome) => {
      const before = known.get(line) ?? 'silent';
      if (ROW_OUTCOMES.indexOf(outcome) <= ROW_OUTCOMES.indexOf(before)) known.set(line, outcome);
    },
    outcomes: () => rows.map(({ line }) => known.get(line) ?? 'silent'),
  };
}

/** Whether any cell says something. */
export function hasValue(said: Statements): boolean {
  return Object.values(said).some(({ value }) => value !== null);
}
