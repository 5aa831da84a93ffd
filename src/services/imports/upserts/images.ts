import type { EntityManager } from 'typeorm';
import { cellInReason, type FilmRecord, type ReadingRecord, type SeriesRecord } from '../../../oai/index.js';
import { FIELDS } from '../cells.js';
import { type ExamRegistry, examsOf } from '../exam-registry.js';
import { type ImageOwner, inWords } from '../identity.js';
import { mergeRows, type RowOutcome } from '../merge.js';
import { type KnownImage, ownersOfBarcodes } from '../owners.js';
import { updatePreferredReadings } from '../preferred-readings.js';
import { restOnRows } from '../runs.js';
import { fromBatch } from '../statements.js';
import type { BatchOutcome, Destination, Sourced } from './batches.js';

/** Readings of films, and the preferred reading that follows from them. */
export async function writeReadings(
  { manager, registry, sources }: Destination,
  sourced: readonly Sourced<ReadingRecord>[],
): Promise<BatchOutcome> {
  const records = sourced.map(({ record }) => record);
  const { outcomes, written } = await mergeRows<{ examId: number }>(manager, sources, {
    table: 'reading',
    key: {
      exam_id: ['integer', await registry.exams(manager, records)],
      project: ['text', records.map(({ project }) => project)],
    },
    fields: FIELDS.reading,
    rows: sourced.map(({ line, record: { version, said } }) => ({ line, version, said })),
    keepsCodes: true,
    returning: ['exam_id AS "examId"'],
  });
  await updatePreferredReadings(
    manager,
    written.map(({ examId }) => examId),
  );
  await addFilmsThatWereRead(manager, registry, records);
  return { outcomes, refused: [] };
}

/** Films, known by their barcodes. */
export async function writeFilms(
  { manager, registry, sources }: Destination,
  sourced: readonly Sourced<FilmRecord>[],
): Promise<BatchOutcome> {
  const { accepted, ...foreign } = await refuseForeignBarcodes(manager, 'radiograph', sourced);
  const records = accepted.map(({ record }) => record);
  await registry.exams(
    manager,
    records.flatMap((record) => examsOf(record, record.side)),
  );
  const visits = await registry.visits(manager, records);
  const merged = await mergeRows(manager, sources, {
    table: 'radiograph',
    key: { barcode: ['text', records.map(({ barcode }) => barcode)] },
    insert: { provenance: ['text', records.map(() => provenanceOfTables(registry))] },
    owner: {
      visit_id: ['integer', records.map(({ side }, index) => (side === null ? visits[index]! : null))],
      exam_id: [
        'integer',
        records.map(({ side }, index) => (side === null ? null : registry.examOf(visits[index]!, side)!)),
      ],
    },
    fields: FIELDS.radiograph,
    rows: accepted.map(({ line, record: { version, said } }) => ({ line, version, said })),
  });
  return withoutMoves(accepted, merged, foreign);
}

/** MRI series, known by their barcodes. */
export async function writeSeries(
  { manager, registry, sources }: Destination,
  sourced: readonly Sourced<SeriesRecord>[],
): Promise<BatchOutcome> {
  const { accepted, ...foreign } = await refuseForeignBarcodes(manager, 'mri_series', sourced);
  const records = accepted.map(({ record }) => record);
  const merged = await mergeRows(manager, sources, {
    table: 'mri_series',
    key: { barcode: ['text', records.map(({ barcode }) => barcode)] },
    insert: { provenance: ['text', records.map(() => provenanceOfTables(registry))] },
    owner: { exam_id: ['integer', await registry.exams(manager, records)] },
    fields: FIELDS.mri_series,
    rows: accepted.map(({ line, record: { version, said } }) => ({ line, version, said })),
  });
  return withoutMoves(accepted, merged, foreign);
}

/** The film of a reading is known by its barcode, also in a release without the XRay tables, which say more of it. */
async function addFilmsThatWereRead(
  manager: EntityManager,
  registry: ExamRegistry,
  records: readonly ReadingRecord[],
): Promise<void> {
  const byBarcode = new Map(
    records.flatMap((record) => (record.barcode === null ? [] : [[record.barcode, record] as const])),
  );
  const { from, parameters } = fromBatch({
    visit_id: ['integer', await registry.visits(manager, [...byBarcode.values()])],
    barcode: ['text', [...byBarcode.keys()]],
    provenance: ['text', [...byBarcode.keys()].map(() => provenanceOfTables(registry))],
  });
  await manager.query(
    `INSERT INTO radiograph (visit_id, barcode, view, provenance)
     SELECT r.visit_id, r.barcode, 'Bilateral PA Fixed Flexion Knee', r.provenance ${from}
     WHERE NOT EXISTS (SELECT 1 FROM radiograph f WHERE f.barcode = r.barcode)`,
    parameters,
  );
  const films = await ownersOfBarcodes(manager, 'radiograph', [...byBarcode.keys()]);
  await restOnRows(
    manager,
    'radiograph',
    [...films.values()].map(({ id }) => id),
  );
}

/** What an image is that only a table tells of; its file says so itself when it comes. */
function provenanceOfTables({ phantoms }: ExamRegistry): 'REAL' | 'PHANTOM' {
  return phantoms ? 'PHANTOM' : 'REAL';
}

/** Rows of images as a table has them, and whose the stored images of their barcodes are. */
interface Foreign {
  refused: BatchOutcome['refused'];
  owners: ReadonlyMap<string, KnownImage>;
}

/** A barcode names one image of one person: a row that gives it to somebody else is refused. */
async function refuseForeignBarcodes<T extends ImageOwner & { barcode: string }>(
  manager: EntityManager,
  table: 'radiograph' | 'mri_series',
  sourced: readonly Sourced<T>[],
): Promise<{ accepted: Sourced<T>[] } & Foreign> {
  const barcodes = sourced.map(({ record }) => record.barcode);
  const owners = await ownersOfBarcodes(manager, table, barcodes);
  const accepted: Sourced<T>[] = [];
  const refused: BatchOutcome['refused'] = [];
  for (const one of sourced) {
    const { barcode, oaiId } = one.record;
    const owner = owners.get(barcode)?.oaiId ?? oaiId;
    if (owner === oaiId) accepted.push(one);
    else
      refused.push({
        line: one.line,
        reason: `Barcode ${cellInReason(barcode)} is that of an image of participant ${cellInReason(owner)}, not ${cellInReason(oaiId)}.`,
      });
  }
  return { accepted, refused, owners };
}

/** What became of a batch of which some rows would have moved an image whose pixels are stored: those are refused. */
function withoutMoves<T extends ImageOwner & { barcode: string }>(
  accepted: readonly Sourced<T>[],
  merged: { outcomes: readonly RowOutcome[]; refused: readonly number[] },
  { refused, owners }: Foreign,
): BatchOutcome {
  const moves = merged.refused.map((index) => {
    const { line, record } = accepted[index]!;
    const [barcode, is] = [cellInReason(record.barcode), inWords(owners.get(record.barcode)!)];
    return {
      line,
      reason:
        `Barcode ${barcode} is that of an image of ${is}, whose pixels were imported; nothing moves it to ${inWords(record)}. ` +
        'If the row is right, undo the import that brought the image, and import both again.',
    };
  });
  const isRefused = new Set(merged.refused);
  return { outcomes: merged.outcomes.filter((_, index) => !isRefused.has(index)), refused: [...refused, ...moves] };
}
