import type { EntityManager } from 'typeorm';
import type { Side } from '../../domain/participants.js';
import { visitMonth, type VisitCode } from '../../domain/visits.js';
import {
  type AssessmentRecord,
  cellInReason,
  type ClinicalRecord,
  type EnrolleeRecord,
  type FilmRecord,
  type OutcomeRecord,
  type ReadingRecord,
  type SeriesRecord,
  type Statements,
  type TableKind,
} from '../../oai/index.js';
import { updatePreferredReadings } from './preferred-readings.js';
import { type ExamRegistry, examsOf } from './exam-registry.js';
import { FIELDS } from './cells.js';
import { mergeRows, ROW_OUTCOMES, type RowOutcome } from './merge.js';
import { ownersOfBarcodes } from './owners.js';
import { restOnRows } from './runs.js';
import type { Sources } from './sources.js';
import { fromBatch } from './statements.js';

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

interface RecordOf {
  enrollees: EnrolleeRecord;
  clinical: ClinicalRecord;
  readings: ReadingRecord;
  films: FilmRecord;
  series: SeriesRecord;
  assessments: AssessmentRecord;
  outcomes: OutcomeRecord;
}

/** Writes a batch of a table's records, whose keys are unique within it. */
export type WriteBatch<T> = (to: Destination, records: readonly Sourced<T>[]) => Promise<BatchOutcome>;

export const WRITE_BATCH: { readonly [K in TableKind]: WriteBatch<RecordOf[K]> } = {
  enrollees: writeEnrollees,
  clinical: writeClinical,
  readings: writeReadings,
  films: writeFilms,
  series: writeSeries,
  // No column of ours takes anything of them: the store does (stored-values.ts).
  assessments: (_, sourced) => Promise.resolve({ outcomes: sourced.map(() => 'unchanged'), refused: [] }),
  outcomes: writeOutcomes,
};

async function writeEnrollees(
  { manager, registry, sources }: Destination,
  sourced: readonly Sourced<EnrolleeRecord>[],
): Promise<BatchOutcome> {
  const ids = sourced.map(({ record }) => record.oaiId);
  const { outcomes } = await mergeRows(manager, sources, {
    table: 'participant',
    key: { oai_id: ['text', ids] },
    insert: { phantom: ['boolean', ids.map(() => registry.phantoms)] },
    fields: FIELDS.participant,
    rows: sourced.map(({ line, record: { version, said } }) => ({ line, version, said })),
  });
  return { outcomes, refused: [] };
}

/** Visits and exams come to be only where a row says something of them: who missed a visit has a row of missing codes. */
async function writeClinical(to: Destination, sourced: readonly Sourced<ClinicalRecord>[]): Promise<BatchOutcome> {
  const { manager, registry } = to;
  const participants = await registry.participants(
    manager,
    sourced.map(({ record }) => record.oaiId),
  );
  const rows = sourced.map((row, index) => ({ ...row, participant: participants[index]! }));
  // A row of the table is a visit and two exams.
  const { note, outcomes } = countedOnce(rows);
  await writeVisits(to, rows, note);
  await writeScores(to, rows, note);
  return { outcomes: outcomes(), refused: [] };
}

/** Where a row of a table is several of the database it counts once, as the first of the outcomes that any of them has. */
function countedOnce(rows: readonly { line: number }[]): { note: Note; outcomes: () => RowOutcome[] } {
  const known = new Map<number, RowOutcome>();
  return {
    note: (line, outcome) => {
      const before = known.get(line) ?? 'unchanged';
      if (ROW_OUTCOMES.indexOf(outcome) <= ROW_OUTCOMES.indexOf(before)) known.set(line, outcome);
    },
    outcomes: () => rows.map(({ line }) => known.get(line) ?? 'unchanged'),
  };
}

interface ClinicalRow extends Sourced<ClinicalRecord> {
  participant: number;
}

type Note = (line: number, outcome: RowOutcome) => void;

async function writeVisits(
  { manager, registry, sources }: Destination,
  clinical: readonly ClinicalRow[],
  note: Note,
): Promise<void> {
  const rows = clinical.filter(
    ({ record: { visit, said, knees }, participant, keeps }) =>
      [said, knees.RIGHT, knees.LEFT].some(hasValue) ||
      keeps?.visit ||
      registry.visitOf(participant, visit) !== undefined,
  );
  const { outcomes, written } = await mergeRows<{ id: number; participantId: number; code: VisitCode }>(
    manager,
    sources,
    {
      table: 'visit',
      key: {
        participant_id: ['integer', rows.map(({ participant }) => participant)],
        code: ['text', rows.map(({ record }) => record.visit)],
      },
      insert: { month: ['smallint', rows.map(({ record }) => visitMonth(record.visit))] },
      fields: FIELDS.visit,
      rows: rows.map(({ line, record: { version, said } }) => ({ line, version, said })),
      returning: ['id', 'participant_id AS "participantId"', 'code'],
    },
  );
  for (const { id, participantId, code } of written) registry.addVisit(participantId, code, id);
  for (const [index, { line }] of rows.entries()) note(line, outcomes[index]!);
}

async function writeScores(
  { manager, registry, sources }: Destination,
  clinical: readonly ClinicalRow[],
  note: Note,
): Promise<void> {
  const rows = clinical.flatMap(({ line, record, participant, keeps }) => {
    const visit = registry.visitOf(participant, record.visit);
    if (visit === undefined) return [];
    return (['RIGHT', 'LEFT'] as const).flatMap((side) => {
      const said = record.knees[side];
      const known = registry.examOf(visit, side) !== undefined && Object.keys(said).length > 0;
      const spoken = hasValue(said) || keeps?.[side] || known;
      return spoken ? [{ line, version: record.version, visit, participant, side, said }] : [];
    });
  });
  const { outcomes, written } = await mergeRows<{ id: number; visitId: number; side: Side }>(manager, sources, {
    table: 'knee_exam',
    key: {
      visit_id: ['integer', rows.map(({ visit }) => visit)],
      side: ['text', rows.map(({ side }) => side)],
    },
    insert: { participant_id: ['integer', rows.map(({ participant }) => participant)] },
    fields: FIELDS.knee_exam,
    rows,
    returning: ['id', 'visit_id AS "visitId"', 'side'],
  });
  for (const { id, visitId, side } of written) registry.addExam(visitId, side, id);
  for (const [index, { line }] of rows.entries()) note(line, outcomes[index]!);
}

function hasValue(said: Statements): boolean {
  return Object.values(said).some(({ value }) => value !== null);
}

/** Joints come to be only where a row says something of them. */
async function writeOutcomes(to: Destination, sourced: readonly Sourced<OutcomeRecord>[]): Promise<BatchOutcome> {
  const { manager, registry, sources } = to;
  const ids = sourced.map(({ record }) => record.oaiId);
  // A row of the table is a participant and four joints.
  const { note, outcomes } = countedOnce(sourced);
  const { outcomes: ofParticipants } = await mergeRows(manager, sources, {
    table: 'participant',
    key: { oai_id: ['text', ids] },
    insert: { phantom: ['boolean', ids.map(() => registry.phantoms)] },
    fields: FIELDS.participant,
    rows: sourced.map(({ line, record: { version, said } }) => ({ line, version, said })),
  });
  for (const [index, { line }] of sourced.entries()) note(line, ofParticipants[index]!);
  const participants = await registry.participants(manager, ids);
  const rows = sourced.flatMap(({ line, record: { version, joints } }, index) =>
    joints
      .filter(({ said }) => hasValue(said))
      .map(({ joint, side, said }) => ({ line, version, participant: participants[index]!, joint, side, said })),
  );
  const { outcomes: ofJoints } = await mergeRows(manager, sources, {
    table: 'joint_outcome',
    key: {
      participant_id: ['integer', rows.map(({ participant }) => participant)],
      joint: ['text', rows.map(({ joint }) => joint)],
      side: ['text', rows.map(({ side }) => side)],
    },
    fields: FIELDS.joint_outcome,
    rows,
  });
  for (const [index, { line }] of rows.entries()) note(line, ofJoints[index]!);
  return { outcomes: outcomes(), refused: [] };
}

async function writeReadings(
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

async function writeFilms(
  { manager, registry, sources }: Destination,
  sourced: readonly Sourced<FilmRecord>[],
): Promise<BatchOutcome> {
  const { accepted, refused } = await refuseForeignBarcodes(manager, 'radiograph', sourced);
  const records = accepted.map(({ record }) => record);
  await registry.exams(
    manager,
    records.flatMap((record) => examsOf(record, record.side)),
  );
  const visits = await registry.visits(manager, records);
  const { outcomes } = await mergeRows(manager, sources, {
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
  return { outcomes, refused };
}

async function writeSeries(
  { manager, registry, sources }: Destination,
  sourced: readonly Sourced<SeriesRecord>[],
): Promise<BatchOutcome> {
  const { accepted, refused } = await refuseForeignBarcodes(manager, 'mri_series', sourced);
  const records = accepted.map(({ record }) => record);
  const { outcomes } = await mergeRows(manager, sources, {
    table: 'mri_series',
    key: { barcode: ['text', records.map(({ barcode }) => barcode)] },
    insert: { provenance: ['text', records.map(() => provenanceOfTables(registry))] },
    owner: { exam_id: ['integer', await registry.exams(manager, records)] },
    fields: FIELDS.mri_series,
    rows: accepted.map(({ line, record: { version, said } }) => ({ line, version, said })),
  });
  return { outcomes, refused };
}

/** What an image is that only a table tells of; its file says so itself when it comes. */
function provenanceOfTables({ phantoms }: ExamRegistry): 'REAL' | 'PHANTOM' {
  return phantoms ? 'PHANTOM' : 'REAL';
}

/** A barcode names one image of one person: a row that gives it to somebody else is refused. */
async function refuseForeignBarcodes<T extends { oaiId: string; barcode: string }>(
  manager: EntityManager,
  table: 'radiograph' | 'mri_series',
  sourced: readonly Sourced<T>[],
): Promise<{ accepted: Sourced<T>[]; refused: BatchOutcome['refused'] }> {
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
  return { accepted, refused };
}
