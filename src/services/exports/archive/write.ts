import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { packageVersion } from '../../../domain/package.js';
import { UserError } from '../../../domain/errors.js';
import { type ArchiveFormat, choiceInApi } from '../../../domain/exports.js';
import { MriSeries } from '../../../entities/index.js';
import type { BlobStore } from '../../../storage/index.js';
import {
  dicomFiles,
  type ExamSeriesSource,
  fileSafe,
  isOfExam,
  kindOf,
  loadSources,
  nameOf,
  readNifti,
  readVolume,
  type SeriesKind,
} from '../../series/index.js';
import { type ArchiveFile, zipPieces } from '../../files/index.js';
import type { ArchiveDescription, ArchiveSpec } from '../manifest.js';
import type { ExportProgress } from '../rows.js';
import type { ExportStream } from '../stream.js';
import { csvHead, csvRows, type ListedFile, listedFile, listedVolume } from './manifest.js';
import { readme } from './readme.js';
import { countSeries, selectSeries } from './select.js';

/** Series whose rows are read together. */
const BATCH = 20;

/**
 * Writes volumes as a zip archive: README.txt, every volume in order of its series, then the manifests. One volume is in memory
 * at a time, with some kilobytes of manifest for each one before. A volume that is deleted meanwhile is left out.
 *
 * @throws UserError UNAVAILABLE for a volume that the store has lost or damaged; CONFLICT when every volume was deleted
 */
export function writeArchive(
  { dataSource, store }: { dataSource: DataSource; store: BlobStore },
  spec: ArchiveSpec,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (progress: ExportProgress) => void } = {},
): ExportStream<ArchiveDescription> {
  const { format, filter, selection, cohorts, archive } = spec;
  const counts: Record<SeriesKind, number> = { real: 0, phantom: 0, synthetic: 0 };
  const progress: ExportProgress = { done: 0, total: 0, rows: 0, phantoms: 0 };
  const createdAt = new Date().toISOString();
  let files = 0;
  let manifest: Buffer | undefined;

  const description = (): ArchiveDescription => ({
    osteograph: packageVersion,
    format,
    createdAt,
    filter,
    cohorts,
    archive: choiceInApi(archive),
    volumes: progress.rows,
    kinds: counts,
    files,
    synthetic: counts.real === progress.rows && progress.rows > 0 ? 'NONE' : counts.real === 0 ? 'ALL' : 'SOME',
  });

  async function* contents(): AsyncGenerator<ArchiveFile> {
    const modified = new Date(createdAt);
    const text = (path: string, content: string): ArchiveFile => ({ path, bytes: Buffer.from(content), modified });
    yield text('README.txt', readme(format));
    progress.total = (await countSeries(dataSource, selection, archive)).count;
    onProgress?.({ ...progress });
    const [json, csv, sums]: [string[], string[], string[]] = [[], [csvHead()], []];
    for await (const source of sources()) {
      const listed: ListedFile[] = [];
      for await (const file of filesOf({ dataSource, store }, format, source)) {
        listed.push(listedFile(file.path, file.bytes));
        yield file;
        signal?.throwIfAborted();
      }
      if (listed.length === 0) continue;
      const volume = listedVolume(source, listed);
      json.push(JSON.stringify(volume));
      csv.push(csvRows(volume));
      sums.push(...listed.map(({ sha256, path }) => `${sha256}  ${path}\n`));
      counts[kindOf(source)] += 1;
      files += listed.length;
      progress.done += 1;
      progress.rows += 1;
      progress.phantoms += kindOf(source) === 'phantom' ? 1 : 0;
      onProgress?.({ ...progress });
    }
    if (progress.rows === 0) {
      throw new UserError('CONFLICT', 'The archive would be empty: every volume that it was to hold has been deleted.');
    }
    progress.total = progress.done;
    onProgress?.({ ...progress });
    const head = JSON.stringify(description()).slice(0, -1);
    manifest = Buffer.from(`${head},"contents":[\n${json.join(',\n')}\n]}\n`);
    yield { path: 'manifest.json', bytes: manifest, modified };
    yield text('manifest.csv', csv.join(''));
    yield text('SHA256SUMS', sums.join(''));
  }

  async function* sources(): AsyncGenerator<ExamSeriesSource> {
    for await (const ids of selectSeries(dataSource, selection, archive)) {
      for (let start = 0; start < ids.length; start += BATCH) {
        signal?.throwIfAborted();
        yield* (await loadSources(dataSource, ids.slice(start, start + BATCH))).filter(isOfExam);
      }
    }
  }

  return { pieces: zipPieces(contents()), description, manifestFile: () => manifest };
}

/** The files of one volume, below the folder of its kind; none of one that was deleted after its row was read. */
async function* filesOf(
  { dataSource, store }: { dataSource: DataSource; store: BlobStore },
  format: ArchiveFormat,
  source: ExamSeriesSource,
): AsyncGenerator<ArchiveFile> {
  const { exam, createdAt: modified } = source;
  const { code, participant } = exam.visit;
  const folder = `${kindOf(source)}/${fileSafe(participant.oaiId)}/${code}_${exam.side}/${nameOf(source)}`;
  if (format === 'NIFTI_ZIP') {
    const bytes = await unlessDeleted(dataSource, source, () => readNifti(store, source));
    if (bytes) yield { path: `${folder}.nii.gz`, bytes, compressed: true, modified };
    return;
  }
  const volume = await unlessDeleted(dataSource, source, () => readVolume(store, source));
  if (!volume) return;
  let index = 0;
  for (const bytes of dicomFiles(source, volume)) {
    yield { path: `${folder}/${sliceName(++index, volume.slices)}.dcm`, bytes, modified };
    // Others of this process have their turn between two slices.
    await nextTurn();
  }
}

/** What is read of a series; undefined when it cannot be because the series is no longer there. */
async function unlessDeleted<T>(
  dataSource: DataSource,
  { id }: ExamSeriesSource,
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (await dataSource.getRepository(MriSeries).existsBy({ id })) throw error;
    return undefined;
  }
}

/** 001, 002, ... with as many digits as the last one needs, at least three. */
export function sliceName(number: number, slices: number): string {
  return String(number).padStart(Math.max(3, String(slices).length), '0');
}
