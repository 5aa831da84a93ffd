import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { isMissing } from '../../storage/index.js';
import { checkSums, refused } from './files.js';
import { parsed } from './folder.js';

/** The form of backups that this program writes, and the newest that it reads. */
export const FORMAT = 1;

export const MANIFEST = 'manifest.json';
export const BLOBS = 'blobs.tsv.gz';

const TABLE = z.object({
  name: z.string(),
  /** In the order of the lines, quoted where SQL needs it. */
  columns: z.array(z.string()),
  rows: z.number(),
});

const SCHEMA = z.object({
  format: z.literal(FORMAT),
  /** Version of the program that wrote it. */
  osteograph: z.string(),
  /** Version of the server that it was read from. */
  postgres: z.string(),
  /** Moment of the snapshot, ISO 8601. */
  at: z.string(),
  /** Which database it is of. */
  database: z.string(),
  /** Names of the migrations that the database had run. */
  migrations: z.array(z.string()),
  tables: z.array(TABLE),
  /** Last value of each sequence; null for one that was not used. */
  sequences: z.array(z.object({ name: z.string(), last: z.string().nullable() })),
  blobs: z.object({ count: z.number(), bytes: z.number() }),
  /** Files that the store had lost, or that were damaged there, when the backup was made. */
  lost: z.array(z.object({ sha256: z.string(), fault: z.enum(['missing', 'damaged']) })),
});

/** What a backup says of itself. */
export type Manifest = z.infer<typeof SCHEMA>;
export type TableDump = z.infer<typeof TABLE>;

export function tableFile(table: string): string {
  return `tables/${table}.copy.gz`;
}

/**
 * The manifest of a backup, without a look at its files.
 *
 * @throws UserError FILE_REFUSED for one that is missing or damaged, CONFLICT for one that a newer program wrote
 */
export async function readManifest(folder: string): Promise<Manifest> {
  const text = await readFile(join(folder, MANIFEST), 'utf8').catch((error: unknown) => {
    if (isMissing(error)) throw refused(MANIFEST, 'missing');
    throw error;
  });
  const value = parsed(text);
  const format = z.object({ format: z.number() }).safeParse(value);
  if (format.success && format.data.format > FORMAT) throw newer(`format ${format.data.format}`);
  const manifest = SCHEMA.safeParse(value);
  if (!manifest.success) throw refused(MANIFEST, 'damaged');
  return manifest.data;
}

/**
 * The manifest of a backup whose every file but the blobs is there and as it was written.
 *
 * @throws UserError as {@link readManifest}
 */
export async function checkFiles(folder: string, signal?: AbortSignal): Promise<Manifest> {
  const manifest = await readManifest(folder);
  const names = await checkSums(folder, signal);
  const needed = [MANIFEST, BLOBS, ...manifest.tables.map(({ name }) => tableFile(name))];
  const unlisted = needed.find((name) => !names.has(name));
  if (unlisted !== undefined) throw refused(unlisted, 'not listed in SHA256SUMS');
  return manifest;
}

/** @throws UserError CONFLICT when the backup knows a migration that this program does not */
export function refuseNewer({ migrations }: Manifest, known: ReadonlySet<string>): void {
  const unknown = migrations.find((name) => !known.has(name));
  if (unknown !== undefined) throw newer(unknown);
}

function newer(what: string): UserError {
  return new UserError(
    'CONFLICT',
    `The backup was made by a newer osteograph (${what}); update this installation, then restore.`,
  );
}
