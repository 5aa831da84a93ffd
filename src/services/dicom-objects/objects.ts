import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { queryRows } from '../../entities/index.js';
import { enterStudy } from '../../imaging/dicom/study.js';
import type { Principal } from '../../policy/index.js';
import { type PlacedFile, readAsStored, type Storage } from './files.js';
import { type ObjectSource, SOURCE, SOURCE_COLUMNS, SOURCE_TABLES, sourceOf } from './source.js';
import { studyFor } from './study.js';
import { LISTED, sightOf, VISIBLE, visibleTo } from './visible.js';

/** Where an object stands in DICOM's hierarchy; the fewer parts, the more objects. */
export interface DicomPath {
  studyUid: string;
  seriesUid?: string | undefined;
  instanceUid?: string | undefined;
}

/** The objects of one image that somebody may have. */
export interface FoundSeries {
  id: number;
  studyUid: string;
  seriesUid: string;
  /** Of those that were asked for; in the order of the image. */
  wanted: ReadonlySet<string>;
  source: ObjectSource;
}

/** A DICOM object as a part 10 file. */
export interface GivenObject {
  studyUid: string;
  seriesUid: string;
  instanceUid: string;
  bytes: Uint8Array;
}

const FOUND = SOURCE.extend({
  studyUid: z.string(),
  seriesUid: z.string(),
  instanceUids: z.array(z.string()),
});

const OBJECTS = SOURCE.extend({
  listed: z.number().nullable(),
  slices: z.number().nullable(),
});

/** All objects of one image of the list, whether they are listed by now or not. */
export interface ImageObjects {
  /** Undefined where there are none: a generation that makes no DICOM. */
  source: ObjectSource | undefined;
  /** How many they are; null before they are counted. */
  count: number | null;
}

/** @param id of dicom_series; undefined where it is gone */
export async function objectsOf(dataSource: DataSource, id: number): Promise<ImageObjects | undefined> {
  const [row] = await queryRows(
    dataSource,
    OBJECTS,
    `SELECT CASE WHEN d.state = 'LISTED' THEN d.instance_count END AS listed,
       s.slice_count AS slices, ${SOURCE_COLUMNS}
     ${LISTED} ${SOURCE_TABLES} WHERE d.id = $1`,
    [id],
  );
  if (!row) return undefined;
  const source = sourceOf(row, []);
  const made = source?.file === null ? row.slices : null;
  return { source, count: row.listed ?? made };
}

/**
 * What a path leads to for a principal, by series; of objects that two images share, as echoes in one file do, each once. Where a corrected image
 * lies beside the one that it corrects, objects of one UID are those of the image that has the barcode, else of the newest.
 *
 * @throws UserError NOT_FOUND when there is nothing, or nothing that they may see
 */
export async function findSeries(
  dataSource: DataSource,
  principal: Pick<Principal, 'tokenId' | 'role'>,
  { studyUid, seriesUid, instanceUid }: DicomPath,
): Promise<FoundSeries[]> {
  const rows = await queryRows(
    dataSource,
    FOUND,
    `SELECT d.study_uid AS "studyUid", d.series_uid AS "seriesUid", d.instance_uids AS "instanceUids", ${SOURCE_COLUMNS}
     ${VISIBLE} ${SOURCE_TABLES}
     WHERE ${visibleTo('$1', '$2')} AND d.study_uid = $3 AND ($4::text IS NULL OR d.series_uid = $4)
       AND ($5::text IS NULL OR $5 = ANY(d.instance_uids))
     ORDER BY COALESCE(kept_film.barcode, kept_series.barcode) IS NULL, COALESCE(kept_film.id, kept_series.id) DESC, d.id DESC`,
    [...sightOf(principal), studyUid, seriesUid ?? null, instanceUid ?? null],
  );
  const met = new Set<string>();
  const found = rows.flatMap((row): FoundSeries[] => {
    const source = sourceOf(row, row.instanceUids);
    const wanted = new Set(
      row.instanceUids.filter((uid) => (instanceUid === undefined || uid === instanceUid) && !met.has(uid)),
    );
    for (const uid of wanted) met.add(uid);
    const { id, studyUid: study, seriesUid: series } = row;
    return source && wanted.size > 0 ? [{ id, studyUid: study, seriesUid: series, wanted, source }] : [];
  });
  if (found.length === 0) throw new UserError('NOT_FOUND', 'There is no such DICOM object.');
  return found.sort((a, b) => a.seriesUid.localeCompare(b.seriesUid) || a.id - b.id);
}

/**
 * The objects of series one after the other, of which one is in memory at a time.
 *
 * @throws UserError UNAVAILABLE when a file is lost or damaged
 */
export async function* readObjects(storage: Storage, found: readonly FoundSeries[]): AsyncGenerator<GivenObject> {
  for (const { studyUid, seriesUid, wanted, source } of found) {
    const places = source.instanceUids.flatMap((uid, place) => (wanted.has(uid) ? [place] : []));
    for await (const { place, bytes } of readFiles(storage, source, new Set(places))) {
      yield { studyUid, seriesUid, instanceUid: source.instanceUids[place]!, bytes };
    }
  }
}

/**
 * Files of a source by their places in it; what was made from an image that came as DICOM, in the study of that image.
 *
 * @param places which; absent for all
 * @throws UserError UNAVAILABLE when the source, or what it was made from, is lost or damaged
 */
export async function* readFiles(
  storage: Storage,
  source: ObjectSource,
  places?: ReadonlySet<number>,
): AsyncGenerator<PlacedFile> {
  const study = await studyFor(storage, source);
  for await (const { place, bytes } of readAsStored(storage, source, places, study?.image)) {
    yield { place, bytes: study ? enterStudy(bytes, 'The made object', study.image, study.elements) : bytes };
  }
}
