import type { DataSource } from 'typeorm';
import { packageVersion } from '../../../domain/package.js';
import { UserError } from '../../../domain/errors.js';
import { choiceInApi } from '../../../domain/exports.js';
import type { BlobStore } from '../../../storage/index.js';
import type { SeriesKind } from '../../series/index.js';
import { type ArchiveFile, zipPieces } from '../../files/index.js';
import type { ArchiveDescription, ArchiveSpec } from '../manifest.js';
import type { ExportProgress } from '../rows.js';
import type { ExportStream } from '../stream.js';
import type { ArchiveContents } from './contents.js';
import { type ListedFile, listedFile } from './listed.js';
import { resultContents } from './results.js';
import { volumeContents } from './volumes.js';

/**
 * Writes a zip archive: README.txt, every volume, or what every generation made, then the manifests. One file is in memory
 * at a time, with some kilobytes of manifest for each one before. What is deleted meanwhile is left out.
 *
 * @throws UserError UNAVAILABLE for a file that the store has lost or damaged; CONFLICT when everything was deleted
 */
export function writeArchive(
  sources: { dataSource: DataSource; store: BlobStore },
  spec: ArchiveSpec,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (progress: ExportProgress) => void } = {},
): ExportStream<ArchiveDescription> {
  const { format, filter, cohorts, archive } = spec;
  const filled = contentsOf(sources, spec);
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
    ...(format === 'FILES_ZIP' ? { generations: progress.rows } : { volumes: progress.rows }),
    kinds: counts,
    files,
    synthetic: counts.real === progress.rows && progress.rows > 0 ? 'NONE' : counts.real === 0 ? 'ALL' : 'SOME',
  });

  async function* contents(): AsyncGenerator<ArchiveFile> {
    const modified = new Date(createdAt);
    const text = (path: string, content: string): ArchiveFile => ({ path, bytes: Buffer.from(content), modified });
    yield text('README.txt', filled.readme);
    progress.total = await filled.count();
    onProgress?.({ ...progress });
    const [json, csv, sums]: [string[], string[], string[]] = [[], [filled.csvHead], []];
    for await (const item of filled.items(signal)) {
      const listed: ListedFile[] = [];
      for await (const file of item.files()) {
        listed.push(listedFile(file.path, file.bytes));
        yield file;
        signal?.throwIfAborted();
      }
      if (listed.length === 0) continue;
      const { entry, rows } = item.listed(listed);
      json.push(JSON.stringify(entry));
      csv.push(rows);
      sums.push(...listed.map(({ sha256, path }) => `${sha256}  ${path}\n`));
      counts[item.kind] += 1;
      files += listed.length;
      progress.done += 1;
      progress.rows += 1;
      progress.phantoms += item.kind === 'phantom' ? 1 : 0;
      onProgress?.({ ...progress });
    }
    if (progress.rows === 0) {
      const what = format === 'FILES_ZIP' ? 'generation' : 'volume';
      throw new UserError(
        'CONFLICT',
        `The archive would be empty: every ${what} that it was to hold has been deleted.`,
      );
    }
    progress.total = progress.done;
    onProgress?.({ ...progress });
    const head = JSON.stringify(description()).slice(0, -1);
    manifest = Buffer.from(`${head},"contents":[\n${json.join(',\n')}\n]}\n`);
    yield { path: 'manifest.json', bytes: manifest, modified };
    yield text('manifest.csv', csv.join(''));
    yield text('SHA256SUMS', sums.join(''));
  }

  return { pieces: zipPieces(contents()), description, manifestFile: () => manifest };
}

function contentsOf(sources: { dataSource: DataSource; store: BlobStore }, spec: ArchiveSpec): ArchiveContents {
  return spec.format === 'FILES_ZIP' ? resultContents(sources, spec) : volumeContents(sources, spec, spec.format);
}
