import { PassThrough, type Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { DataSource } from 'typeorm';
import { fromRandomAccessReaderPromise, RandomAccessReader } from 'yauzl';
import { UserError } from '../../domain/errors.js';
import { blobFault, type BlobStore, readAsset } from '../../storage/index.js';
import { dicomFiles, loadSources, readVolume } from '../series/index.js';
import { DamagedData } from '../../work/index.js';
import type { StudyImage } from '../../imaging/dicom/study.js';
import { reportOf } from './report.js';
import type { ObjectSource, StoredObjects } from './source.js';

export interface Storage {
  dataSource: DataSource;
  store: BlobStore;
}

/** An object of a source, by its place in it. */
export interface PlacedFile {
  place: number;
  bytes: Uint8Array;
}

/**
 * Objects as they were kept or made.
 *
 * @param places which; absent for all
 * @param image that a report refers to
 * @throws UserError UNAVAILABLE for a file that is lost or damaged
 */
export async function* readAsStored(
  { dataSource, store }: Storage,
  { file, seriesId, readingId }: Pick<ObjectSource, 'file' | 'seriesId' | 'readingId'>,
  places?: ReadonlySet<number>,
  image: StudyImage | null = null,
): AsyncGenerator<PlacedFile> {
  if (file !== null) return yield* readStored(store, file, places);
  if (readingId !== null) return yield { place: 0, bytes: await reportOf(dataSource, readingId, image) };
  const [source] = await loadSources(dataSource, [seriesId!]);
  // Somebody has deleted it meanwhile.
  if (!source) throw new UserError('NOT_FOUND', 'There is no such DICOM object.');
  let place = 0;
  for (const bytes of dicomFiles(source, await readVolume(store, source), places)) {
    while (places && !places.has(place)) place++;
    yield { place: place++, bytes };
  }
}

/** Objects of one file. @throws UserError UNAVAILABLE for a file that is lost or damaged */
export async function* readStored(
  store: BlobStore,
  file: StoredObjects,
  places?: ReadonlySet<number>,
): AsyncGenerator<PlacedFile> {
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
  { storageKey, bytes }: StoredObjects,
  places?: ReadonlySet<number>,
): AsyncGenerator<PlacedFile> {
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
