import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { Erasure } from '../../entities/index.js';
import { isMissing } from '../../storage/index.js';
import { erasureDigest } from '../access/index.js';
import { type BackupFolder, parsed, writeFlushed } from './folder.js';

const FILE = 'erasures.json';

const COUNTS = z.record(z.string(), z.number());
const ERASURE = z.object({
  id: z.string(),
  at: z.coerce.date(),
  tokenId: z.number().nullable(),
  tombstone: z.string(),
  removed: COUNTS,
  rewritten: COUNTS,
  expiredExports: z.number(),
  restartedExports: z.number(),
  bytes: z.number(),
  files: z.array(z.string()),
}) satisfies z.ZodType<Erasure>;
const LIST = z.object({ database: z.string(), erasures: z.array(ERASURE) });

/**
 * What tells a database from others and stays the same when it is restored, 12 hexadecimal digits: it is made with the key of the
 * tombstones, so that whoever has the name right can read the list of erasures.
 */
export async function databaseName(dataSource: DataSource): Promise<string> {
  return (await erasureDigest(dataSource))('backups').slice(0, 12);
}

/** Who was erased by now: beside the backups, so that a restore of an older one knows. The list names nobody. */
export async function keepErasures(dataSource: DataSource, folder: BackupFolder): Promise<number> {
  const database = await databaseName(dataSource);
  const own = await dataSource.manager.find(Erasure, { order: { at: 'ASC' } });
  const erasures = united([await listedBeside(folder), own]);
  await writeFlushed(join(folder.path, FILE), `${JSON.stringify({ database, erasures }, null, 1)}\n`);
  return erasures.length;
}

/**
 * The erasures that lie beside the backups, and those of further lists.
 *
 * @param files lists of other folders
 * @throws UserError FILE_REFUSED for a list that cannot be read, CONFLICT for one of another database
 */
export async function listedErasures(folder: BackupFolder, files: readonly string[]): Promise<Erasure[]> {
  const database = await folder.database();
  const more = await Promise.all(files.map((file) => readList(file, database)));
  return united([await listedBeside(folder), ...more]);
}

async function listedBeside(folder: BackupFolder): Promise<Erasure[]> {
  const path = join(folder.path, FILE);
  return readList(path, await folder.database()).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
}

async function readList(path: string, database: string): Promise<Erasure[]> {
  const list = LIST.safeParse(parsed(await readFile(path, 'utf8')));
  if (!list.success) throw new UserError('FILE_REFUSED', `${path} is no list of erasures, or it is damaged.`);
  if (list.data.database !== database) {
    throw new UserError('CONFLICT', `${path} lists the erasures of another database.`);
  }
  return list.data.erasures;
}

/** One of each participant: the first. */
function united(lists: readonly (readonly Erasure[])[]): Erasure[] {
  const byTombstone = new Map<string, Erasure>();
  for (const one of lists.flat()) if (!byTombstone.has(one.tombstone)) byTombstone.set(one.tombstone, one);
  return [...byTombstone.values()];
}
