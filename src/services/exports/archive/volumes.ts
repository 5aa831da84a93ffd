import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import type { VolumeFormat } from '../../../domain/exports.js';
import { MriSeries } from '../../../entities/index.js';
import type { BlobStore } from '../../../storage/index.js';
import { type ArchiveFile } from '../../files/index.js';
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
} from '../../series/index.js';
import type { ArchiveSpec } from '../manifest.js';
import type { ArchiveContents } from './contents.js';
import { csvHead, csvRows } from './listed.js';
import { listedVolume, VOLUME_COLUMNS } from './listed-volume.js';
import { volumesReadme } from './readme.js';
import { countSeries, selectSeries } from './select-series.js';

/** Series whose rows are read together. */
const BATCH = 20;

/** MRI volumes, in the order of their series; one is in memory at a time. */
export function volumeContents(
  sources: { dataSource: DataSource; store: BlobStore },
  { selection, archive }: ArchiveSpec,
  format: VolumeFormat,
): ArchiveContents {
  const { dataSource } = sources;
  return {
    readme: volumesReadme(format),
    csvHead: csvHead(VOLUME_COLUMNS),
    count: async () => (await countSeries(dataSource, selection, archive)).count,
    async *items(signal) {
      for await (const ids of selectSeries(dataSource, selection, archive)) {
        for (let start = 0; start < ids.length; start += BATCH) {
          signal?.throwIfAborted();
          const found = await loadSources(dataSource, ids.slice(start, start + BATCH));
          for (const source of found.filter(isOfExam)) {
            yield {
              kind: kindOf(source),
              files: () => filesOf(sources, format, source),
              listed(files) {
                const entry = listedVolume(source, files);
                return { entry, rows: csvRows(VOLUME_COLUMNS, entry) };
              },
            };
          }
        }
      }
    },
  };
}

/** The files of one volume, below the folder of its kind; none of one that was deleted after its row was read. */
async function* filesOf(
  { dataSource, store }: { dataSource: DataSource; store: BlobStore },
  format: VolumeFormat,
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
