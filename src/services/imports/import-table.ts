import type { DataSource, EntityManager } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import {
  openTable,
  PassedOver,
  type Refusal,
  ROW_READERS,
  type RowReader,
  type TableFile,
  type TableKind,
} from '../../oai/index.js';
import { refuseFile } from '../../imaging/refuse.js';
import type { ExamRegistry } from './exam-registry.js';
import { keysOf } from './keys.js';
import { currentState, fingerprintTable, noteTime, remember } from './remember.js';
import { Sources } from './sources.js';
import type { TableSummary } from './summary.js';
import { type Sourced, WRITE_BATCH, type WriteBatch } from './table-upserts.js';

/** Rows that go to the database together. */
const BATCH_ROWS = 2000;

/** Ten times the largest table of a release; keys of all rows are held, to find doubles. */
const MAX_ROWS = 1_000_000;

export interface TableOptions {
  registry: ExamRegistry;
  /** Read the table even if it is the one that was imported before. */
  reread: boolean;
  refuse: (refusal: Refusal) => void;
  /** Called with the rows read so far. */
  onRows: (rows: number) => void;
}

/**
 * Imports one table in one transaction: after a crash or a refusal of the file nothing of it is there. A table is skipped when its bytes are
 * those that were read before and nothing of what is imported has changed since: then it would change nothing.
 *
 * @throws UserError FILE_REFUSED when the file as a whole cannot be used; single rows are handed to `refuse`
 */
export async function importTable(
  dataSource: DataSource,
  table: TableFile,
  options: TableOptions,
): Promise<TableSummary> {
  const { fingerprint, recalled } = await fingerprintTable(dataSource.manager, table.path);
  if (recalled && !options.reread && recalled.state === (await currentState(dataSource.manager))) {
    await noteTime(dataSource.manager, fingerprint, recalled);
    const { rows, refused } = recalled;
    return { ...emptyTable(table.file), rows, refused, unchanged: rows - refused, skipped: true };
  }
  try {
    return await dataSource.transaction(async (manager) => {
      const sources = await Sources.open(manager, { file: table.file, sha256: fingerprint.sha256 });
      const summary = await readTable(manager, table, sources, options);
      const { rows, refused } = summary;
      await remember(manager, fingerprint, { rows, refused, became: {} }, await currentState(manager));
      return summary;
    });
  } catch (error) {
    options.registry.clear();
    throw error;
  }
}

function emptyTable(file: string): TableSummary {
  const counts = {
    rows: 0,
    inserted: 0,
    updated: 0,
    kept: 0,
    blank: 0,
    unchanged: 0,
    refused: 0,
    cellsRefused: 0,
    absent: 0,
  };
  return { file, ...counts, passedOver: {}, skipped: false };
}

async function readTable(
  manager: EntityManager,
  file: TableFile,
  sources: Sources,
  { registry, refuse, onRows }: TableOptions,
): Promise<TableSummary> {
  const table = await openTable(file.path);
  const reader = ROW_READERS[file.kind](table.columns, file.visit) as RowReader<{ oaiId: string }>;
  const write = WRITE_BATCH[file.kind as TableKind] as WriteBatch<{ oaiId: string }>;
  const summary = emptyTable(file.file);
  const refuseRow = (row: number, reason: string): void => {
    summary.refused++;
    refuse({ file: file.file, row, reason });
  };
  const firstLines = new Map<string, number>();
  let batch: Sourced<{ oaiId: string }>[] = [];
  const flush = async (): Promise<void> => {
    const { outcomes, refused } = await write({ manager, registry, sources }, batch);
    for (const { line, reason } of refused) refuseRow(line, reason);
    for (const outcome of outcomes) summary[outcome]++;
    batch = [];
    onRows(summary.rows);
  };

  for await (const { line, cells } of table.rows()) {
    if (++summary.rows > MAX_ROWS)
      refuseFile(file.file, `has more than ${MAX_ROWS} rows; the largest table of a release has 80,000`);
    const refusedCells: string[] = [];
    const record = readRow(reader, cells, table.width, refusedCells, (reason) => refuseRow(line, reason));
    if (record === undefined) continue;
    if (record instanceof PassedOver) {
      summary.passedOver[record.why] = (summary.passedOver[record.why] ?? 0) + 1;
      continue;
    }
    const key = reader.key(record);
    const firstLine = firstLines.get(key);
    if (firstLine !== undefined) {
      refuseRow(line, `It repeats ${key}, which row ${firstLine} already gives.`);
      continue;
    }
    firstLines.set(key, line);
    for (const reason of refusedCells) {
      summary.cellsRefused++;
      refuse({ file: file.file, row: line, reason: `${reason} The rest of the row was read.` });
    }
    batch.push({ line, record });
    if (batch.length === BATCH_ROWS) await flush();
  }
  if (batch.length > 0) await flush();
  const before = await keysOf(manager, file.kind, file.visit, sources.others());
  summary.absent = before.filter((key) => !firstLines.has(key)).length;
  return summary;
}

/** The row's record, or why it is passed over; undefined when it is refused. */
function readRow<T>(
  reader: RowReader<T>,
  cells: readonly string[],
  width: number,
  refusedCells: string[],
  refuse: (reason: string) => void,
): T | PassedOver | undefined {
  // Some exports end each row with a separator.
  const extra = cells.slice(width).some((cell) => cell.trim() !== '');
  if (cells.length < width || extra) {
    refuse(`It has ${cells.length} cells where the header has ${width}.`);
    return undefined;
  }
  try {
    return reader.read(cells, (reason) => refusedCells.push(reason));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    refuse(error.message);
    return undefined;
  }
}
