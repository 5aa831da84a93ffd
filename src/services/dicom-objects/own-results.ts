import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { queryRows } from '../../entities/index.js';
import type { DicomAttributes } from '../../imaging/dicom/attributes.js';
import { refuseFile } from '../../imaging/refuse.js';

/** What tells whose an object is. */
type OfSeries = Pick<DicomAttributes, 'seriesUid' | 'madeByBundle'>;

/**
 * Whether an object was made by a bundle, as its header says or its series tells: a PACS, or an archive of an export, may give back what it
 * was given, also once it has been deleted here.
 */
export async function isOwnResult(
  database: DataSource | EntityManager,
  { seriesUid, madeByBundle }: OfSeries,
): Promise<boolean> {
  if (madeByBundle) return true;
  const found = await queryRows(
    database,
    z.object({ id: z.number() }),
    `(SELECT id FROM dicom_series WHERE original_id IS NULL AND (series_uid = $1 OR former_uids @> ARRAY[$1])
      UNION ALL SELECT id FROM former_result WHERE uids @> ARRAY[$1]) LIMIT 1`,
    [seriesUid],
  );
  return found.length > 0;
}

/** @throws UserError FILE_REFUSED for such an object */
export async function refuseOwnResult(
  database: DataSource | EntityManager,
  object: OfSeries,
  file: string,
): Promise<void> {
  if (await isOwnResult(database, object)) {
    refuseFile(file, 'was made by a bundle of Osteograph, and is no image that was taken of anybody');
  }
}
