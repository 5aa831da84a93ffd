import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { queryRows } from '../../entities/index.js';
import { seriesOf, type StudyElement, type StudyImage, studyOf, uidInStudy } from '../../imaging/dicom/study.js';
import { BlobStoreUnavailable } from '../../storage/index.js';
import { dicomUidsOf, loadSources } from '../series/index.js';
import { readAsStored, readStored, type Storage } from './files.js';
import {
  type KeptObject,
  type MadeObjects,
  type ObjectSource,
  SOURCE,
  SOURCE_COLUMNS,
  SOURCE_TABLES,
  sourceOf,
} from './source.js';
import { LISTED } from './visible.js';

/** The study that objects are given out in. */
export interface GivenStudy {
  image: StudyImage;
  elements: readonly StudyElement[];
}

/**
 * The study of the image that something was made from. It is decided before the first object is given out, and kept, whatever becomes of the
 * image: one that is sent in two attempts is of one study. The UIDs are noted with it, by which objects are known should they come back.
 *
 * @returns null for what is of a study of its own: no DICOM object of a real image is kept that it was made from
 * @throws UserError NOT_FOUND for what has been removed meanwhile; UNAVAILABLE while what was made cannot be read
 */
export async function studyFor(storage: Storage, source: ObjectSource): Promise<GivenStudy | null> {
  const { made } = source;
  if (!made) return null;
  const { id, from: image, elements } = made;
  if (elements !== null) return image && { image, elements };
  const study = made.object && (await studyOfImage(storage, made.object));
  const own = await seriesAsMade(storage, source);
  // Another process may have decided it, or the image may have other dates now.
  if (await decide(storage, made, study, own)) return study;
  return studyFor(storage, await readAgain(storage, id));
}

/**
 * Has the objects listed under their UIDs too, whatever they were listed under before. An image whose object is being replaced is waited for.
 *
 * @returns whether it is decided so: false where the row, or the object of the image, has changed since it was read
 */
async function decide(
  { dataSource }: Storage,
  { id, revision, object }: MadeObjects,
  study: GivenStudy | null,
  own: SeriesUids,
): Promise<boolean> {
  const asMade = [own.studyUid, own.seriesUid].filter((uid) => uid !== null);
  const given = study
    ? [study.image.studyUid, own.seriesUid && uidInStudy(study.image, own.seriesUid)]
    : [own.studyUid, own.seriesUid];
  const decided = await queryRows(
    dataSource,
    z.object({ id: z.number() }),
    `WITH image AS (SELECT FROM original_object WHERE id = $8 AND asset_id = $9 FOR SHARE), decided AS (
       UPDATE dicom_series SET state = 'PENDING', made_from = $3, study_elements = $4, study_uid = $5, series_uid = $6, former_uids = former_uids || $7::text[]
       WHERE id = $1 AND revision = $2 AND study_elements IS NULL AND ($8::integer IS NULL OR EXISTS (SELECT FROM image)) RETURNING id
     ) SELECT id FROM decided`,
    [
      ...[id, revision, study && JSON.stringify(study.image), JSON.stringify(study?.elements ?? [])],
      ...[...given, study ? asMade : [], object?.id ?? null, object?.assetId ?? null],
    ],
  );
  return decided.length > 0;
}

interface SeriesUids {
  studyUid: string | null;
  seriesUid: string | null;
}

/** UIDs of what was made in a study of its own, as archives of exports have it. */
async function seriesAsMade(storage: Storage, source: ObjectSource): Promise<SeriesUids> {
  if (source.file === null && source.seriesId !== null) {
    const [volume] = await loadSources(storage.dataSource, [source.seriesId]);
    return volume ? dicomUidsOf(volume) : { studyUid: null, seriesUid: null };
  }
  for await (const { bytes } of readAsStored(storage, source, new Set([0]))) return seriesOf(bytes, 'The made object');
  return { studyUid: null, seriesUid: null };
}

/** Null where the object is lost or damaged, says of no study, or says that it is synthetic itself. */
async function studyOfImage({ store }: Storage, { instanceUids, ...object }: KeptObject): Promise<GivenStudy | null> {
  try {
    // Any of its objects says it.
    for await (const { bytes } of readStored(store, object, new Set([0]))) {
      const study = studyOf(bytes, 'The object of the image');
      return study ? { elements: study.elements, image: { ...study.image, instanceUids } } : null;
    }
  } catch (error) {
    if (!(error instanceof UserError) || error instanceof BlobStoreUnavailable) throw error;
  }
  return null;
}

async function readAgain({ dataSource }: Storage, id: number): Promise<ObjectSource> {
  const [row] = await queryRows(
    dataSource,
    SOURCE,
    `SELECT ${SOURCE_COLUMNS} ${LISTED} ${SOURCE_TABLES} WHERE d.id = $1`,
    [id],
  );
  const source = row && sourceOf(row, []);
  if (!source) throw new UserError('NOT_FOUND', 'There is no such DICOM object.');
  return source;
}
