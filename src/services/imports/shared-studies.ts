import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { queryRow, queryRows } from '../../entities/index.js';
import { redateDicom, redateElements } from '../../imaging/deidentification/index.js';
import { STUDY_ELEMENT } from '../../imaging/dicom/study.js';
import { type BlobStore, letGo } from '../../storage/index.js';
import { daysBackOf, settleDaysBack } from '../access/index.js';
import { LISTED } from '../dicom-objects/index.js';
import { rewriteOriginal } from '../files/index.js';

/** An image that comes in, of which a release may have the study too, or somebody may have added it by hand. */
export interface StudyMet {
  oaiId: string;
  /** As kept objects have it. */
  studyUid: string;
  /** Day that the header says, ISO 8601. */
  day: string;
  /** Day that the release publishes; null for an image that is added by hand. */
  published: string | null;
}

/** The images of a participant ($1); those without a barcode and a release were added by hand. */
const IMAGES = `(
  SELECT 'radiograph' AS kind, r.id, r.date, r.barcode IS NULL AND r.release IS NULL AS by_hand FROM radiograph r
   WHERE r.visit_id IN (SELECT v.id FROM visit v JOIN participant p ON p.id = v.participant_id WHERE p.oai_id = $1)
  UNION ALL
  SELECT 'radiograph', r.id, r.date, r.barcode IS NULL AND r.release IS NULL FROM radiograph r
   WHERE r.exam_id IN (SELECT e.id FROM knee_exam e JOIN participant p ON p.id = e.participant_id WHERE p.oai_id = $1)
  UNION ALL
  SELECT 'mri_series', s.id, s.date, s.barcode IS NULL AND s.release IS NULL FROM mri_series s
   WHERE s.exam_id IN (SELECT e.id FROM knee_exam e JOIN participant p ON p.id = e.participant_id WHERE p.oai_id = $1)
)`;

const OBJECTS = `original_object o ON (i.kind = 'radiograph' AND o.radiograph_id = i.id) OR (i.kind = 'mri_series' AND o.series_id = i.id)`;

/**
 * How many days the dates of a participant's images go back. Where a study is in a release and among images added by hand it is the number that
 * brings the one to the day of the other: two numbers would tell each other. Images that were added by hand before get their dates by it too.
 */
export async function daysBackFor(manager: EntityManager, store: BlobStore, met: StudyMet): Promise<number> {
  const { oaiId, studyUid, day, published } = met;
  const [other] = await queryRows(
    manager,
    z.object({ date: z.string() }),
    `SELECT to_char(i.date, 'YYYY-MM-DD') AS date FROM ${IMAGES} i JOIN ${OBJECTS}
     WHERE o.study_uid = $2 AND i.date IS NOT NULL AND i.by_hand = $3 LIMIT 1`,
    [oaiId, studyUid, published !== null],
  );
  const before = await daysBackOf(manager, oaiId);
  if (!other) return before;
  const daysBack = published === null ? daysBetween(day, other.date) : daysBetween(other.date, published) + before;
  const settled = await settleDaysBack(manager, oaiId, daysBack);
  if (settled === null) return before;
  if (settled !== daysBack) await redate(manager, store, oaiId, { earlier: daysBack - settled, daysBack });
  return daysBack;
}

/** Days from one to another day, ISO 8601. */
export function daysBetween(later: string, earlier: string): number {
  return (Date.parse(later) - Date.parse(earlier)) / 86_400_000;
}

/** Gives all images that were added by hand other dates, in their rows, in their objects, and in what undoing goes back to. */
async function redate(
  manager: EntityManager,
  store: BlobStore,
  oaiId: string,
  by: { earlier: number; daysBack: number },
): Promise<void> {
  // It is not this import that says so of them: undoing it does not bring their old dates back.
  const { run } = await queryRow(
    manager,
    z.object({ run: z.string().nullable() }),
    `SELECT current_setting('osteograph.import', true) AS run`,
  );
  await manager.query(`SELECT set_config('osteograph.import', '', true)`);
  for (const table of ['radiograph', 'mri_series']) {
    await manager.query(
      `UPDATE import_change c SET before = jsonb_set(c.before, '{date}', to_jsonb((c.before ->> 'date')::date - $2::integer))
       FROM ${IMAGES} i WHERE i.by_hand AND i.kind = '${table}' AND c.table_name = '${table}' AND c.row_id = i.id AND c.before ->> 'date' IS NOT NULL`,
      [oaiId, by.earlier],
    );
    await manager.query(
      `UPDATE ${table} t SET date = t.date - $2::integer FROM ${IMAGES} i WHERE i.by_hand AND i.kind = '${table}' AND t.id = i.id`,
      [oaiId, by.earlier],
    );
  }
  const objects = await queryRows(
    manager,
    z.object({ id: z.number() }),
    `SELECT o.id FROM ${IMAGES} i JOIN ${OBJECTS} WHERE i.by_hand`,
    [oaiId],
  );
  const ids = objects.map(({ id }) => id);
  const assets = await queryRows(
    manager,
    z.object({ id: z.number(), sha256: z.string(), storageKey: z.string(), mediaType: z.string() }),
    `SELECT id, sha256, storage_key AS "storageKey", media_type AS "mediaType" FROM asset WHERE id IN (
       SELECT asset_id FROM original_object WHERE id = ANY($1)
       UNION SELECT asset_id FROM import_change WHERE table_name = 'original_object' AND row_id = ANY($1))`,
    [ids],
  );
  for (const asset of assets) {
    const redated = await rewriteOriginal(manager, store, asset, (bytes) =>
      redateDicom({ bytes, name: 'The object' }, by),
    );
    await manager.query('UPDATE original_object SET asset_id = $3 WHERE asset_id = $2 AND id = ANY($1)', [
      ids,
      asset.id,
      redated.id,
    ]);
    await manager.query(
      `UPDATE import_change SET asset_id = $3, before = jsonb_set(before, '{asset_id}', to_jsonb($3::integer))
       WHERE table_name = 'original_object' AND row_id = ANY($1) AND asset_id = $2`,
      [ids, asset.id, redated.id],
    );
  }
  await redateResults(manager, oaiId, by);
  await manager.query(`SELECT set_config('osteograph.import', $1, true)`, [run ?? '']);
  // Their files go with the next sweep.
  await letGo(
    manager,
    assets.map(({ sha256 }) => sha256),
  );
}

/** What was made from these images says the days of their studies, too: it is listed anew. */
async function redateResults(
  manager: EntityManager,
  oaiId: string,
  by: { earlier: number; daysBack: number },
): Promise<void> {
  const results = await queryRows(
    manager,
    z.object({ id: z.number(), elements: z.array(STUDY_ELEMENT).nullable() }),
    `SELECT d.id, d.study_elements AS elements ${LISTED}
     JOIN ${IMAGES} i ON i.by_hand AND ((i.kind = 'radiograph' AND i.id IN (g.radiograph_id, k.radiograph_id)) OR (i.kind = 'mri_series' AND g.source_series_id = i.id))
     ORDER BY d.id FOR UPDATE OF d`,
    [oaiId],
  );
  for (const { id, elements } of results) {
    const redated = elements && JSON.stringify(redateElements(elements, by));
    await manager.query(
      `UPDATE dicom_series SET study_elements = $2, state = 'PENDING', revision = revision + 1 WHERE id = $1`,
      [id, redated],
    );
  }
}
