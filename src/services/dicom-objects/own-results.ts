import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { queryRows } from '../../entities/index.js';
import type { DicomAttributes } from '../../imaging/dicom/attributes.js';

/**
 * Whether an object was made by a bundle, as its header says or its series tells: a PACS, or an archive of an export, may give back what it
 * was given, also once it has been deleted here.
 */
export async function isOwnResult(
  database: DataSource | EntityManager,
  { seriesUid, madeByBundle }: Pick<DicomAttributes, 'seriesUid' | 'madeByBundle'>,
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
