import type { DataSource, EntityManager } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import {
  openTable,
  type Refusal,
  ROW_READERS,
  type RowReader,
  type TableFile,
  type TableKind,
} from '../../oai/index.js';
import { refuseFile } from '../../imaging/refuse.js';
import type { ExamRegistry } from './exam-registry.js';
import { fingerprintTable, noteTime, remember } from './remember.js';
import type { TableSummary } from './summary.js';
import { type Sourced, WRITE_BATCH, type WriteBatch } from './table-upserts.js';

/** Rows that go to the database together. */
const BATCH_ROWS = 2000;

/** Ten times the largest table of a release; keys of all rows are held, to find doubles. */
const MOST_ROWS = 1_000_000;

export interface TableOptions {
  registry: ExamRegistry;
  /** Read the table even if it is the one that was imported before. */
  reread: boolean;
  refuse: (refusal: Refusal) => void;
  /** Called with the rows read so far. */
  onRows: (rows: number) => void;
}

/**
 * Imports one table in one transaction: after a crash or a refusal of the file nothing of it is there, and a table that was
 * imported before and has not changed is passed over.
 *
 * @throws UserError FILE_REFUSED when the file as a whole cannot be used; single rows are handed to `refuse`
 */
export async function importTable(
  dataSource: DataSource,
  table: TableFile,
  options: TableOptions,
): Promise<TableSummary> {
  const { fingerprint, recalled } = await fingerprintTable(dataSource.manager, table.path);
  if (recalled && !options.reread) {
    await noteTime(dataSource.manager, fingerprint, recalled);
    const { rows, refused } = recalled;
    return { ...emptyTable(table.file), rows, refused, unchanged: rows - refused, skipped: true };
  }
  try {
    return await dataSource.transaction(async (manager) => {
      const summary = await readTable(manager, table, options);
      await remember(manager, fingerprint, { rows: summary.rows, refused: summary.refused, became: {} });
      return summary;
    });
  } catch (error) {
    options.registry.clear();
    throw error;
  }
}

function emptyTable(file: string): TableSummary {
  return { file, rows: 0, inserted: 0, updated: 0, unchanged: 0, passedOver: 0, refused: 0, skipped: false };
}

async function readTable(manager: EntityManager, file: TableFile, options: TableOptions): Promise<TableSummary> {
  const table = await openTable(file.path);
  const reader = ROW_READERS[file.kind](table.columns, file.visit) as RowReader<{ oaiId: string }>;
  const write = WRITE_BATCH[file.kind as TableKind] as WriteBatch<{ oaiId: string }>;
  const summary = emptyTable(file.file);
  const refuse = (row: number, reason: string): void => {
    summary.refused++;
    options.refuse({ file: file.file, row, reason });
  };
  const firstLines = new Map<string, number>();
  let batch: Sourced<{ oaiId: string }>[] = [];
  const flush = async (): Promise<void> => {
    const outcome = await write({ manager, registry: options.registry, fields: reader.fields }, batch);
    for (const { line, reason } of outcome.refused) refuse(line, reason);
    summary.inserted += outcome.inserted;
    summary.updated += outcome.updated;
    summary.unchanged += batch.length - outcome.inserted - outcome.updated - outcome.refused.length;
    batch = [];
    options.onRows(summary.rows);
  };

  for await (const { line, cells } of table.rows()) {
    if (++summary.rows > MOST_ROWS)
      refuseFile(file.file, `has more than ${MOST_ROWS} rows; the largest table of a release has 80,000`);
    const record = readRow(reader, cells, table.width, (reason) => refuse(line, reason));
    if (record === undefined) continue;
    if (record === null) {
      summary.passedOver++;
      continue;
    }
    const key = reader.key(record);
    const firstLine = firstLines.get(key);
    if (firstLine !== undefined) {
      refuse(line, `It repeats ${key}, which row ${firstLine} already gives.`);
      continue;
    }
    firstLines.set(key, line);
    batch.push({ line, record });
    if (batch.length === BATCH_ROWS) await flush();
  }
  if (batch.length > 0) await flush();
  return summary;
}

/** The row's record, null when it is passed over, undefined when it is refused. */
function readRow<T>(
  reader: RowReader<T>,
  cells: readonly string[],
  width: number,
  refuse: (reason: string) => void,
): T | null | undefined {
  // Some exports end each row with a separator.
  const extra = cells.slice(width).some((cell) => cell.trim() !== '');
  if (cells.length < width || extra) {
    refuse(`It has ${cells.length} cells where the header has ${width}.`);
    return undefined;
  }
  try {
    return reader.read(cells);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    refuse(error.message);
    return undefined;
  }
}
