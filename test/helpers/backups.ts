import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiledModule } from '../../src/domain/package.js';
import { type BlobStore, openBlobStore } from '../../src/storage/index.js';
import { type CommandResult, runCommand } from './command.js';
import { createEmptyDatabase, type TestDatabase } from './database.js';

/** A database with a place for its files, and `osteograph` on both. */
export interface Place {
  database: TestDatabase;
  dataDir: string;
  store: BlobStore;
  /** Runs `osteograph <args>` here. */
  run(...args: string[]): Promise<CommandResult>;
  /** Starts it without waiting for it. */
  start(...args: string[]): ChildProcess;
  remove(): Promise<void>;
}

/** Somewhere to restore into, or, with a database, somewhere to back up. */
export async function makePlace(given?: TestDatabase, blobUrl?: string): Promise<Place> {
  const database = given ?? (await createEmptyDatabase());
  const dataDir = await mkdtemp(join(tmpdir(), 'osteograph-place-'));
  return placeOf(database, dataDir, () => rm(dataDir, { recursive: true, force: true }), blobUrl);
}

/** What is there already, as a place. */
export function placeOf(
  database: TestDatabase,
  dataDir: string,
  removeFiles: () => Promise<void>,
  blobUrl = '',
): Place {
  const env = { DATABASE_URL: database.url, BLOB_URL: blobUrl };
  return {
    database,
    dataDir,
    store: openBlobStore(dataDir, blobUrl),
    run: (...args) => runCommand([...args, '--data-dir', dataDir], env),
    start: (...args) =>
      spawn(process.execPath, [compiledModule('cli/main'), ...args, '--data-dir', dataDir], {
        env: { ...process.env, ...env },
        stdio: 'ignore',
      }),
    async remove() {
      await database.drop();
      await removeFiles();
    },
  };
}

/** kill -9, and waits for the end. */
export async function killed(child: ChildProcess): Promise<void> {
  const ended = once(child, 'close');
  child.kill('SIGKILL');
  await ended;
}
