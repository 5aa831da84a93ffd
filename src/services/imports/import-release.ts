import type { DataSource } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import { findImageFolders, listRelease, readStatement, type Refusal } from '../../oai/index.js';
import type { BlobStore } from '../../storage/index.js';
import { audit } from '../access/index.js';
import { ExamRegistry } from './exam-registry.js';
import { importImageFolder } from './import-folder.js';
import { importTable } from './import-table.js';
import { settle } from './remember.js';
import { changedAnything, emptySummary, type ImportSummary, refusalCollector } from './summary.js';
import { withImportLock } from './lock.js';

/** How far an import is: bytes of tables, or number of image folders. */
export interface ImportProgress {
  phase: 'tables' | 'images';
  done: number;
  total: number;
  /** Path below the release of what was just finished. */
  file: string;
}

export interface ImportOptions {
  store: BlobStore;
  /** Read everything, also what is as it was at the last import. */
  reread?: boolean;
  /** Leave the image folders alone. */
  tablesOnly?: boolean;
  onProgress?: (progress: ImportProgress) => void;
  /** Stops the import: the table or image that is being read is left out, those that were finished stay. */
  signal?: AbortSignal;
  /** Called for every refusal as it comes; the summary keeps only the first ones. */
  onRefusal?: (refusal: Refusal) => void;
}

/**
 * Imports an OAI release, or what there is of one: tables first, then images. Each table and each image folder is one
 * transaction; what cannot be used is refused with a sentence, and the rest goes on. A second import changes nothing. What is stored gives
 * way to what is imported by the rule of precedence (precedence.ts).
 *
 * @throws UserError NOT_FOUND without such a folder, CONFLICT while another import runs in the same database; the signal's
 *   reason when it is aborted
 */
export async function importRelease(
  dataSource: DataSource,
  folder: string,
  options: ImportOptions,
): Promise<ImportSummary> {
  const started = performance.now();
  const listing = await listRelease(folder);
  const statement = await readStatement(listing.root);
  const summary = emptySummary(listing.root);
  summary.ignored = [...listing.ignored];
  const collect = refusalCollector(summary);
  const refuse = (refusal: Refusal): void => {
    collect(refusal);
    options.onRefusal?.(refusal);
  };
  listing.refusals.forEach(refuse);

  await withImportLock(dataSource, async () => {
    const total = listing.tables.reduce((sum, { bytes }) => sum + bytes, 0);
    let done = 0;
    const registry = new ExamRegistry(statement !== null);
    const read: string[] = [];
    for (const table of listing.tables) {
      options.signal?.throwIfAborted();
      const fine = await orRefuse(table.file, refuse, async () => {
        const progress = (): void => {
          options.signal?.throwIfAborted();
          options.onProgress?.({ phase: 'tables', done, total, file: table.file });
        };
        summary.tables.push(
          await importTable(dataSource, table, { registry, reread: options.reread ?? false, refuse, onRows: progress }),
        );
      });
      if (fine) read.push(table.path);
      done += table.bytes;
      options.onProgress?.({ phase: 'tables', done, total, file: table.file });
    }
    if (!options.tablesOnly) await importImages();
    await settle(dataSource.manager, read);
    if (changedAnything(summary))
      await dataSource.query(`ANALYZE participant, visit, knee_exam, reading, radiograph, mri_series`);
  });
  summary.durationMs = Math.round(performance.now() - started);
  // Not the folder: it is the host's, and may name a patient.
  const target = statement?.name ?? null;
  await audit(dataSource, { tokenId: null, action: 'import', target, detail: auditDetail(summary) });
  return summary;

  async function importImages(): Promise<void> {
    const { folders, absent } = await findImageFolders(listing, refuse);
    const { images } = summary;
    images.folders = folders.length;
    images.absent = absent;
    for (const [index, image] of folders.entries()) {
      options.signal?.throwIfAborted();
      const fine = await orRefuse(image.file, refuse, async () => {
        images[
          await importImageFolder(dataSource, options.store, image, {
            reread: options.reread ?? false,
            statement,
          })
        ]++;
      });
      if (!fine) images.refused++;
      options.onProgress?.({ phase: 'images', done: index + 1, total: folders.length, file: image.file });
    }
  }
}

/** Faults of the operating system that concern one file, and what they mean. */
const FILE_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'is not there any more',
  EACCES: 'may not be read by this user',
  EPERM: 'may not be read by this user',
  EISDIR: 'is a folder',
  ENOTDIR: 'is no folder',
  EIO: 'cannot be read from the disk',
};

/** Does one file's work; a fault of that file becomes a refusal. Every other fault ends the import. */
async function orRefuse(file: string, refuse: (refusal: Refusal) => void, work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof UserError && error.code === 'FILE_REFUSED') {
      refuse({ file, reason: error.message });
      return false;
    }
    const { code = '', syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined || !(code in FILE_FAULTS)) throw error;
    refuse({ file, reason: `${file} ${FILE_FAULTS[code]}.` });
    return false;
  }
}

function auditDetail({ tables, images, refused, durationMs }: ImportSummary): Record<string, unknown> {
  const sum = (count: (table: ImportSummary['tables'][number]) => number): number =>
    tables.reduce((total, table) => total + count(table), 0);
  return {
    tables: tables.length,
    rows: sum(({ rows }) => rows),
    inserted: sum(({ inserted }) => inserted),
    updated: sum(({ updated }) => updated),
    kept: sum(({ kept }) => kept),
    images,
    refused,
    durationMs,
  };
}
