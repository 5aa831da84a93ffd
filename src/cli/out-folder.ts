import { access, mkdir, mkdtemp, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/**
 * Makes sure, before long work, that files can be put into `out`, by making a folder there or in the nearest folder above that there is, and
 * removing it.
 *
 * @throws the error of the disk, with `out` as its path, which `diskFaultInWords` says in a sentence
 */
export async function assertWritable(out: string): Promise<void> {
  try {
    await rmdir(await mkdtemp(join(await nearestThere(resolve(out)), '.osteograph-')));
  } catch (error) {
    throw Object.assign(error as Error, { path: out });
  }
}

/**
 * Puts the files of one result into a folder. They are written beside their places first and then moved there, and what an earlier run left
 * goes before: the folder never holds parts of two results.
 *
 * @param files content by path below the folder
 * @param isOurs whether an entry of the folder is what this command writes
 */
export async function putResult(
  out: string,
  files: ReadonlyMap<string, Uint8Array | string>,
  isOurs: (entry: string) => boolean,
): Promise<void> {
  const made = await mkdir(out, { recursive: true });
  // Within the folder, which may be on a disk of its own: there a file is moved in one step.
  const part = await mkdtemp(join(out, '.part-'));
  try {
    for (const [name, content] of files) {
      await mkdir(dirname(join(part, name)), { recursive: true });
      await writeFile(join(part, name), content);
    }
    const earlier = (await readdir(out)).filter(isOurs);
    for (const entry of earlier) await rm(join(out, entry), { recursive: true, force: true });
    for (const entry of await readdir(part)) await rename(join(part, entry), join(out, entry));
  } catch (error) {
    if (made !== undefined) await rm(made, { recursive: true, force: true });
    throw error;
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}

async function nearestThere(path: string): Promise<string> {
  try {
    await access(path);
    return path;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || path === dirname(path)) return path;
    return nearestThere(dirname(path));
  }
}
