import type { DataSource, EntityManager } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import { findImageFolders, listRelease, readStatement, type Refusal, tellReason } from '../../oai/index.js';
import { takenBack } from '../../entities/index.js';
import type { BlobStore } from '../../storage/index.js';
import { audit, type HasWithdrawn, readWithdrawals, WITHDRAWN } from '../access/index.js';
import type { ObjectOptions } from './deidentifying.js';
import { countFilledTables, ExamRegistry } from './exam-registry.js';
import { importImageFolder } from './import-folder.js';
import { importTable } from './import-table.js';
import { importer } from './origins.js';
import { settle } from './remember.js';
import { changedAnything, emptySummary, type ImportSummary, refusalCollector, type Remark } from './summary.js';
import { beginRun, endRun, keepChanges, restOnRows } from './runs.js';
import { withImportLock } from './lock.js';

/** How far an import is: bytes of tables, or number of image folders. */
export interface ImportProgress {
  phase: 'tables' | 'images';
  done: number;
  total: number;
  /** Path below the release of what was just finished. */
  file: string;
}

export interface ImportOptions extends Pick<ObjectOptions, 'withoutOriginals' | 'onDeidentified'> {
  store: BlobStore;
  /** Read everything, also what is as it was at the last import. */
  reread?: boolean;
  /** Whether refusals quote the cells that cannot be used; default: they do. */
  showValues?: boolean;
  /** Leave the image folders alone. */
  tablesOnly?: boolean;
  /** Read the tables, tell what would change, and take all of it back. Images are left alone. */
  dryRun?: boolean;
  onProgress?: (progress: ImportProgress) => void;
  /** Stops the import: the table or image that is being read is left out, those that were finished stay. */
  signal?: AbortSignal;
  /**
   * Called for every refusal as it comes, of which the summary keeps only the first ones, and for every row and image of somebody who has
   * withdrawn.
   */
  onRefusal?: (refusal: Refusal) => void;
  /** Called for every remark as it comes. */
  onRemark?: (remark: Remark) => void;
}

/**
 * Imports an OAI release, or what there is of one, down to one table: tables first, then images. Each table and each image folder is one
 * transaction; what cannot be used is refused with a sentence, and the rest goes on. A second import changes nothing. What is stored gives
 * way to what is imported by the rule of precedence (precedence.ts).
 *
 * @throws UserError NOT_FOUND without such a folder or file, CONFLICT while another import runs in the same database; the signal's
 *   reason when it is aborted
 */
export async function importRelease(
  dataSource: DataSource,
  path: string,
  options: ImportOptions,
): Promise<ImportSummary> {
  const started = performance.now();
  await using listing = await listRelease(path);
  const statement = await readStatement(listing.root);
  const { dryRun = false } = options;
  const summary = emptySummary(listing.root, dryRun);
  summary.ignored = [...listing.ignored];
  const { showValues = true } = options;
  const tell = (reason: string): string => tellReason(reason, { showValues });
  const collect = refusalCollector(summary, tell);
  const refuse = (refusal: Refusal): void => {
    collect(refusal);
    options.onRefusal?.({ ...refusal, reason: tell(refusal.reason) });
  };
  listing.refusals.forEach(refuse);
  const remark = (told: Remark): void => {
    summary.remarks.push(told);
    options.onRemark?.(told);
  };
  const passBy = (refusal: Refusal): void => options.onRefusal?.(refusal);
  const read: string[] = [];
  // Not the folder: it is the host's, and may name a patient.
  const release = statement?.name ?? null;
  let hasWithdrawn: HasWithdrawn = () => false;
  let run = 0;

  await withImportLock(dataSource, async () => {
    hasWithdrawn = await readWithdrawals(dataSource);
    await (dryRun ? takenBack(dataSource, importTables) : importTables(dataSource.manager));
    if (dryRun) return;
    if (!options.tablesOnly) await importImages();
    await settle(dataSource.manager, read);
    summary.durationMs = Math.round(performance.now() - started);
    await endRun(dataSource.manager, run, auditDetail(summary));
    if (changedAnything(summary)) await countFilledTables(dataSource);
  });
  summary.durationMs = Math.round(performance.now() - started);
  if (dryRun) return summary;
  await audit(dataSource, { tokenId: null, action: 'import', target: release, detail: auditDetail(summary) });
  return summary;

  async function importTables(database: EntityManager): Promise<void> {
    run = await beginRun(database, release);
    const total = listing.tables.reduce((sum, { bytes }) => sum + bytes, 0);
    let done = 0;
    const registry = new ExamRegistry(statement !== null);
    for (const table of listing.tables) {
      options.signal?.throwIfAborted();
      const fine = await orRefuse(table.file, refuse, async () => {
        const progress = (): void => {
          options.signal?.throwIfAborted();
          options.onProgress?.({ phase: 'tables', done, total, file: table.file });
        };
        summary.tables.push(
          await importTable(database, table, {
            run,
            registry,
            reread: options.reread ?? false,
            refuse,
            remark,
            hasWithdrawn,
            passBy,
            onRows: progress,
          }),
        );
      });
      if (fine) read.push(table.identity);
      done += table.bytes;
      options.onProgress?.({ phase: 'tables', done, total, file: table.file });
    }
  }

  async function importImages(): Promise<void> {
    const { folders, absent } = await findImageFolders(listing, refuse);
    const { images } = summary;
    images.folders = folders.length;
    images.absent = absent;
    const held = { radiograph: [] as number[], mri_series: [] as number[] };
    for (const [index, image] of folders.entries()) {
      options.signal?.throwIfAborted();
      if (hasWithdrawn(image.oaiId)) {
        images.withdrawn++;
        passBy({ file: image.file, reason: `Nothing of it was read: ${WITHDRAWN}` });
        continue;
      }
      const fine = await orRefuse(image.file, refuse, async () => {
        images[
          await importImageFolder(dataSource, options.store, image, {
            run,
            reread: options.reread ?? false,
            statement,
            objects: options,
            held: (table, id) => held[table].push(id),
          })
        ]++;
      });
      if (!fine) images.refused++;
      options.onProgress?.({ phase: 'images', done: index + 1, total: folders.length, file: image.file });
    }
    await dataSource.transaction(async (manager) => {
      await keepChanges(manager, run);
      for (const table of ['radiograph', 'mri_series'] as const) await restOnRows(manager, table, held[table]);
    });
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
    by: importer(),
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
