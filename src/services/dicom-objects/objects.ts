import { PassThrough, type Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { DataSource } from 'typeorm';
import { fromRandomAccessReaderPromise, RandomAccessReader } from 'yauzl';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { queryRows } from '../../entities/index.js';
import type { Principal } from '../../policy/index.js';
import { blobFault, type BlobStore, readAsset } from '../../storage/index.js';
import { dicomFiles, loadSources, readVolume } from '../series/index.js';
import { DamagedData } from '../../work/index.js';
import { sightOf, VISIBLE, visibleTo } from './visible.js';

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

/** Where the objects of one image come from. */
export interface ObjectSource {
  /** The file that holds them; null where they are made from the stored volume. */
  file: { storageKey: string; mediaType: string; bytes: number } | null;
  /** The generated MRI series that they are made from otherwise. */
  seriesId: number | null;
  /** UIDs of all of them, in the order of the file; empty before they are known. */
  instanceUids: readonly string[];
}

/** A DICOM object as a part 10 file. */
export interface GivenObject {
  studyUid: string;
  seriesUid: string;
  instanceUid: string;
  bytes: Uint8Array;
}

const FOUND = z.object({
  id: z.number(),
  studyUid: z.string(),
  seriesUid: z.string(),
  instanceUids: z.array(z.string()),
  storageKey: z.string().nullable(),
  mediaType: z.string().nullable(),
  bytes: z.coerce.number().nullable(),
  seriesId: z.number().nullable(),
});

const OBJECTS = FOUND.pick({ storageKey: true, mediaType: true, bytes: true, seriesId: true }).extend({
  generated: z.boolean(),
  listed: z.number().nullable(),
  slices: z.number().nullable(),
});

/** Columns of {@link ObjectSource}, and the tables that they come from: `d` is dicom_series, `o` and `g` what it belongs to. */
export const SOURCE_COLUMNS = `a.storage_key AS "storageKey", a.media_type AS "mediaType", a.bytes, s.id AS "seriesId"`;
export const SOURCE_TABLES = `LEFT JOIN generation_output f ON f.generation_id = g.id AND f.kind = 'DICOM' AND f.index = 0
  LEFT JOIN mri_series s ON s.generation_id = g.id AND s.asset_id IS NOT NULL
  LEFT JOIN asset a ON a.id = COALESCE(o.asset_id, f.asset_id)`;

/** The source of a row with {@link SOURCE_COLUMNS}; undefined where it has none, as a generation that makes no DICOM. */
export function sourceOf(
  row: Pick<z.infer<typeof FOUND>, 'storageKey' | 'mediaType' | 'bytes' | 'seriesId'>,
  instanceUids: readonly string[],
): ObjectSource | undefined {
  const { storageKey, mediaType, bytes, seriesId } = row;
  if (storageKey !== null)
    return { file: { storageKey, mediaType: mediaType!, bytes: bytes! }, seriesId, instanceUids };
  return seriesId === null ? undefined : { file: null, seriesId, instanceUids };
}

/** All objects of one image of the list, whether they are listed by now or not. */
export interface ImageObjects {
  /** Undefined where there are none: a generation that makes no DICOM. */
  source: ObjectSource | undefined;
  /** Whether a bundle made them. */
  generated: boolean;
  /** How many they are; null before they are counted. */
  count: number | null;
}

/** @param id of dicom_series; undefined where it is gone */
export async function objectsOf(dataSource: DataSource, id: number): Promise<ImageObjects | undefined> {
  const [row] = await queryRows(
    dataSource,
    OBJECTS,
    `SELECT d.generation_id IS NOT NULL AS generated, CASE WHEN d.state = 'LISTED' THEN d.instance_count END AS listed,
       s.slice_count AS slices, ${SOURCE_COLUMNS}
     FROM dicom_series d LEFT JOIN original_object o ON o.id = d.original_id LEFT JOIN generation g ON g.id = d.generation_id
     ${SOURCE_TABLES} WHERE d.id = $1`,
    [id],
  );
  if (!row) return undefined;
  const source = sourceOf(row, []);
  const made = source?.file === null ? row.slices : null;
  return { source, generated: row.generated, count: row.listed ?? made };
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
    `SELECT d.id, d.study_uid AS "studyUid", d.series_uid AS "seriesUid", d.instance_uids AS "instanceUids", ${SOURCE_COLUMNS}
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
export async function* readObjects(
  storage: { dataSource: DataSource; store: BlobStore },
  found: readonly FoundSeries[],
): AsyncGenerator<GivenObject> {
  for (const { studyUid, seriesUid, wanted, source } of found) {
    const places = source.instanceUids.flatMap((uid, place) => (wanted.has(uid) ? [place] : []));
    for await (const { place, bytes } of readFiles(storage, source, new Set(places))) {
      yield { studyUid, seriesUid, instanceUid: source.instanceUids[place]!, bytes };
    }
  }
}

/**
 * Files of a source by their places in it.
 *
 * @param places which; absent for all
 * @throws UserError UNAVAILABLE when the source is lost or damaged
 */
export async function* readFiles(
  { dataSource, store }: { dataSource: DataSource; store: BlobStore },
  { file, seriesId }: ObjectSource,
  places?: ReadonlySet<number>,
): AsyncGenerator<{ place: number; bytes: Uint8Array }> {
  if (file === null) {
    const [source] = await loadSources(dataSource, [seriesId!]);
    // Somebody has deleted it meanwhile.
    if (!source) throw new UserError('NOT_FOUND', 'There is no such DICOM object.');
    let place = 0;
    for (const bytes of dicomFiles(source, await readVolume(store, source), places)) {
      while (places && !places.has(place)) place++;
      yield { place: place++, bytes };
    }
    return;
  }
  try {
    if (file.mediaType === 'application/zip') yield* readArchive(store, file, places);
    else yield { place: 0, bytes: await readAsset(store, file) };
  } catch (error) {
    if (error instanceof UserError) throw error;
    const what = error instanceof DamagedArchive ? 'is damaged in the blob store' : blobFault(error);
    if (what === null) throw error;
    throw new UserError('UNAVAILABLE', `The file of these DICOM objects ${what}.`, { cause: error });
  }
}

/** The directory of an archive, or a file in it, is not what it should be. */
class DamagedArchive extends DamagedData {}

/** Reads an archive where it lies, a file at a time: each is checked against its own checksum. */
async function* readArchive(
  store: BlobStore,
  { storageKey, bytes }: { storageKey: string; bytes: number },
  places?: ReadonlySet<number>,
): AsyncGenerator<{ place: number; bytes: Uint8Array }> {
  const reader = new BlobReader(store, storageKey);
  const within = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw reader.fault ?? new DamagedArchive('The archive is damaged.', { cause: error });
    }
  };
  const archive = await within(fromRandomAccessReaderPromise(reader, bytes, { lazyEntries: true, autoClose: false }));
  const entries = archive.eachEntry();
  for (let place = 0, left = places?.size ?? Infinity; left > 0; place++) {
    const { value: entry, done } = await within(entries.next());
    if (done) return;
    if (places && !places.has(place)) continue;
    left--;
    yield { place, bytes: await within(archive.openReadStreamPromise(entry).then((stream) => buffer(stream))) };
  }
}

/** A blob as yauzl reads it. */
class BlobReader extends RandomAccessReader {
  /** Why the store gave nothing. */
  fault: Error | undefined;

  constructor(
    private readonly store: BlobStore,
    private readonly storageKey: string,
  ) {
    super();
  }

  override _readStreamForRange(start: number, end: number): Readable {
    const through = new PassThrough();
    this.store.open(this.storageKey, { start, end: end - 1 }).then(
      (blob) => {
        blob.on('error', (error) => through.destroy((this.fault = error)));
        through.on('close', () => blob.destroy());
        blob.pipe(through);
      },
      (error: Error) => through.destroy((this.fault = error)),
    );
    return through;
  }
}
