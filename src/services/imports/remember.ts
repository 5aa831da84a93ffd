import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { refuseFile } from '../../imaging/refuse.js';
import { ImportedFile, queryRow } from '../../entities/index.js';
import type { TableFile } from '../../oai/index.js';

/** Raised whenever the importer comes to keep more of what it reads: files read by older code are then read again. */
const READER_VERSION = 4;

/** More files than any series has: a folder with more is none. */
const MAX_FILES = 5000;

/** True for files that lie beside images without being one: notes, indexes, what file managers leave. */
export function isBystander(path: string): boolean {
  const name = basename(path);
  return /^\.|^(DICOMDIR|Thumbs\.db)$/i.test(name) || /\.(md|txt|csv|tsv|json|xml|html?|pdf|jpe?g|png)$/i.test(name);
}

/** What a file or folder looked like when it was met. */
export interface Fingerprint {
  /** Where it lies; within its archive, if it lies in one. */
  path: string;
  bytes: number;
  modifiedAt: Date;
  sha256: string;
}

/** What is remembered of a path if it is as it was, so that it need not be read again. */
export type Recalled = Pick<ImportedFile, 'modifiedAt' | 'rows' | 'refused' | 'withdrawn' | 'became' | 'state'>;

/** Digest of a table. Its size and time alone decide when they are as remembered: then the digest is not computed. */
export async function fingerprintTable(
  manager: EntityManager,
  { path, identity }: Pick<TableFile, 'path' | 'identity'>,
): Promise<{ fingerprint: Fingerprint; recalled: Recalled | null }> {
  const known = await recall(manager, identity);
  const { size: bytes, mtime: modifiedAt } = await stat(path);
  if (known?.bytes === bytes && known.modifiedAt.getTime() === modifiedAt.getTime()) {
    return { fingerprint: { path: identity, bytes, modifiedAt, sha256: known.sha256 }, recalled: known };
  }
  const fingerprint = { path: identity, bytes, modifiedAt, sha256: await digestOf(path) };
  return { fingerprint, recalled: known?.sha256 === fingerprint.sha256 ? known : null };
}

/** Digest of the listing of a folder of images: names, sizes and times of its files, those that only lie beside them left out. */
export async function fingerprintFolder(
  manager: EntityManager,
  path: string,
  name: string,
): Promise<{ fingerprint: Fingerprint; files: string[]; recalled: Recalled | null }> {
  const entries = (await readdir(path, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const files = entries
    .map((entry) => relative(path, join(entry.parentPath, entry.name)))
    .filter((file) => !isBystander(file))
    .sort();
  if (files.length === 0) refuseFile(name, 'holds no images');
  if (files.length > MAX_FILES) refuseFile(name, `holds ${files.length} files; a series has at most ${MAX_FILES}`);
  const hash = createHash('sha256');
  let bytes = 0;
  let newest = 0;
  for (const file of files) {
    const { size, mtimeMs } = await stat(join(path, file));
    hash.update(JSON.stringify([file, size, mtimeMs]));
    bytes += size;
    newest = Math.max(newest, mtimeMs);
  }
  const fingerprint = { path, bytes, modifiedAt: new Date(newest), sha256: hash.digest('hex') };
  const known = await recall(manager, path);
  return { fingerprint, files, recalled: known?.sha256 === fingerprint.sha256 ? known : null };
}

/** Remembers a path, in the transaction that writes what was read from it. */
export async function remember(
  manager: EntityManager,
  fingerprint: Fingerprint,
  read: Pick<Recalled, 'rows' | 'refused' | 'became'> & { withdrawn?: number },
  state: number | null = null,
): Promise<void> {
  const { rows, refused, withdrawn = 0, became } = read;
  await manager.upsert(
    ImportedFile,
    {
      ...fingerprint,
      path: keyOf(fingerprint.path),
      rows,
      refused,
      withdrawn,
      became,
      state,
      reader: READER_VERSION,
      importedAt: new Date(),
    },
    ['path'],
  );
}

/** Notes the new time of a file whose bytes are the old ones, so that the next import sees at once that it is unchanged. */
export async function noteTime(
  manager: EntityManager,
  { path, modifiedAt }: Fingerprint,
  recalled: Recalled,
): Promise<void> {
  if (modifiedAt.getTime() !== recalled.modifiedAt.getTime())
    await manager.update(ImportedFile, { path: keyOf(path) }, { modifiedAt });
}

/** What is remembered of a path, as it was; null when nothing is, or only what older code read. */
export async function recall(manager: EntityManager, path: string): Promise<ImportedFile | null> {
  return manager.findOneBy(ImportedFile, { path: keyOf(path), reader: READER_VERSION });
}

/** What a path became when it was imported before, changed or not, by whichever code. */
export async function earlier(manager: EntityManager, path: string): Promise<ImportedFile['became']> {
  return (await manager.findOneBy(ImportedFile, { path: keyOf(path) }))?.became ?? {};
}

/** Digest of a whole file, read whatever its size and time say. */
export async function fingerprintFile(
  manager: EntityManager,
  path: string,
): Promise<{ fingerprint: Fingerprint; recalled: Recalled | null }> {
  const { size: bytes, mtime: modifiedAt } = await stat(path);
  const fingerprint = { path, bytes, modifiedAt, sha256: await digestOf(path) };
  const known = await recall(manager, path);
  return { fingerprint, recalled: known?.sha256 === fingerprint.sha256 ? known : null };
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** A path may name a patient: only its digest is kept. */
function keyOf(path: string): string {
  return createHash('sha256').update(path).digest('hex');
}

/** How often what is imported has changed, whoever changed it: a trigger of each table counts. */
export async function currentState(manager: EntityManager): Promise<number> {
  const { state } = await queryRow(
    manager,
    z.object({ state: z.string() }),
    'SELECT last_value AS state FROM imported_state',
  );
  return Number(state);
}

/** Notes that the database, as it is now, holds what these tables say. */
export async function settle(manager: EntityManager, paths: readonly string[]): Promise<void> {
  await manager.query('UPDATE imported_file SET state = $1 WHERE path = ANY($2) AND state IS DISTINCT FROM $1', [
    await currentState(manager),
    paths.map(keyOf),
  ]);
}
