import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { DirectoryStore, flushDirectory, isMissing } from '../../storage/index.js';
import { NAME } from './files.js';

const MARK = 'osteograph-backups.json';
const MARKED = z.object({ format: z.literal(1), database: z.string() });

/** What else may lie in a folder that is going to be one of backups. */
const OWN = new Set([MARK, `${MARK}.new`, 'osteograph.lock']);

const UNFINISHED = 'unfinished-';

/** Has an empty file for each blob that was found to be damaged, named after it. */
const DAMAGED = 'damaged';

/**
 * A folder of backups of one database: a folder for each, named after its moment, the blobs of all of them, and the list of erasures.
 * A backup is written beside its place and renamed when it is whole, so that whatever is listed is whole.
 */
export class BackupFolder {
  readonly path: string;
  /** Blobs of all backups; each is there once. */
  readonly blobs: DirectoryStore;

  private constructor(path: string) {
    this.path = resolve(path);
    this.blobs = new DirectoryStore(join(this.path, 'blobs'));
  }

  /**
   * A folder to write backups of this database into, made where there is none.
   *
   * @param database what tells this database from others, see `databaseName`
   * @throws UserError CONFLICT when it holds something else
   */
  static async forDatabase(path: string, database: string): Promise<BackupFolder> {
    const folder = new BackupFolder(path);
    await mkdir(folder.path, { recursive: true });
    const mark = await folder.#mark();
    if (mark === undefined) {
      if ((await readdir(folder.path)).some((name) => !OWN.has(name))) {
        throw new UserError('CONFLICT', `${path} has other things in it; give a folder of its own for backups.`);
      }
      await writeFlushed(join(folder.path, MARK), `${JSON.stringify({ format: 1, database })}\n`);
    } else if (mark !== database) {
      throw new UserError('CONFLICT', `${path} has the backups of another database; give a folder of its own.`);
    }
    return folder;
  }

  /** A folder of backups that is there. @throws UserError NOT_FOUND for any other */
  static async existing(path: string): Promise<BackupFolder> {
    const folder = new BackupFolder(path);
    if ((await folder.#mark()) === undefined) {
      throw new UserError('NOT_FOUND', `${path} is no folder of backups: it has no ${MARK}.`);
    }
    return folder;
  }

  /** Which database its backups are of. */
  async database(): Promise<string> {
    return (await this.#mark()) ?? '';
  }

  /** Names of the backups, oldest first. */
  async names(): Promise<string[]> {
    return (await readdir(this.path)).filter((name) => NAME.test(name)).sort();
  }

  /**
   * The backup of this name, or the newest.
   *
   * @throws UserError NOT_FOUND
   */
  async find(name: string | undefined): Promise<string> {
    const names = await this.names();
    const found = name === undefined ? names.at(-1) : names.find((one) => one === name);
    if (found !== undefined) return found;
    const which =
      name === undefined ? 'no backup' : `no backup ${name}; "osteograph backup list" shows those there are`;
    throw new UserError('NOT_FOUND', `${this.path} has ${which}.`);
  }

  /** Where a backup lies. */
  pathOf(name: string): string {
    return join(this.path, name);
  }

  /** A place to write a backup, of which nobody knows until {@link publish}; what killed processes have left is removed. */
  async begin(): Promise<string> {
    for (const name of await readdir(this.path)) {
      if (name.startsWith(UNFINISHED)) await rm(join(this.path, name), { recursive: true });
    }
    await this.blobs.removeDrafts(new Date());
    const draft = join(this.path, `${UNFINISHED}${randomUUID()}`);
    await mkdir(join(draft, 'tables'), { recursive: true });
    return draft;
  }

  /** Lists what was written to a place of {@link begin}. */
  async publish(draft: string, name: string): Promise<void> {
    await flushDirectory(join(draft, 'tables'));
    await flushDirectory(draft);
    await rename(draft, this.pathOf(name));
    await flushDirectory(this.path);
  }

  /** Takes a backup from the list, then its tables; its blobs stay. */
  async remove(name: string): Promise<void> {
    const away = join(this.path, `${UNFINISHED}${randomUUID()}`);
    await rename(this.pathOf(name), away);
    await rm(away, { recursive: true });
  }

  /**
   * Notes blobs that are not what they were, for the next backup.
   *
   * @returns false where the folder cannot be written
   */
  async noteDamaged(digests: readonly string[]): Promise<boolean> {
    try {
      if (digests.length > 0) await mkdir(join(this.path, DAMAGED), { recursive: true });
      for (const sha256 of digests) await writeFile(join(this.path, DAMAGED, sha256), '');
      return true;
    } catch (error) {
      if (['EROFS', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
      throw error;
    }
  }

  /** Digests of blobs that were found to be damaged, and have not been copied again since. */
  async damaged(): Promise<Set<string>> {
    const names = await readdir(join(this.path, DAMAGED)).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
    return new Set(names);
  }

  /** Notes that a blob is what it was again. */
  async noteRepaired(sha256: string): Promise<void> {
    await rm(join(this.path, DAMAGED, sha256), { force: true });
  }

  async #mark(): Promise<string | undefined> {
    const path = join(this.path, MARK);
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
    if (text === undefined) return undefined;
    const mark = MARKED.safeParse(parsed(text));
    if (mark.success) return mark.data.database;
    throw new UserError('CONFLICT', `${path} cannot be read: it is damaged, or of a newer osteograph.`);
  }
}

/** Writes a whole file, or none: what was there before stays until the new text is on the disk. */
export async function writeFlushed(path: string, text: string): Promise<void> {
  const draft = `${path}.new`;
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  await flushDirectory(join(path, '..'));
}

/** What a text says as JSON; undefined for a text that is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
