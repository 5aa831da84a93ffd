import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { encodeId, type NodeType } from '../../domain/global-ids.js';
import { kneeKey, kneesOf } from '../../domain/knees.js';
import { queryRecords, queryRows } from '../../entities/index.js';
import { idsOf, type Person } from './person.js';

/** Texts by which others may know a participant, their images and what was made from these, and the columns that hold them: SQL. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  participant: ['oai_id'],
  radiograph: ['barcode', 'source_uid', 'sop_instance_uid', 'content_sha256'],
  mri_series: ['barcode', 'source_uid', 'content_sha256'],
  original_object: ['study_uid', 'series_uid'],
  dicom_series: ['study_uid', 'series_uid', 'former_uids', `made_from ->> 'studyUid'`, `made_from ->> 'seriesUid'`],
  former_result: ['uids'],
};

/** The names of a participant's rows. To be read before they are removed. */
export async function namesOf(manager: EntityManager, person: Person): Promise<string[]> {
  const names = new Set<string>();
  for (const [table, columns] of Object.entries(NAMES)) {
    const rows = await queryRecords(
      manager,
      `SELECT ${columns.map((column, at) => `${column} AS c${at}`).join(', ')} FROM ${table} WHERE id = ANY($1::integer[])`,
      [idsOf(person, table)],
    );
    for (const name of rows.flatMap((row) => Object.values(row).flat())) if (typeof name === 'string') names.add(name);
  }
  // UIDs of objects that an import has replaced, or its undoing: what was fetched under them is in the audit.
  const replaced = await queryRows(
    manager,
    z.object({ uid: z.string().nullable() }),
    `SELECT unnest(ARRAY[before ->> 'study_uid', before ->> 'series_uid']) AS uid FROM import_change
     WHERE table_name = 'original_object' AND row_id = ANY($1::integer[])`,
    [idsOf(person, 'original_object')],
  );
  for (const { uid } of replaced) if (uid !== null) names.add(uid);
  return [...names];
}

/** How the API and the audit call the participant's rows. */
export function nodesOf(person: Person): string[] {
  const kinds: readonly (readonly [table: string, type: NodeType])[] = [
    ['participant', 'Participant'],
    ['visit', 'Visit'],
    ['knee_exam', 'KneeExam'],
    ['reading', 'Reading'],
    ['radiograph', 'Radiograph'],
    ['mri_series', 'MriSeries'],
    ['generation', 'Generation'],
    ['radiograph_reading', 'RadiographReading'],
  ];
  const knees = idsOf(person, 'participant').flatMap((id) => kneesOf(Number(id)));
  const rows = kinds.flatMap(([table, type]) =>
    idsOf(person, table).flatMap((id) => (/^\d+$/.test(id) ? [encodeId(type, Number(id))] : [encodeId(type, id), id])),
  );
  return [...rows, ...knees.map((knee) => encodeId('Knee', kneeKey(knee)))];
}

/** Members of the audit's JSON that hold a row's key as a number, and the row's table. */
export const AUDITED_KEYS: Readonly<Record<string, string>> = {
  examId: 'knee_exam',
  visitId: 'visit',
  radiographId: 'radiograph',
  seriesId: 'mri_series',
  sourceSeriesId: 'mri_series',
};
