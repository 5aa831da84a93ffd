import type { EntityManager } from 'typeorm';
import { FEATURE_CODES, type FeatureCode } from '../../domain/features.js';
import type { Side } from '../../domain/participants.js';
import { visitMonth, type VisitCode } from '../../domain/visits.js';
import {
  type ClinicalRecord,
  type EnrolleeRecord,
  type FilmRecord,
  type KneeScores,
  type ReadingRecord,
  SCORE_FIELDS,
  type SeriesRecord,
  type TableKind,
} from '../../oai/index.js';
import { updateConsensus } from './consensus.js';
import { type ExamRegistry, examsOf } from './exam-registry.js';
import { ownersOfBarcodes } from './owners.js';
import { type Batch, type Changes, countChanges, fromBatch, upsert } from './statements.js';

/** A record with the line that it came from. */
export interface Sourced<T> {
  readonly line: number;
  readonly record: T;
}

/** What a batch of rows changed, and rows that the database does not allow. */
export interface BatchOutcome extends Changes {
  refused: { line: number; reason: string }[];
}

/** Where a batch goes. */
export interface Destination {
  manager: EntityManager;
  registry: ExamRegistry;
  /** Fields that the table has columns for; nothing else is overwritten. */
  fields: readonly string[];
}

interface RecordOf {
  enrollees: EnrolleeRecord;
  clinical: ClinicalRecord;
  readings: ReadingRecord;
  films: FilmRecord;
  series: SeriesRecord;
}

/** Writes a batch of a table's records, whose keys are unique within it. */
export type WriteBatch<T> = (to: Destination, records: readonly Sourced<T>[]) => Promise<BatchOutcome>;

export const WRITE_BATCH: { readonly [K in TableKind]: WriteBatch<RecordOf[K]> } = {
  enrollees: writeEnrollees,
  clinical: writeClinical,
  readings: writeReadings,
  films: writeFilms,
  series: writeSeries,
};

async function writeEnrollees(
  { manager, registry, fields }: Destination,
  sourced: readonly Sourced<EnrolleeRecord>[],
): Promise<BatchOutcome> {
  const records = sourced.map(({ record }) => record);
  const described: Batch = {
    sex: ['text', records.map(({ sex }) => sex)],
    race: ['text', records.map(({ race }) => race)],
    hispanic: ['boolean', records.map(({ hispanic }) => hispanic)],
    cohort: ['text', records.map(({ cohort }) => cohort)],
    site: ['text', records.map(({ site }) => site)],
    cohort_half: ['smallint', records.map(({ cohortHalf }) => cohortHalf)],
  };
  const written = await upsert(manager, {
    table: 'participant',
    key: ['oai_id'],
    rows: {
      oai_id: ['text', records.map(({ oaiId }) => oaiId)],
      phantom: ['boolean', records.map(() => registry.phantoms)],
      ...described,
    },
    update: fields.map(toSnakeCase),
  });
  return { ...countChanges(written), refused: [] };
}

/** Visits and exams come to be only where a row says something of them: who missed a visit has a row of missing codes. */
async function writeClinical(to: Destination, sourced: readonly Sourced<ClinicalRecord>[]): Promise<BatchOutcome> {
  const records = sourced.map(({ record }) => record);
  const visits = await writeVisits(to, records);
  const exams = await writeScores(to, records);
  // A row of the table is a visit and two exams; it counts once.
  const outcome = new Map<number, boolean>();
  for (const { visitId, inserted } of [...visits, ...exams]) {
    outcome.set(visitId, inserted || outcome.get(visitId) === true);
  }
  return { ...countChanges([...outcome.values()].map((inserted) => ({ inserted }))), refused: [] };
}

interface WrittenVisit {
  visitId: number;
  inserted: boolean;
}

async function writeVisits(
  { manager, registry, fields }: Destination,
  records: readonly ClinicalRecord[],
): Promise<WrittenVisit[]> {
  const ids = records.map(({ oaiId }) => oaiId);
  const participants = await registry.participants(manager, ids);
  const rows = records
    .map((record, index) => ({ record, participant: participants[index]! }))
    .filter(
      ({ record, participant }) => saysAnything(record) || registry.visitOf(participant, record.visit) !== undefined,
    );
  const written = await upsert<{ visitId: number; participantId: number; code: VisitCode }>(manager, {
    table: 'visit',
    key: ['participant_id', 'code'],
    rows: {
      participant_id: ['integer', rows.map(({ participant }) => participant)],
      code: ['text', rows.map(({ record }) => record.visit)],
      month: ['smallint', rows.map(({ record }) => visitMonth(record.visit))],
      date: ['date', rows.map(({ record }) => record.date)],
      age: ['smallint', rows.map(({ record }) => record.age)],
      bmi: ['real', rows.map(({ record }) => record.bmi)],
    },
    update: fields.filter((field) => !isScore(field)),
    returning: ['id AS "visitId"', 'participant_id AS "participantId"', 'code'],
  });
  for (const { visitId, participantId, code } of written) registry.addVisit(participantId, code, visitId);
  return written;
}

async function writeScores(
  { manager, registry, fields }: Destination,
  records: readonly ClinicalRecord[],
): Promise<WrittenVisit[]> {
  const scores = SCORE_FIELDS.filter((field) => fields.includes(field));
  if (scores.length === 0) return [];
  const participants = await registry.participants(
    manager,
    records.map(({ oaiId }) => oaiId),
  );
  const rows: { visit: number; participant: number; side: Side; knee: KneeScores }[] = [];
  for (const [index, { visit: code, knees }] of records.entries()) {
    const participant = participants[index]!;
    const visit = registry.visitOf(participant, code);
    if (visit === undefined) continue;
    for (const side of ['RIGHT', 'LEFT'] as const) {
      const knee = knees[side];
      if (hasValue(knee) || registry.examOf(visit, side) !== undefined) rows.push({ visit, participant, side, knee });
    }
  }
  const written = await upsert<{ id: number; visitId: number; side: Side }>(manager, {
    table: 'knee_exam',
    key: ['visit_id', 'side'],
    rows: {
      visit_id: ['integer', rows.map(({ visit }) => visit)],
      participant_id: ['integer', rows.map(({ participant }) => participant)],
      side: ['text', rows.map(({ side }) => side)],
      ...Object.fromEntries(scores.map((field) => [toSnakeCase(field), ['real', rows.map(({ knee }) => knee[field])]])),
    },
    update: scores.map(toSnakeCase),
    returning: ['id', 'visit_id AS "visitId"', 'side'],
  });
  for (const { id, visitId, side } of written) registry.addExam(visitId, side, id);
  return written;
}

function isScore(field: string): boolean {
  return (SCORE_FIELDS as readonly string[]).includes(field);
}

function saysAnything({ date, age, bmi, knees }: ClinicalRecord): boolean {
  return date != null || age != null || bmi != null || hasValue(knees.RIGHT) || hasValue(knees.LEFT);
}

function hasValue(knee: KneeScores): boolean {
  return SCORE_FIELDS.some((field) => knee[field] != null);
}

async function writeReadings(
  { manager, registry, fields }: Destination,
  sourced: readonly Sourced<ReadingRecord>[],
): Promise<BatchOutcome> {
  const records = sourced.map(({ record }) => record);
  const grades = FEATURE_CODES.filter((code) => fields.includes(code));
  const gradeColumn = (code: FeatureCode): Batch => ({
    [code.toLowerCase()]: ['real', records.map((record) => record.grades[code])],
  });
  const written = await upsert<{ examId: number }>(manager, {
    table: 'reading',
    key: ['exam_id', 'project'],
    rows: {
      exam_id: ['integer', await registry.exams(manager, records)],
      project: ['text', records.map(({ project }) => project)],
      version: ['text', records.map(({ version }) => version)],
      missing: ['jsonb', records.map(({ missing }) => JSON.stringify(missing))],
      ...Object.assign({}, ...grades.map(gradeColumn)),
    },
    update: ['version', 'missing', ...grades.map((code) => code.toLowerCase())],
    returning: ['exam_id AS "examId"'],
  });
  await updateConsensus(
    manager,
    written.map(({ examId }) => examId),
  );
  await addFilmsThatWereRead({ manager, registry, fields }, records);
  return { ...countChanges(written), refused: [] };
}

/** The film of a reading is known by its barcode, also in a release without the XRay tables, which say more of it. */
async function addFilmsThatWereRead(
  { manager, registry }: Destination,
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
}

async function writeFilms(
  { manager, registry, fields }: Destination,
  sourced: readonly Sourced<FilmRecord>[],
): Promise<BatchOutcome> {
  const { accepted, refused } = await refuseForeignBarcodes(manager, 'radiograph', sourced);
  await registry.exams(
    manager,
    accepted.flatMap((record) => examsOf(record, record.side)),
  );
  const visits = await registry.visits(manager, accepted);
  const written = await upsert(manager, {
    table: 'radiograph',
    key: ['barcode'],
    rows: {
      visit_id: ['integer', accepted.map(({ side }, index) => (side === null ? visits[index] : null))],
      exam_id: [
        'integer',
        accepted.map(({ side }, index) => (side === null ? null : registry.examOf(visits[index]!, side))),
      ],
      barcode: ['text', accepted.map(({ barcode }) => barcode)],
      view: ['text', accepted.map(({ view }) => view)],
      provenance: ['text', accepted.map(() => provenanceOfTables(registry))],
      date: ['date', accepted.map(({ date }) => date)],
    },
    update: ['visit_id', 'exam_id', ...fields],
  });
  return { ...countChanges(written), refused };
}

async function writeSeries(
  { manager, registry, fields }: Destination,
  sourced: readonly Sourced<SeriesRecord>[],
): Promise<BatchOutcome> {
  const { accepted, refused } = await refuseForeignBarcodes(manager, 'mri_series', sourced);
  const written = await upsert(manager, {
    table: 'mri_series',
    key: ['barcode'],
    rows: {
      exam_id: ['integer', await registry.exams(manager, accepted)],
      barcode: ['text', accepted.map(({ barcode }) => barcode)],
      sequence: ['text', accepted.map(({ sequence }) => sequence)],
      provenance: ['text', accepted.map(() => provenanceOfTables(registry))],
      plane: ['text', accepted.map(({ plane }) => plane)],
      date: ['date', accepted.map(({ date }) => date)],
    },
    update: ['exam_id', ...fields],
  });
  return { ...countChanges(written), refused };
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
): Promise<{ accepted: T[]; refused: BatchOutcome['refused'] }> {
  const barcodes = sourced.map(({ record }) => record.barcode);
  const owners = await ownersOfBarcodes(manager, table, barcodes);
  const accepted: T[] = [];
  const refused: BatchOutcome['refused'] = [];
  for (const { line, record } of sourced) {
    const { barcode, oaiId } = record;
    const owner = owners.get(barcode)?.oaiId ?? oaiId;
    if (owner === oaiId) accepted.push(record);
    else
      refused.push({ line, reason: `Barcode ${barcode} is that of an image of participant ${owner}, not ${oaiId}.` });
  }
  return { accepted, refused };
}

function toSnakeCase(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
