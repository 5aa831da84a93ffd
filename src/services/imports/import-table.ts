import type { EntityManager } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import type { VisitCode } from '../../domain/visits.js';
import {
  cellInReason,
  openTable,
  PassedOver,
  type Refusal,
  ROW_READERS,
  type RowReader,
  storedReader,
  type Table,
  type TableFile,
  type TableKind,
} from '../../oai/index.js';
import { refuseFile } from '../../imaging/refuse.js';
import { type HasWithdrawn, WITHDRAWN } from '../access/index.js';
import type { ExamRegistry } from './exam-registry.js';
import { compareRows } from './dropped.js';
import { ROW_OUTCOMES, type RowOutcome } from './merge.js';
import { currentState, fingerprintTable, noteTime, remember } from './remember.js';
import { keepChanges, restOnFile } from './runs.js';
import { Sources } from './sources.js';
import type { StoredBatch, StoredRow } from './stored-batch.js';
import { StoredValues } from './stored-values.js';
import type { Remark, TableSummary } from './summary.js';
import { type Sourced, WRITE_BATCH, type WriteBatch } from './upserts/index.js';
import { WriteBehind } from './write-behind.js';

/** Rows that go to the database together. */
const BATCH_ROWS = 1000;

/** Ten times the largest table of a release; keys of all rows are held, to find doubles. */
const MAX_ROWS = 1_000_000;

export interface TableOptions {
  /** The import that reads the table. */
  run: number;
  registry: ExamRegistry;
  /** Read the table even if it is the one that was imported before. */
  reread: boolean;
  refuse: (refusal: Refusal) => void;
  /** Called for what is to be known of the table and refuses nothing of it. */
  remark: (remark: Remark) => void;
  hasWithdrawn: HasWithdrawn;
  /** Called for each row of a participant who has withdrawn. */
  passBy: (refusal: Refusal) => void;
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
  database: EntityManager,
  table: TableFile,
  options: TableOptions,
): Promise<TableSummary> {
  const { fingerprint, recalled } = await fingerprintTable(database, table);
  if (recalled && !options.reread && recalled.state === (await currentState(database))) {
    await noteTime(database, fingerprint, recalled);
    const { rows, refused, withdrawn } = recalled;
    const { passedOver = {} } = recalled.became;
    const unchanged = rows - refused - withdrawn - Object.values(passedOver).reduce((sum, one) => sum + one, 0);
    await restOnFile(database, options.run, { file: table.file, sha256: fingerprint.sha256 }, unchanged);
    return { ...emptyTable(table.file), rows, refused, withdrawn, passedOver, unchanged, skipped: true };
  }
  try {
    return await database.transaction(async (manager) => {
      await keepChanges(manager, options.run);
      const sources = await Sources.open(manager, options.run, { file: table.file, sha256: fingerprint.sha256 });
      const summary = await readTable(manager, table, sources, options);
      const { rows, refused, withdrawn, passedOver } = summary;
      const read = { rows, refused, withdrawn, became: { passedOver } };
      await remember(manager, fingerprint, read, await currentState(manager));
      return summary;
    });
  } catch (error) {
    options.registry.clear();
    throw error;
  }
}

const STORED_NOTHING = { storedColumns: 0, storedCells: 0, storedChanges: 0, storedLeft: 0 };

function emptyTable(file: string): TableSummary {
  const counts = {
    rows: 0,
    inserted: 0,
    updated: 0,
    kept: 0,
    blank: 0,
    unchanged: 0,
    refused: 0,
    withdrawn: 0,
    cellsRefused: 0,
    absent: 0,
    dropped: 0,
    returned: 0,
  };
  return { file, ...counts, ...STORED_NOTHING, passedOver: {}, changes: [], skipped: false };
}

/** What all rows say whose tables are read. */
interface AnyRecord {
  oaiId: string;
  version: string | null;
  visit?: VisitCode;
}

/** What became of the rows of a batch, by line, and those of which nothing could be written. */
interface WrittenRows {
  became: ReadonlyMap<number, Exclude<RowOutcome, 'silent'>>;
  /** Why rows do not count of which nothing was written. */
  silent: readonly string[];
  refused: readonly { line: number; reason: string }[];
}

/** A row that was read: its record, unless no column of ours takes anything of it, and why it does not count where the store takes nothing of it either. */
interface ReadRow {
  line: number;
  record: AnyRecord | null;
  why: string;
}

/** Kinds of tables of which a row is something only by what it says: a row of the others lists a participant, a reading or an image. */
const SPEAKING: ReadonlySet<TableKind> = new Set(['clinical', 'assessments']);
const SILENT = 'with nothing to keep: blank, or only codes of a visit or knee of which nothing else is known';

async function readTable(
  manager: EntityManager,
  file: TableFile,
  sources: Sources,
  { registry, refuse, remark, hasWithdrawn, passBy, onRows }: TableOptions,
): Promise<TableSummary> {
  const table = await openTable(file.path);
  const reader = ROW_READERS[file.kind](table.columns, file.visit) as RowReader<AnyRecord>;
  const rest = storedReader(file.kind, table.columns, file.visit);
  const store = rest.columns.length > 0 ? await StoredValues.open(manager, registry, sources, rest, BATCH_ROWS) : null;
  const write = WRITE_BATCH[file.kind as TableKind] as WriteBatch<AnyRecord>;
  const summary = emptyTable(file.file);
  const refuseRow = (row: number, reason: string): void => {
    summary.refused++;
    refuse({ file: file.file, row, reason });
  };
  const passOver = (why: string): void => {
    summary.passedOver[why] = (summary.passedOver[why] ?? 0) + 1;
  };
  const firstLines = new Map<string, number>();
  const versions = new Map<number, string | null>();
  const fresh = new Set<number>();
  const places = new Set<string>();
  let batch: ReadRow[] = [];
  const writeRows = async (rows: readonly ReadRow[], stored?: StoredBatch): Promise<WrittenRows> => {
    const typed = rows.flatMap(({ line, record }): Sourced<AnyRecord>[] =>
      record ? [{ line, record, keeps: stored?.keeps.get(line) }] : [],
    );
    await registry.planForWhatWasMade(manager);
    const { outcomes, refused } = await write({ manager, registry, sources }, typed);
    const unusable = new Set(refused.map(({ line }) => line));
    const usable = typed.filter(({ line }) => !unusable.has(line));
    const became = new Map(usable.map(({ line }, index) => [line, outcomes[index]!]));
    if (store && stored) {
      for (const [line, kept] of await store.write(stored, unusable)) {
        became.set(line, ofBoth(file.kind === 'assessments' ? undefined : became.get(line), kept));
      }
    }
    const counted = new Map<number, Exclude<RowOutcome, 'silent'>>();
    const silent: string[] = [];
    for (const { line, record, why } of rows) {
      const outcome = became.get(line);
      if (outcome === undefined) continue;
      if (outcome !== 'silent') counted.set(line, outcome);
      else if (record !== null && !SPEAKING.has(file.kind)) counted.set(line, 'unchanged');
      else silent.push(why);
    }
    return { became: counted, silent, refused };
  };
  await using batches = new WriteBehind<WrittenRows>(({ became, silent, refused }) => {
    for (const { line, reason } of refused) refuseRow(line, reason);
    silent.forEach(passOver);
    for (const [line, outcome] of became) {
      summary[outcome]++;
      if (outcome === 'inserted') fresh.add(line);
    }
    onRows(summary.rows);
  });
  const flush = async (): Promise<void> => {
    const rows = batch;
    batch = [];
    await store?.explainLetters(file.path);
    await batches.start(() => writeRows(rows, store?.take()));
  };

  for await (const { line, cells } of table.rows()) {
    if (++summary.rows > MAX_ROWS)
      refuseFile(file.file, `has more than ${MAX_ROWS} rows; the largest table of a release has 80,000`);
    const refusedCells: string[] = [];
    const record = readRow(reader, cells, table.width, refusedCells, (reason) => refuseRow(line, reason));
    if (record === undefined) continue;
    const of = record instanceof PassedOver ? record.of : record;
    if (of && hasWithdrawn(of.oaiId)) {
      summary.withdrawn++;
      passBy({ file: file.file, row: line, reason: `Nothing of it was read: ${WITHDRAWN}` });
      continue;
    }
    if (!(record instanceof PassedOver)) {
      const key = reader.key(record);
      const firstLine = firstLines.get(key);
      if (firstLine !== undefined) {
        refuseRow(line, `It repeats ${cellInReason(key)}, which row ${firstLine} already gives.`);
        continue;
      }
      firstLines.set(key, line);
      versions.set(line, record.version);
      for (const reason of refusedCells) {
        summary.cellsRefused++;
        refuse({ file: file.file, row: line, reason: `${reason} The rest of the row was read.` });
      }
    }
    const stored = store && storedRow(line, cells, record);
    if (stored) store.add(stored, cells);
    if (record instanceof PassedOver && !stored) passOver(record.why);
    else if (record instanceof PassedOver) batch.push({ line, record: null, why: record.why });
    else batch.push({ line, record, why: SILENT });
    if (batch.length === BATCH_ROWS) await flush();
  }
  if (batch.length > 0) await flush();
  await batches.end();
  await store?.finish();
  for (const told of [...leftUnread(table), ...(table.remarks?.() ?? [])]) remark({ file: file.file, remark: told });
  summary.storedColumns = rest.columns.length;
  summary.storedCells = store?.counts.cells ?? 0;
  summary.storedChanges = store?.counts.changed ?? 0;
  summary.storedLeft = store?.counts.left ?? 0;
  Object.assign(summary, await compareRows(manager, file, sources, { lines: firstLines, versions, fresh }));
  // Rows that nothing but the store keeps have no mark of their own that could be taken away.
  summary.returned = Math.max(summary.returned, store?.counts.returned ?? 0);
  summary.changes = sources.changes.list();
  await sources.noteBases();
  return summary;

  /** What the store keeps of a row; null where it does not say whose that is. A series that was repeated is another reading of the knee. */
  function storedRow(line: number, cells: readonly string[], record: AnyRecord | PassedOver): StoredRow | null {
    const of = record instanceof PassedOver ? record.of : record;
    const place = of && rest.place(cells);
    if (!place) return null;
    const visit = of.visit ?? file.visit ?? 'V00';
    const whose = `${of.oaiId} ${visit} ${place.side}`;
    let { reading } = place;
    for (let time = 2; places.has(`${whose} ${reading}`); time++) reading = `${place.reading} (${time})`;
    places.add(`${whose} ${reading}`);
    return { line, oaiId: of.oaiId, visit, version: of.version, side: place.side, reading };
  }
}

/** What became of a row of which a part has columns of ours: it is new only where that part is, or where there is none. */
function ofBoth(typed: RowOutcome | undefined, kept: RowOutcome): RowOutcome {
  if (typed === undefined) return kept;
  const other = kept === 'inserted' ? 'updated' : kept;
  return ROW_OUTCOMES.indexOf(typed) <= ROW_OUTCOMES.indexOf(other) ? typed : other;
}

/** What a file holds beside the table that is read of it, a sentence each. */
function leftUnread({ columns, otherSheets = 0 }: Table): string[] {
  const sheets =
    otherSheets === 1 ? 'another sheet with rows, which was' : `${otherSheets} other sheets with rows, which were`;
  return [
    ...columns.repeated().map((name) => `It has several columns ${name}; the first one was read.`),
    ...(otherSheets > 0 ? [`It has ${sheets} not read: the table is the first sheet.`] : []),
  ];
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
