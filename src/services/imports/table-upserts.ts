import type { EntityManager } from 'typeorm';
import { FEATURE_CODES } from '../../domain/features.js';
import { visitMonth } from '../../domain/visits.js';
import {
  type ClinicalRecord,
  type EnrolleeRecord,
  type FilmRecord,
  type ReadingRecord,
  SCORE_FIELDS,
  type SeriesRecord,
  type TableKind,
} from '../../oai/index.js';
import { updateConsensus } from './consensus.js';
import { ensureExams, ensureParticipants, examsOf, PHANTOM_ID } from './ensure.js';
import { ownersOfBarcodes } from './owners.js';
import { type Changes, countChanges, fromRecords, onConflict, type RecordColumns, runBatch } from './statements.js';

/** A record with the line that it came from. */
export type Sourced<T> = T & { readonly line: number };

/** What a batch of rows changed, and rows that the database does not allow. */
export interface BatchOutcome extends Changes {
  refused: { line: number; reason: string }[];
}

interface RecordOf {
  enrollees: EnrolleeRecord;
  clinical: ClinicalRecord;
  readings: ReadingRecord;
  films: FilmRecord;
  series: SeriesRecord;
}

/**
 * Writes a batch of a table's records; `fields` are those that the table has columns for, and nothing else is overwritten.
 * Keys are unique within the batch.
 */
export type WriteBatch<T> = (
  manager: EntityManager,
  records: readonly Sourced<T>[],
  fields: readonly string[],
) => Promise<BatchOutcome>;

export const WRITE_BATCH: { readonly [K in TableKind]: WriteBatch<RecordOf[K]> } = {
  enrollees: writeEnrollees,
  clinical: writeClinical,
  readings: writeReadings,
  films: writeFilms,
  series: writeSeries,
};

const ENROLLEE_COLUMNS: Readonly<Record<string, string>> = {
  sex: 'sex',
  race: 'race',
  hispanic: 'hispanic',
  cohort: 'cohort',
  site: 'site',
  cohortHalf: 'cohort_half',
};

async function writeEnrollees(
  manager: EntityManager,
  records: readonly Sourced<EnrolleeRecord>[],
  fields: readonly string[],
): Promise<BatchOutcome> {
  const columns = fields.map((field) => ENROLLEE_COLUMNS[field]!);
  const rows = await runBatch<{ inserted: boolean }>(
    manager,
    `INSERT INTO participant (${['oai_id', 'phantom', ...columns].join(', ')})
     SELECT ${['oai_id', `oai_id LIKE '${PHANTOM_ID}'`, ...columns].join(', ')}
     ${fromRecords({ oai_id: 'text', sex: 'text', race: 'text', hispanic: 'boolean', cohort: 'text', site: 'text', cohort_half: 'smallint' })}
     ${onConflict('participant', ['oai_id'], columns)} RETURNING (xmax = 0) AS inserted`,
    records.map(({ oaiId, cohortHalf, ...rest }) => ({ ...rest, oai_id: oaiId, cohort_half: cohortHalf })),
  );
  return { ...countChanges(rows), refused: [] };
}

const SCORE_COLUMNS = new Map(
  SCORE_FIELDS.map((field) => [field as string, field.replace(/[A-Z]/, (letter) => `_${letter.toLowerCase()}`)]),
);
const EXAM_KEY: RecordColumns = { oai_id: 'text', code: 'text', side: 'text' };

/** Visits and exams come to be only where a row says something of them: who missed a visit has a row of missing codes. */
async function writeClinical(
  manager: EntityManager,
  records: readonly Sourced<ClinicalRecord>[],
  fields: readonly string[],
): Promise<BatchOutcome> {
  await ensureParticipants(
    manager,
    records.map(({ oaiId }) => oaiId),
  );
  const visitColumns = fields.filter((field) => !SCORE_COLUMNS.has(field));
  const scoreFields = SCORE_FIELDS.filter((field) => fields.includes(field));
  const scoreColumns = scoreFields.map((field) => SCORE_COLUMNS.get(field)!);
  const visits = records.map(({ oaiId, visit, date = null, age = null, bmi = null, knees }) => {
    const scores = [knees.RIGHT, knees.LEFT].flatMap((knee) => Object.values(knee) as (number | null)[]);
    const says = [date, age, bmi, ...scores].some((value) => value !== null);
    return { oai_id: oaiId, code: visit, month: visitMonth(visit), date, age, bmi, says };
  });
  const changedVisits = await runBatch<{ visitId: number; inserted: boolean }>(
    manager,
    `INSERT INTO visit (${['participant_id', 'code', 'month', ...visitColumns].join(', ')})
     SELECT ${['p.id', 'r.code', 'r.month', ...visitColumns.map((column) => `r.${column}`)].join(', ')}
     ${fromRecords({ oai_id: 'text', code: 'text', month: 'smallint', date: 'date', age: 'smallint', bmi: 'real', says: 'boolean' })}
     JOIN participant p ON p.oai_id = r.oai_id
     WHERE r.says OR EXISTS (SELECT 1 FROM visit v WHERE v.participant_id = p.id AND v.code = r.code)
     ${onConflict('visit', ['participant_id', 'code'], visitColumns)} RETURNING id AS "visitId", (xmax = 0) AS inserted`,
    visits,
  );
  if (scoreColumns.length === 0) return { ...countChanges(changedVisits), refused: [] };
  const exams = records.flatMap(({ oaiId, visit, knees }) =>
    (['RIGHT', 'LEFT'] as const).map((side) => {
      const scores = scoreFields.map((field, index) => [scoreColumns[index]!, knees[side][field] ?? null] as const);
      return {
        oai_id: oaiId,
        code: visit,
        side,
        says: scores.some(([, score]) => score !== null),
        ...Object.fromEntries(scores),
      };
    }),
  );
  const types = Object.fromEntries(scoreColumns.map((column) => [column, 'real']));
  const changedExams = await runBatch<{ visitId: number; inserted: boolean }>(
    manager,
    `INSERT INTO knee_exam (${['visit_id', 'participant_id', 'side', ...scoreColumns].join(', ')})
     SELECT ${['v.id', 'p.id', 'r.side', ...scoreColumns.map((column) => `r.${column}`)].join(', ')}
     ${fromRecords({ ...EXAM_KEY, says: 'boolean', ...types })}
     JOIN participant p ON p.oai_id = r.oai_id JOIN visit v ON v.participant_id = p.id AND v.code = r.code
     WHERE r.says OR EXISTS (SELECT 1 FROM knee_exam e WHERE e.visit_id = v.id AND e.side = r.side)
     ${onConflict('knee_exam', ['visit_id', 'side'], scoreColumns)} RETURNING visit_id AS "visitId", (xmax = 0) AS inserted`,
    exams,
  );
  // A row of the table is a visit and two exams; it counts once.
  const outcome = new Map<number, boolean>();
  for (const { visitId, inserted } of [...changedVisits, ...changedExams])
    outcome.set(visitId, inserted || outcome.get(visitId) === true);
  return { ...countChanges([...outcome.values()].map((inserted) => ({ inserted }))), refused: [] };
}

const GRADE_TYPES = Object.fromEntries(FEATURE_CODES.map((code) => [code.toLowerCase(), 'real']));

async function writeReadings(
  manager: EntityManager,
  records: readonly Sourced<ReadingRecord>[],
  fields: readonly string[],
): Promise<BatchOutcome> {
  await ensureExams(manager, records);
  const grades = fields.map((field) => field.toLowerCase());
  const columns = ['version', 'missing', ...grades];
  const changed = await runBatch<{ examId: number; inserted: boolean }>(
    manager,
    `INSERT INTO reading (${['exam_id', 'project', ...columns].join(', ')})
     SELECT ${['e.id', 'r.project', ...columns.map((column) => `r.${column}`)].join(', ')}
     ${fromRecords({ ...EXAM_KEY, project: 'text', version: 'text', missing: 'jsonb', ...GRADE_TYPES })}
     JOIN participant p ON p.oai_id = r.oai_id JOIN visit v ON v.participant_id = p.id AND v.code = r.code
     JOIN knee_exam e ON e.visit_id = v.id AND e.side = r.side
     ${onConflict('reading', ['exam_id', 'project'], columns)} RETURNING exam_id AS "examId", (xmax = 0) AS inserted`,
    records.map(({ oaiId, visit, side, project, version, missing, grades: read }) => ({
      ...{ oai_id: oaiId, code: visit, side, project, version, missing },
      ...Object.fromEntries(
        fields.map((field, index) => [grades[index]!, (read as Record<string, number | null>)[field]]),
      ),
    })),
  );
  await updateConsensus(
    manager,
    changed.map(({ examId }) => examId),
  );
  await addFilmsThatWereRead(manager, records);
  return { ...countChanges(changed), refused: [] };
}

/** The film of a reading is known by its barcode, also in a release without the XRay tables, which say more of it. */
async function addFilmsThatWereRead(manager: EntityManager, records: readonly ReadingRecord[]): Promise<void> {
  const films = new Map(
    records.flatMap(({ oaiId, visit, barcode }) =>
      barcode ? [[barcode, { oai_id: oaiId, code: visit, barcode }]] : [],
    ),
  );
  await runBatch(
    manager,
    `INSERT INTO radiograph (visit_id, barcode, view)
     SELECT v.id, r.barcode, 'Bilateral PA Fixed Flexion Knee' ${fromRecords({ oai_id: 'text', code: 'text', barcode: 'text' })}
     JOIN participant p ON p.oai_id = r.oai_id JOIN visit v ON v.participant_id = p.id AND v.code = r.code
     WHERE NOT EXISTS (SELECT 1 FROM radiograph f WHERE f.barcode = r.barcode)
     ON CONFLICT DO NOTHING`,
    [...films.values()],
  );
}

async function writeFilms(
  manager: EntityManager,
  records: readonly Sourced<FilmRecord>[],
  fields: readonly string[],
): Promise<BatchOutcome> {
  const { accepted, refused } = await refuseForeignBarcodes(manager, 'radiograph', records);
  await ensureExams(
    manager,
    accepted.flatMap((record) => examsOf(record, record.side)),
  );
  const rows = await runBatch<{ inserted: boolean }>(
    manager,
    `INSERT INTO radiograph (visit_id, exam_id, barcode, view, date)
     SELECT CASE WHEN r.side IS NULL THEN v.id END, e.id, r.barcode, r.view, r.date
     ${fromRecords({ ...EXAM_KEY, barcode: 'text', view: 'text', date: 'date' })}
     JOIN participant p ON p.oai_id = r.oai_id JOIN visit v ON v.participant_id = p.id AND v.code = r.code
     LEFT JOIN knee_exam e ON e.visit_id = v.id AND e.side = r.side
     ${onConflict('radiograph', ['barcode'], ['visit_id', 'exam_id', ...fields])} RETURNING (xmax = 0) AS inserted`,
    accepted.map(({ oaiId, visit, side, barcode, view, date }) => ({
      oai_id: oaiId,
      code: visit,
      side,
      barcode,
      view,
      date,
    })),
  );
  return { ...countChanges(rows), refused };
}

async function writeSeries(
  manager: EntityManager,
  records: readonly Sourced<SeriesRecord>[],
  fields: readonly string[],
): Promise<BatchOutcome> {
  const { accepted, refused } = await refuseForeignBarcodes(manager, 'mri_series', records);
  await ensureExams(manager, accepted);
  const rows = await runBatch<{ inserted: boolean }>(
    manager,
    `INSERT INTO mri_series (exam_id, barcode, sequence, plane, date)
     SELECT e.id, r.barcode, r.sequence, r.plane, r.date
     ${fromRecords({ ...EXAM_KEY, barcode: 'text', sequence: 'text', plane: 'text', date: 'date' })}
     JOIN participant p ON p.oai_id = r.oai_id JOIN visit v ON v.participant_id = p.id AND v.code = r.code
     JOIN knee_exam e ON e.visit_id = v.id AND e.side = r.side
     ${onConflict('mri_series', ['barcode'], ['exam_id', ...fields])} RETURNING (xmax = 0) AS inserted`,
    accepted.map(({ oaiId, visit, side, barcode, sequence, plane, date }) => ({
      ...{ oai_id: oaiId, code: visit, side },
      ...{ barcode, sequence, plane, date },
    })),
  );
  return { ...countChanges(rows), refused };
}

/** A barcode names one image of one person: a row that gives it to somebody else is refused. */
async function refuseForeignBarcodes<T extends { oaiId: string; barcode: string }>(
  manager: EntityManager,
  table: 'radiograph' | 'mri_series',
  records: readonly Sourced<T>[],
): Promise<{ accepted: Sourced<T>[]; refused: BatchOutcome['refused'] }> {
  const owners = await ownersOfBarcodes(
    manager,
    table,
    records.map(({ barcode }) => barcode),
  );
  const accepted: Sourced<T>[] = [];
  const refused: BatchOutcome['refused'] = [];
  for (const record of records) {
    const owner = owners.get(record.barcode)?.oaiId ?? record.oaiId;
    if (owner === record.oaiId) accepted.push(record);
    else
      refused.push({
        line: record.line,
        reason: `Barcode ${record.barcode} is that of an image of participant ${owner}, not ${record.oaiId}.`,
      });
  }
  return { accepted, refused };
}
